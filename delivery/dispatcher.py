"""Delivers the messages of a platform: what is due, side by side, and records what became of each.

Any number of processes may deliver from one outbox. In normal running each message is delivered once; after a crash
between a delivery and its record, once more: receivers tell by the message id.
"""

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import structlog

from assessment.deadline import Clock
from assessment.notices import Channel, Line, Message, Outbox, Waiting
from assessment.places import place_of
from delivery.schedule import Settlement, Step, settlement
from delivery.sending import Outcome, Sender, failed, refused
from delivery.shares import PLACES_PER_LINE, fair_shares

SETTLE_PAUSES = (1.0, 3.0, 9.0)  # a database that restarts is back by then, and nothing is delivered twice
# Longer than a try (10 s) and the settling of it (13 s) take together: no second process gets the message meanwhile.
LEASE_SECONDS = 60.0
RUN_SECONDS = 60.0  # after which a run takes nothing more, so that each is bounded

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Dispatcher:
    """The deliveries of one process. A platform whose receivers hang holds its own places and nobody else's."""

    def __init__(self, outbox: Outbox, clock: Clock, webhooks: Sender, mail: Sender | None) -> None:
        """Without `mail` the messages of that channel are undeliverable."""
        self._outbox = outbox
        self._clock = clock
        self._senders = {Channel.WEBHOOK: webhooks, Channel.MAIL: mail}
        self._runs: dict[int, _Run] = {}

    async def deliver(self, platform_id: int, stop: asyncio.Event) -> float | None:
        """Deliver what is due of a platform, and what becomes due meanwhile, until nothing is or `stop` is set.

        Gives the seconds until the next message of it is due; None when no more wait, or when a run of this process
        delivers already: it looks once more, and what it finds is in its answer. Raises what the outbox raises, with
        nothing left under way.
        """
        if platform_id in self._runs:
            self._runs[platform_id].news.set()
            return None
        run = self._runs[platform_id] = _Run(platform_id, self._clock.monotonic() + RUN_SECONDS)
        try:
            return await self._deliver_all(run, stop)
        except asyncio.CancelledError:
            await run.abandon()
            raise
        finally:
            await run.ended()
            del self._runs[platform_id]

    async def _deliver_all(self, run: "_Run", stop: asyncio.Event) -> float | None:
        while True:
            run.news.clear()
            takes = not stop.is_set() and self._clock.monotonic() < run.takes_until
            waiting = await self._begin(run, takes=takes)
            if not run.under_way and not (takes and run.news.is_set()):
                return 0.0 if waiting.due else waiting.next_seconds
            await self._pause(run, waiting.next_seconds if takes else None, stop)

    async def _begin(self, run: "_Run", *, takes: bool) -> Waiting:
        """Begin what there is a place for, and give what waited before."""
        waiting = await self._outbox.waiting(run.platform_id, PLACES_PER_LINE)
        shares = fair_shares(waiting.due, Counter(run.under_way.values())) if takes else {}
        for message in await self._outbox.take(shares, LEASE_SECONDS) if shares else ():
            task = asyncio.create_task(self._deliver(message))
            run.under_way[task] = message.line
            task.add_done_callback(partial(_note_end, run))
        return waiting

    async def _pause(self, run: "_Run", next_due: float | None, stop: asyncio.Event) -> None:
        """Wait until a place is free, somebody asks, the next message is due, or the process stops."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(run.news.wait())]
        if not stop.is_set():
            waits.append(asyncio.ensure_future(stop.wait()))
        if next_due:
            waits.append(asyncio.ensure_future(self._clock.sleep(next_due)))
        try:
            await asyncio.wait([*waits, *run.under_way], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _deliver(self, message: Message) -> None:
        structlog.contextvars.clear_contextvars()  # in this task alone; the job may be another request's
        structlog.contextvars.bind_contextvars(**message.ids)
        began = self._clock.monotonic()
        outcome = await self._send(message)
        step = settlement(outcome, message.tries)
        _note(message, outcome, step, self._clock.monotonic() - began)
        await self._settle(message, step)

    async def _send(self, message: Message) -> Outcome:
        sender = self._senders[message.channel]
        if sender is None:
            return refused("no mail server is configured")
        try:
            return await sender.send(message)
        except Exception as error:  # noqa: BLE001 - one message's surprise must not cost the others their delivery
            _log_surprise(message, error)
            return failed(f"unexpected {type(error).__name__}")

    async def _settle(self, message: Message, step: Settlement) -> None:
        for pause in (*SETTLE_PAUSES, None):
            try:
                await self._record(message.message_id, step)
            except Exception as error:  # noqa: BLE001 - what was sent is to be recorded, whatever this is
                log.warning("outbox_unreachable", error=type(error).__name__)
            else:
                return
            if pause is not None:
                await self._clock.sleep(pause)
        log.error("outcome_not_recorded", message_id=message.message_id, outcome=step.step)

    async def _record(self, message_id: str, step: Settlement) -> None:
        status = step.status
        match step.step:
            case Step.DELIVERED:
                await self._outbox.delivered(message_id, status)
            case Step.TRY_AGAIN:
                await self._outbox.try_again(message_id, step.after_seconds, step.reason, status)
            case Step.UNDELIVERABLE:
                await self._outbox.undeliverable(message_id, step.reason, status)


class _Run:
    """The deliveries of one platform: `news` says that somebody asked for it meanwhile."""

    def __init__(self, platform_id: int, takes_until: float) -> None:
        self.platform_id = platform_id
        self.takes_until = takes_until
        self.under_way: dict[asyncio.Task[None], Line] = {}
        self.news = asyncio.Event()

    async def ended(self) -> None:
        """Wait for what is under way."""
        if self.under_way:
            await asyncio.wait(self.under_way)

    async def abandon(self) -> None:
        """Cancel what is under way; its lease runs out, and then it is delivered by another."""
        left = list(self.under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            log.warning("deliveries_abandoned", messages=len(left))


def _note_end(run: _Run, task: asyncio.Task[None]) -> None:
    del run.under_way[task]
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("delivery_broke", error=type(error).__name__, at=place_of(error))


def _note(message: Message, outcome: Outcome, step: Settlement, seconds: float) -> None:
    level = log.info if step.step is Step.DELIVERED else log.warning
    level(
        "notice",
        message_id=message.message_id,
        notice=message.event,  # structlog calls the line's own text `event`
        channel=message.channel,
        outcome=step.step,
        reason=step.reason,
        status=outcome.status,
        seconds=round(seconds, 3),
    )


def _log_surprise(message: Message, error: Exception) -> None:
    """Log the kind and the place only: the error's message may quote an address or the body."""
    log.error("sender_failed", message_id=message.message_id, error=type(error).__name__, at=place_of(error))
