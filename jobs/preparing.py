"""The kind of job that writes a set before anybody asks for it."""

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial

import msgspec
import structlog

from assessment.deadline import Clock, Deadline
from assessment.errors import ServiceUnavailable, SetRefused
from assessment.ports import SetOrder
from assessment.quiet import Quiet
from assessment.use_cases.write_set import leave_unwritten, write_set
from db.ahead import Wanted
from db.assessment_store import PostgresAssessmentStore
from db.queue import JobKind
from jobs.kinds import Job, Kind
from jobs.vendors import Configured, Vendors
from jobs.writing import LONGEST_SECONDS, PAUSES, tell
from providers.writing.own_loop import OwnLoop

STALE_SECONDS = 3600.0  # what comes to its turn later than this, or was begun again so often, is written when asked for
POLL_SECONDS = 1.0  # how late a worker may hear that somebody waits, where the notification was lost

log = structlog.get_logger(__name__)

_ORDER = msgspec.json.Decoder(SetOrder)
_WANTED = msgspec.json.Decoder(Wanted)


class UnderWay:
    """What this worker is writing ahead, so that it can be told when somebody waits for it."""

    def __init__(self, store: PostgresAssessmentStore, loop: OwnLoop) -> None:
        self._store = store
        self._loop = loop
        self._quiet: dict[str, tuple[Quiet, float]] = {}
        self._has_some = asyncio.Event()

    @contextlib.contextmanager
    def of(self, verification_id: str, quiet: Quiet, seconds: float) -> Iterator[None]:
        """Listen for one meanwhile; whoever waits has `seconds`, if nobody says how many."""
        entry = self._quiet[verification_id] = (quiet, seconds)
        self._has_some.set()
        try:
            yield
        finally:
            if self._quiet.get(verification_id) is entry:
                del self._quiet[verification_id]
            if not self._quiet:
                self._has_some.clear()

    def hear(self, payload: str) -> None:
        """Take what is said on the channel."""
        wanted = _WANTED.decode(payload)
        if wanted.verification_id in self._quiet:
            quiet, _ = self._quiet[wanted.verification_id]
            self._loop.call(partial(quiet.end, wanted.seconds))

    async def run(self) -> None:
        """Look once a second while something is written ahead, until cancelled."""
        while True:
            await self._has_some.wait()
            await asyncio.sleep(POLL_SECONDS)
            with contextlib.suppress(ServiceUnavailable):
                await self._look()

    async def _look(self) -> None:
        ids = [name for name, (quiet, _) in self._quiet.items() if not quiet.is_over]
        for verification_id in await self._store.waited_for(ids) if ids else ():
            if verification_id in self._quiet:
                quiet, seconds = self._quiet[verification_id]
                self._loop.call(partial(quiet.end, seconds))


def preparing(vendors: Vendors, store: PostgresAssessmentStore, clock: Clock, under_way: UnderWay) -> Kind:
    """Write what was ordered ahead, as long as the day's money for that lasts."""

    async def run(job: Job) -> None:
        order, current = _ORDER.decode(job.payload), vendors.current
        reason = await _reason_against(order, job, current, store)
        if reason is not None and await leave_unwritten(order=order, reason=reason, store=store):
            return
        deadline = Deadline(clock, current.writing_seconds)
        quiet = Quiet(deadline, keep_days=current.ahead.keep_days)
        with under_way.of(order.verification_id, quiet, current.writing_seconds):
            try:
                await write_set(
                    order=order,
                    form=current.form,
                    deadline=deadline,
                    store=store,
                    writer=current.writer,
                    quiet=quiet,
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
