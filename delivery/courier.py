"""Carries parcels from the outbox to their receivers, for as long as the server runs.

Any number of processes may run a courier over one outbox. In normal running each parcel is delivered once; after a
crash between a delivery and its record, once more: receivers tell by the message id.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial

import structlog

from assessment.deadline import Clock
from assessment.notices import Channel, Line, Outbox, Parcel
from assessment.places import place_of
from delivery.schedule import Settlement, Step, settlement
from delivery.sending import Outcome, Sender, failed, refused
from delivery.shares import PLACES_PER_LINE, fair_shares

POLL_SECONDS = 1.0  # how late a parcel of another process, or a retry, may be
SETTLE_PAUSES = (1.0, 3.0, 9.0)  # a database that restarts is back by then, and nothing is delivered twice
# Longer than a try (10 s) and the settling of it (13 s) take together: no second process gets the parcel meanwhile.
LEASE_SECONDS = 60.0
DRAIN_SECONDS = 15.0  # a try that has just begun when the server stops, and its record

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Courier:
    """Takes due parcels, delivers them side by side and records what became of each."""

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        webhooks: Sender,
        mail: Sender | None,
        *,
        drain_seconds: float = DRAIN_SECONDS,
    ) -> None:
        """Without `mail` the parcels of that channel are undeliverable; `drain_seconds` bounds the end of `run`."""
        self._outbox = outbox
        self._clock = clock
        self._senders = {Channel.WEBHOOK: webhooks, Channel.MAIL: mail}
        self._drain_seconds = drain_seconds
        self._under_way: dict[asyncio.Task[None], Line] = {}
        self._more_wait = False
        self._outage = False

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Deliver until `stop` is set; `wake` says that a parcel was stored just now.

        Whatever the outbox raises, it goes on. After `stop` it takes nothing new and finishes what is under way.
        """
        try:
            while not stop.is_set():
                wake.clear()
                await self._dispatch(wake)
                await self._pause(stop, wake)
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=self._drain_seconds)
        finally:
            await self._abandon()

    async def _dispatch(self, wake: asyncio.Event) -> None:
        for parcel in await self._take():
            task = asyncio.create_task(self._deliver(parcel))
            self._under_way[task] = parcel.line
            task.add_done_callback(partial(self._ended, wake))

    def _ended(self, wake: asyncio.Event, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery broke", error=type(error).__name__, at=place_of(error))
        if self._more_wait:
            wake.set()

    async def _take(self) -> Sequence[Parcel]:
        try:
            due = await self._outbox.due(PLACES_PER_LINE)
            shares = fair_shares(due, Counter(self._under_way.values()))
            parcels = await self._outbox.take(shares, LEASE_SECONDS) if shares else ()
        except Exception as error:  # noqa: BLE001 - what is under way goes on, whatever this is
            self._note_outage(error)
            return ()
        self._more_wait = bool(due)
        self._note_recovery()
        return parcels

    async def _pause(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        reasons = (stop.wait(), wake.wait(), self._clock.sleep(POLL_SECONDS))
        waits = [asyncio.ensure_future(reason) for reason in reasons]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _abandon(self) -> None:
        """Cancel what did not end in time; its lease runs out and another process delivers it."""
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            log.warning("deliveries abandoned", parcels=len(left))

    async def _deliver(self, parcel: Parcel) -> None:
        structlog.contextvars.bind_contextvars(**parcel.ids)  # for this task alone
        began = self._clock.monotonic()
        outcome = await self._send(parcel)
        step = settlement(outcome, parcel.tries)
        self._note(parcel, outcome, step, self._clock.monotonic() - began)
        await self._settle(parcel, step)

    async def _send(self, parcel: Parcel) -> Outcome:
        sender = self._senders[parcel.channel]
        if sender is None:
            return refused("no mail server is configured")
        try:
            return await sender.send(parcel)
        except Exception as error:  # noqa: BLE001 - one parcel's surprise must not cost the others their delivery
            _log_surprise(parcel, error)
            return failed(f"unexpected {type(error).__name__}")

    async def _settle(self, parcel: Parcel, step: Settlement) -> None:
        for pause in (*SETTLE_PAUSES, None):
            try:
                await self._record(parcel.message_id, step)
            except Exception as error:  # noqa: BLE001 - as for take
                self._note_outage(error)
            else:
                return
            if pause is not None:
                await self._clock.sleep(pause)
        log.error("outcome not recorded", message_id=parcel.message_id, outcome=step.step)

    async def _record(self, message_id: str, step: Settlement) -> None:
        match step.step:
            case Step.DELIVERED:
                await self._outbox.delivered(message_id)
            case Step.TRY_AGAIN:
                await self._outbox.try_again(message_id, step.after_seconds, step.reason)
            case Step.UNDELIVERABLE:
                await self._outbox.undeliverable(message_id, step.reason)

    def _note(self, parcel: Parcel, outcome: Outcome, step: Settlement, seconds: float) -> None:
        level = log.info if step.step is Step.DELIVERED else log.warning
        level(
            "notice",
            message_id=parcel.message_id,
            notice=parcel.event,  # structlog calls the line's own text `event`
            channel=parcel.channel,
            outcome=step.step,
            reason=step.reason,
            status=outcome.status,
            seconds=round(seconds, 3),
        )

    def _note_outage(self, error: Exception) -> None:
        if not self._outage:
            log.error("outbox unreachable", error=type(error).__name__)
        self._outage = True

    def _note_recovery(self) -> None:
        if self._outage:
            log.info("outbox reachable again")
        self._outage = False


def _log_surprise(parcel: Parcel, error: Exception) -> None:
    """Log the kind and the place only: the error's message may quote an address or the body."""
    log.error("sender failed", message_id=parcel.message_id, error=type(error).__name__, at=place_of(error))
