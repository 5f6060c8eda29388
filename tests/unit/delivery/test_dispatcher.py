"""Deliveries of a process: what is taken, how often it is tried, what is survived, and how a run ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.typing import EventDict

from assessment.errors import ServiceUnavailable
from assessment.notices import Channel, Line, Message
from delivery.dispatcher import LEASE_SECONDS, RUN_SECONDS, SETTLE_PAUSES, Dispatcher
from delivery.sending import Outcome, Sender, delivered, failed, refused
from delivery.shares import PLACES, PLACES_PER_LINE
from tests.own_logs import own_logs
from tests.unit.delivery.fakes import ADA, ManualClock, MemoryOutbox, ScriptedSender, make_message, turns

RETRY_SECONDS = 1.0


class Workday:
    """Jobs that deliver, as a worker runs them: again when more is due, and after a while when one has failed."""

    def __init__(self, outbox: MemoryOutbox, webhooks: Sender, mail: Sender | None = None) -> None:
        self.stop = asyncio.Event()
        self.clock = outbox.clock
        self.dispatcher = Dispatcher(outbox, outbox.clock, webhooks, mail)
        self.jobs = {self.ask(platform_id) for platform_id in outbox.platforms()}

    def ask(self, platform_id: int) -> "asyncio.Task[None]":
        """Run a job for a platform of whose messages one was stored."""
        return asyncio.create_task(self._run(platform_id))

    async def _run(self, platform_id: int) -> None:
        while not self.stop.is_set():
            try:
                next_seconds = await self.dispatcher.deliver(platform_id, self.stop)
            except ServiceUnavailable:
                next_seconds = RETRY_SECONDS
            if next_seconds is None:
                return
            await self.clock.sleep(max(0.0, next_seconds))

    async def end(self) -> None:
        self.stop.set()
        await turns()
        for job in self.jobs:
            job.cancel()
        await asyncio.gather(*self.jobs, return_exceptions=True)


@asynccontextmanager
async def working(outbox: MemoryOutbox, webhooks: Sender, mail: Sender | None = None) -> AsyncIterator[Workday]:
    workday = Workday(outbox, webhooks, mail)
    await turns()
    yield workday
    await workday.end()


class Hanging(ScriptedSender):
    """Fails at once, except for one message that it never ends."""

    def __init__(self, message_id: str) -> None:
        super().__init__(lambda _: failed("answered 500", 500))
        self._message_id = message_id

    async def send(self, message: Message) -> Outcome:
        self.gate = asyncio.Event()
        if message.message_id != self._message_id:
            self.gate.set()
        return await super().send(message)


def many(count: int) -> list[Message]:
    return [make_message(f"msg_{number}") for number in range(count)]


async def test_each_channel_has_its_sender() -> None:
    outbox = MemoryOutbox(ManualClock(), make_message("w"), make_message("m", Channel.MAIL))
    webhooks, mail = ScriptedSender(), ScriptedSender()
    async with working(outbox, webhooks, mail):
        assert outbox.ended == {"w": "delivered", "m": "delivered"}
    assert (webhooks.sent, mail.sent) == (["w"], ["m"])


async def test_mail_without_a_server_is_recorded_as_undeliverable() -> None:
    outbox = MemoryOutbox(ManualClock(), make_message("m", Channel.MAIL))
    async with working(outbox, ScriptedSender()):
        assert outbox.ended == {"m": "no mail server is configured"}


async def test_failing_receiver_is_tried_four_times_with_growing_pauses() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_message()), ScriptedSender(lambda _: failed("answered 500", 500))
    tries_at = []
    async with working(outbox, webhooks):
        for pause in (0, 4, 2, 58, 4, 594, 8, 700):
            await clock.advance(pause)
            tries_at.append(len(webhooks.sent))
    assert tries_at == [1, 1, 2, 2, 3, 3, 4, 4]
    assert outbox.ended == {"msg_1": "answered 500"}
    assert outbox.reasons == ["answered 500"] * 3


async def test_second_try_may_succeed() -> None:
    clock = ManualClock()
    outbox = MemoryOutbox(clock, make_message())
    webhooks = ScriptedSender(lambda number: delivered(200) if number else failed("answered 500", 500))
    async with working(outbox, webhooks):
        await clock.advance(7)
        assert outbox.ended == {"msg_1": "delivered"}


async def test_refusal_is_given_up_at_once() -> None:
    outbox = MemoryOutbox(ManualClock(), make_message())
    async with working(outbox, ScriptedSender(lambda _: refused("the URL holds credentials"))):
        assert outbox.ended == {"msg_1": "the URL holds credentials"}


async def test_senders_bug_costs_only_its_own_message_a_try() -> None:
    def script(number: int) -> Outcome:
        if number == 0:
            raise KeyError("ada@example.org")
        return delivered(200)

    outbox = MemoryOutbox(ManualClock(), *many(2))
    async with working(outbox, ScriptedSender(script)):
        assert outbox.ended == {"msg_1": "delivered"}
        assert outbox.reasons == ["unexpected KeyError"]


async def test_a_delivery_that_breaks_is_logged_with_its_place_and_comes_again_after_the_lease() -> None:
    clock, results = ManualClock(), [None, delivered(200)]
    outbox = MemoryOutbox(clock, make_message())
    with own_logs() as lines:
        async with working(outbox, ScriptedSender(lambda number: results[number])):  # type: ignore[arg-type, return-value]  # a sender gone wrong
            await clock.advance(LEASE_SECONDS + 1)
    (line,) = [line for line in lines if line["event"] == "delivery_broke"]
    assert line["error"] == "AttributeError"
    assert "schedule.py" in line["at"]
    assert outbox.ended == {"msg_1": "delivered"}


async def test_deliveries_run_side_by_side_up_to_a_bound_and_the_rest_follows_as_places_become_free() -> None:
    messages = [make_message(f"{number}", line=Line(1, number % 20)) for number in range(60)]
    outbox, webhooks = MemoryOutbox(ManualClock(), *messages), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks):
        assert webhooks.at_once == PLACES
        webhooks.gate.set()
        await turns(200)
        assert len(outbox.ended) == len(messages)
    assert webhooks.most_at_once == PLACES


async def test_a_platform_whose_receivers_hang_holds_up_nobody_else() -> None:
    hanging = [make_message(f"h{number}", line=Line(1, number % 100)) for number in range(1_000)]
    outbox, webhooks = MemoryOutbox(ManualClock(), *hanging), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks) as workday:
        assert webhooks.at_once == PLACES
        outbox.put(make_message("other", line=Line(2, 1)))
        workday.jobs.add(workday.ask(2))
        await turns()
        assert webhooks.sent[-1] == "other"
        webhooks.gate.set()
        await turns(2_000)
    assert webhooks.most_at_once == PLACES + 1


async def test_however_many_jobs_of_a_platform_there_are_its_places_stay_the_same() -> None:
    outbox, webhooks = MemoryOutbox(ManualClock(), *many(5)), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks) as workday:
        for number in range(5, 40):
            outbox.put(make_message(f"msg_{number}", line=Line(1, number)))
            await workday.ask(1)  # ends at once: the run that delivers already does its work
        await turns()
        assert webhooks.at_once == PLACES
        webhooks.gate.set()
        await turns(400)
        assert len(outbox.ended) == 40


async def test_a_receiver_that_hangs_leaves_places_to_the_others_of_its_platform() -> None:
    hanging = [make_message(f"h{number}", line=Line(1, 1)) for number in range(100)]
    other = make_message("other", line=Line(1, 2))
    outbox, webhooks = MemoryOutbox(ManualClock(), *hanging, other), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks):
        assert webhooks.at_once == PLACES_PER_LINE + 1
        assert "other" in webhooks.sent
        webhooks.gate.set()
        await turns(400)


async def test_a_retry_that_becomes_due_while_others_hang_is_made_in_time() -> None:
    clock = ManualClock()
    outbox = MemoryOutbox(clock, make_message("stumbles", line=Line(1, 1)), make_message("hangs", line=Line(1, 2)))
    webhooks = Hanging("hangs")
    async with working(outbox, webhooks):
        assert webhooks.sent == ["stumbles", "hangs"]
        await clock.advance(7)
        assert webhooks.sent == ["stumbles", "hangs", "stumbles"]


async def test_a_run_takes_nothing_more_after_a_while_and_says_that_more_is_due() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_message("first")), ScriptedSender()
    webhooks.gate.clear()
    dispatcher = Dispatcher(outbox, clock, webhooks, None)
    run = asyncio.create_task(dispatcher.deliver(ADA.platform_id, asyncio.Event()))
    await turns()
    clock.elapsed += RUN_SECONDS
    outbox.put(make_message("late", line=Line(1, 2)))
    webhooks.gate.set()
    assert await run == 0.0
    assert webhooks.sent == ["first"]


async def test_two_processes_over_one_outbox_deliver_each_message_once() -> None:
    clock = ManualClock()
    outbox, one, other = MemoryOutbox(clock, *many(20)), ScriptedSender(), ScriptedSender()
    one.gate.clear()
    other.gate.clear()
    async with working(outbox, one), working(outbox, other):
        await clock.advance(12)  # longer than a try may take
        one.gate.set()
        other.gate.set()
        await clock.advance(LEASE_SECONDS + 2)
    assert sorted(one.sent + other.sent) == sorted(message.message_id for message in many(20))


@pytest.mark.parametrize("error", [ServiceUnavailable(), ConnectionRefusedError(), RuntimeError("ada@example.org")])
async def test_what_the_outbox_raises_ends_the_run_when_what_is_under_way_has_ended(error: Exception) -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_message("first")), ScriptedSender()
    webhooks.gate.clear()
    stop = asyncio.Event()
    dispatcher = Dispatcher(outbox, clock, webhooks, None)
    run = asyncio.create_task(dispatcher.deliver(1, stop))
    await turns()
    outbox.broken = error
    assert await dispatcher.deliver(1, stop) is None
    await turns()
    assert not run.done()
    outbox.broken = None
    webhooks.gate.set()
    with pytest.raises(type(error)):
        await run
    assert outbox.ended == {"first": "delivered"}


async def test_outcome_is_recorded_later_when_the_outbox_fails_in_between() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_message()), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks):
        outbox.broken = ServiceUnavailable()
        webhooks.gate.set()
        await clock.advance(3)
        outbox.broken = None
        await clock.advance(LEASE_SECONDS + 5)
    assert webhooks.sent == ["msg_1"]
    assert outbox.ended == {"msg_1": "delivered"}


async def test_unrecorded_outcome_is_delivered_again_after_the_lease() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_message()), ScriptedSender()
    webhooks.gate.clear()
    with own_logs() as lines:
        async with working(outbox, webhooks):
            outbox.broken = ServiceUnavailable()
            webhooks.gate.set()
            await clock.advance(sum(SETTLE_PAUSES) + 2)
            outbox.broken = None
            await clock.advance(LEASE_SECONDS)
    assert webhooks.sent == ["msg_1", "msg_1"]
    assert "outcome_not_recorded" in {line["event"] for line in lines}


async def test_stop_lets_what_is_under_way_finish_and_takes_nothing_new() -> None:
    outbox, webhooks = MemoryOutbox(ManualClock(), make_message()), ScriptedSender()
    webhooks.gate.clear()
    stop = asyncio.Event()
    run = asyncio.create_task(Dispatcher(outbox, outbox.clock, webhooks, None).deliver(1, stop))
    await turns()
    stop.set()
    outbox.put(make_message("late", line=Line(1, 2)))
    await turns()
    webhooks.gate.set()
    assert await run == 0.0
    assert outbox.ended == {"msg_1": "delivered"}
    assert webhooks.sent == ["msg_1"]


async def test_a_cancelled_run_leaves_no_delivery_running_and_the_message_in_the_outbox() -> None:
    outbox, webhooks = MemoryOutbox(ManualClock(), make_message()), ScriptedSender()
    webhooks.gate.clear()
    run = asyncio.create_task(Dispatcher(outbox, outbox.clock, webhooks, None).deliver(1, asyncio.Event()))
    await turns()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert webhooks.at_once == 0
    assert (outbox.ended, list(outbox.messages)) == ({}, ["msg_1"])


async def test_log_line_says_what_became_of_which_notice_and_nothing_about_whom() -> None:
    messages = (make_message("w"), make_message("m", Channel.MAIL), make_message("x"))
    outbox = MemoryOutbox(ManualClock(), *messages)

    def script(number: int) -> Outcome:
        if number == 1:
            raise KeyError("ada@example.org hush")
        return delivered(204)

    with own_logs() as lines:
        async with working(outbox, ScriptedSender(script), ScriptedSender(lambda _: refused("no", 550))):
            pass
    notices = {line["message_id"]: line for line in lines if line["event"] == "notice"}
    assert notices["w"] == _line("w", "info", "webhook", "delivered", "", 204)
    assert notices["m"] == _line("m", "warning", "mail", "undeliverable", "no", 550)
    assert notices["x"] == _line("x", "warning", "webhook", "try_again", "unexpected KeyError", None)
    for private in ("Ada", "ada", "hush", "Lovelace", "whsec"):
        assert private not in str(lines)


def _line(message_id: str, level: str, channel: str, outcome: str, reason: str, status: int | None) -> EventDict:
    return {
        "event": "notice",
        "log_level": level,
        "message_id": message_id,
        "notice": "verification.completed",
        "channel": channel,
        "outcome": outcome,
        "reason": reason,
        "status": status,
        "seconds": 0.0,
    }
