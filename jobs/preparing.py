"""The kind of job that writes a set before anybody asks for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import msgspec
import structlog

from assessment.deadline import Clock, Deadline
from assessment.errors import ServiceUnavailable, SetRefused
from assessment.ports import MapsOfSkills, SetOrder
from assessment.quiet import Quiet
from assessment.use_cases.write_set import leave_unwritten, write_set
from db.ahead import Wanted
from db.assessment_store import PostgresAssessmentStore
from db.queue import JobKind
from jobs.kinds import Job, Kind
from jobs.progress import ProgressReports
from jobs.vendors import Configured, Vendors
from jobs.writing import LONGEST_SECONDS, PAUSES, tell
from providers.writing.own_loop import OwnLoop

STALE_SECONDS = 3600.0  # what comes to its turn later than this, or was begun again so often, is written when asked for
AT_ONCE = 16  # sets of one worker, of two calls each: the usual share of a vendor's usual places
POLL_SECONDS = 1.0  # how late a worker may hear that somebody waits, where the notification was lost

log = structlog.get_logger(__name__)

_ORDER = msgspec.json.Decoder(SetOrder)
_WANTED = msgspec.json.Decoder(Wanted)


class _Entry:
    """A set that is written ahead, or that is to be; `wanted` when somebody waits for it."""

    def __init__(self, quiet: Quiet, seconds: float) -> None:
        self.quiet = quiet
        self.seconds = seconds
        self.wanted = asyncio.Event()


class UnderWay:
    """What this worker writes ahead: so much at once, and sooner where it is told that somebody waits."""

    def __init__(self, store: PostgresAssessmentStore, loop: OwnLoop) -> None:
        self._store = store
        self._loop = loop
        self._entries: dict[str, _Entry] = {}
        self._has_some = asyncio.Event()
        self._free = asyncio.Semaphore(AT_ONCE)

    @contextlib.asynccontextmanager
    async def turn(self, verification_id: str, quiet: Quiet, seconds: float) -> AsyncIterator[None]:
        """Wait for its turn, then listen for it; whoever waits has `seconds`, if nobody says how many."""
        entry = self._entries[verification_id] = _Entry(quiet, seconds)
        self._has_some.set()
        free, wanted = asyncio.create_task(self._free.acquire()), asyncio.create_task(entry.wanted.wait())
        try:
            await asyncio.wait({free, wanted}, return_when=asyncio.FIRST_COMPLETED)
            yield
        finally:
            if self._entries.get(verification_id) is entry:
                del self._entries[verification_id]
            if not self._entries:
                self._has_some.clear()
            wanted.cancel()
            if not free.cancel():
                self._free.release()

    def hear(self, payload: str) -> None:
        """Take what is said on the channel."""
        wanted = _WANTED.decode(payload)
        self._end(wanted.verification_id, wanted.seconds)

    def _end(self, verification_id: str, seconds: float | None = None) -> None:
        entry = self._entries.get(verification_id)
        if entry is not None:
            entry.wanted.set()
            self._loop.call(partial(entry.quiet.end, entry.seconds if seconds is None else seconds))

    async def run(self) -> None:
        """Look once a second while something is written ahead, until cancelled."""
        while True:
            await self._has_some.wait()
            await asyncio.sleep(POLL_SECONDS)
            with contextlib.suppress(ServiceUnavailable):
                await self._look()

    async def _look(self) -> None:
        ids = [name for name, entry in self._entries.items() if not entry.wanted.is_set()]
        for verification_id in await self._store.waited_for(ids) if ids else ():
            self._end(verification_id)


def preparing(
    vendors: Vendors,
    store: PostgresAssessmentStore,
    clock: Clock,
    *,
    maps: MapsOfSkills,
    under_way: UnderWay,
    reports: ProgressReports,
) -> Kind:
    """Write what was ordered ahead, as long as the day's money for that lasts."""

    async def run(job: Job) -> None:
        order, current = _ORDER.decode(job.payload), vendors.current
        reason = await _reason_against(order, job, current, store)
        if reason is not None and await leave_unwritten(order=order, reason=reason, store=store):
            return
        deadline = Deadline(clock, current.writing_seconds)
        quiet = Quiet(deadline, keep_days=current.ahead.keep_days)
        async with under_way.turn(order.verification_id, quiet, current.writing_seconds):
            if not quiet.is_over:
                deadline.end_in(current.writing_seconds)
            try:
                await write_set(
                    order=order,
                    form=current.form,
                    deadline=deadline,
                    store=store,
                    maps=maps,
                    writer=current.writer,
                    quiet=quiet,
                    on_progress=reports.of(order.verification_id, current.form.total),
                )
            except SetRefused as error:
                tell(error)

    return Kind(JobKind.PREPARE_SET, run, LONGEST_SECONDS, PAUSES)


async def _reason_against(order: SetOrder, job: Job, current: Configured, store: PostgresAssessmentStore) -> str | None:
    """Why a set is not to be written ahead any more. Those under way may pass the day's limit by what they cost."""
    if job.age_seconds >= STALE_SECONDS:
        return "stale"
    if not await store.may_write_ahead(order.verification_id, current.ahead.max_usd_per_day):
        log.warning("ahead_limit_reached", max_usd_per_day=current.ahead.max_usd_per_day)
        return "limit"
    return None
