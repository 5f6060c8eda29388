"""The courier's day: what it takes, how often it tries, what it survives, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.typing import EventDict

from assessment.errors import ServiceUnavailable
from assessment.notices import Channel, Line, Parcel
from delivery.courier import LEASE_SECONDS, SETTLE_PAUSES, Courier
from delivery.sending import Outcome, Sender, delivered, failed, refused
from delivery.shares import PLACES, PLACES_PER_LINE, PLACES_PER_PLATFORM
from tests.own_logs import own_logs
from tests.unit.delivery.fakes import ManualClock, MemoryOutbox, ScriptedSender, make_parcel, turns


class Workday:
    """A courier at work."""

    def __init__(self, outbox: MemoryOutbox, webhooks: Sender, mail: Sender | None = None, drain: float = 5.0) -> None:
        self.stop, self.wake = asyncio.Event(), asyncio.Event()
        self.courier = Courier(outbox, outbox.clock, webhooks, mail, drain_seconds=drain)
        self.task = asyncio.create_task(self.courier.run(self.stop, self.wake))

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 5)


@asynccontextmanager
async def working(outbox: MemoryOutbox, webhooks: Sender, mail: Sender | None = None) -> AsyncIterator[Workday]:
    workday = Workday(outbox, webhooks, mail)
    await turns()
    yield workday
    await workday.end()


def many(count: int) -> list[Parcel]:
    return [make_parcel(f"msg_{number}") for number in range(count)]


async def test_each_channel_has_its_sender() -> None:
    outbox = MemoryOutbox(ManualClock(), make_parcel("w"), make_parcel("m", Channel.MAIL))
    webhooks, mail = ScriptedSender(), ScriptedSender()
    async with working(outbox, webhooks, mail):
        assert outbox.ended == {"w": "delivered", "m": "delivered"}
    assert (webhooks.sent, mail.sent) == (["w"], ["m"])


async def test_mail_without_a_server_is_recorded_as_undeliverable() -> None:
    outbox = MemoryOutbox(ManualClock(), make_parcel("m", Channel.MAIL))
    async with working(outbox, ScriptedSender()):
        assert outbox.ended == {"m": "no mail server is configured"}


async def test_failing_receiver_is_tried_four_times_with_growing_pauses() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_parcel()), ScriptedSender(lambda _: failed("answered 500", 500))
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
    outbox = MemoryOutbox(clock, make_parcel())
    webhooks = ScriptedSender(lambda number: delivered(200) if number else failed("answered 500", 500))
    async with working(outbox, webhooks):
        await clock.advance(7)
        assert outbox.ended == {"msg_1": "delivered"}


async def test_refusal_is_given_up_at_once() -> None:
    outbox = MemoryOutbox(ManualClock(), make_parcel())
    async with working(outbox, ScriptedSender(lambda _: refused("the URL holds credentials"))):
        assert outbox.ended == {"msg_1": "the URL holds credentials"}


async def test_senders_bug_costs_only_its_own_parcel_a_try() -> None:
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
    outbox = MemoryOutbox(clock, make_parcel())
    with own_logs() as lines:
        async with working(outbox, ScriptedSender(lambda number: results[number])):  # type: ignore[arg-type, return-value]  # a sender gone wrong
            await clock.advance(LEASE_SECONDS + 1)
    (line,) = [line for line in lines if line["event"] == "delivery broke"]
    assert line["error"] == "AttributeError"
    assert "schedule.py" in line["at"]
    assert outbox.ended == {"msg_1": "delivered"}


async def test_deliveries_run_side_by_side_up_to_a_bound_and_the_rest_follows_without_waiting_for_the_poll() -> None:
    parcels = [
        make_parcel(f"{number}-{platform}", line=Line(platform, 1)) for platform in range(PLACES) for number in range(3)
    ]
    outbox, webhooks = MemoryOutbox(ManualClock(), *parcels), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks):
        assert webhooks.at_once == PLACES
        webhooks.gate.set()
        await turns(200)
        assert len(outbox.ended) == len(parcels)
    assert webhooks.most_at_once == PLACES


async def test_a_platform_whose_receivers_hang_holds_up_nobody_else() -> None:
    hanging = [make_parcel(f"h{number}", line=Line(1, number % 100)) for number in range(1_000)]
    outbox, webhooks = MemoryOutbox(ManualClock(), *hanging), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks) as workday:
        assert webhooks.at_once == PLACES_PER_PLATFORM
        outbox.put(make_parcel("other", line=Line(2, 1)))
        workday.wake.set()
        await turns()
        assert webhooks.sent[-1] == "other"
        webhooks.gate.set()
        await turns(2_000)
    assert webhooks.most_at_once == PLACES_PER_PLATFORM + 1


async def test_a_receiver_that_hangs_leaves_places_to_the_others_of_its_platform() -> None:
    hanging = [make_parcel(f"h{number}", line=Line(1, 1)) for number in range(100)]
    other = make_parcel("other", line=Line(1, 2))
    outbox, webhooks = MemoryOutbox(ManualClock(), *hanging, other), ScriptedSender()
    webhooks.gate.clear()
    async with working(outbox, webhooks):
        assert webhooks.at_once == PLACES_PER_LINE + 1
        assert "other" in webhooks.sent
        webhooks.gate.set()
        await turns(400)


async def test_new_parcel_is_found_within_a_second_and_at_once_when_woken() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock), ScriptedSender()
    async with working(outbox, webhooks) as workday:
        outbox.put(make_parcel("polled"))
        await turns()
        assert webhooks.sent == []
        await clock.advance(1)
        assert webhooks.sent == ["polled"]
        outbox.put(make_parcel("woken"))
        workday.wake.set()
        await turns()
        assert webhooks.sent == ["polled", "woken"]


async def test_two_couriers_over_one_outbox_deliver_each_parcel_once() -> None:
    clock = ManualClock()
    outbox, one, other = MemoryOutbox(clock, *many(20)), ScriptedSender(), ScriptedSender()
    one.gate.clear()
    other.gate.clear()
    async with working(outbox, one), working(outbox, other):
        await clock.advance(12)  # longer than a try may take
        one.gate.set()
        other.gate.set()
        await clock.advance(LEASE_SECONDS + 2)
    assert sorted(one.sent + other.sent) == sorted(parcel.message_id for parcel in many(20))


@pytest.mark.parametrize("error", [ServiceUnavailable(), ConnectionRefusedError(), RuntimeError("ada@example.org")])
async def test_outage_of_the_outbox_is_logged_once_and_outlived(error: Exception) -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_parcel()), ScriptedSender()
    outbox.broken = error
    with own_logs() as lines:
        async with working(outbox, webhooks):
            await clock.advance(30)
            outbox.broken = None
            await clock.advance(2)
    assert outbox.ended == {"msg_1": "delivered"}
    assert [line["event"] for line in lines] == ["outbox unreachable", "outbox reachable again", "notice"]
    assert lines[0]["error"] == type(error).__name__


async def test_outcome_is_recorded_later_when_the_outbox_fails_in_between() -> None:
    clock = ManualClock()
    outbox, webhooks = MemoryOutbox(clock, make_parcel()), ScriptedSender()
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
    outbox, webhooks = MemoryOutbox(clock, make_parcel()), ScriptedSender()
    webhooks.gate.clear()
    with own_logs() as lines:
        async with working(outbox, webhooks):
            outbox.broken = ServiceUnavailable()
            webhooks.gate.set()
            await clock.advance(sum(SETTLE_PAUSES) + 2)
            outbox.broken = None
            await clock.advance(LEASE_SECONDS)
    assert webhooks.sent == ["msg_1", "msg_1"]
    assert "outcome not recorded" in {line["event"] for line in lines}


async def test_stop_lets_what_is_under_way_finish_and_takes_nothing_new() -> None:
    outbox, webhooks = MemoryOutbox(ManualClock(), make_parcel()), ScriptedSender()
    webhooks.gate.clear()
    workday = Workday(outbox, webhooks)
    await turns()
    workday.stop.set()
    await turns()
    outbox.put(make_parcel("late"))
    webhooks.gate.set()
    await workday.end()
    assert outbox.ended == {"msg_1": "delivered"}
    assert webhooks.sent == ["msg_1"]


async def test_stop_waits_only_so_long_and_leaves_the_parcel_in_the_outbox() -> None:
    outbox, webhooks = MemoryOutbox(ManualClock(), make_parcel()), ScriptedSender()
    webhooks.gate.clear()
    workday = Workday(outbox, webhooks, drain=0.02)
    await turns()
    await workday.end()
    assert webhooks.at_once == 0
    assert outbox.ended == {}
    assert list(outbox.waiting) == ["msg_1"]


async def test_cancelled_courier_leaves_no_delivery_running() -> None:
    outbox, webhooks = MemoryOutbox(ManualClock(), make_parcel()), ScriptedSender()
    webhooks.gate.clear()
    workday = Workday(outbox, webhooks)
    await turns()
    workday.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await workday.task
    assert webhooks.at_once == 0


async def test_log_line_says_what_became_of_which_notice_and_nothing_about_whom() -> None:
    parcels = (make_parcel("w"), make_parcel("m", Channel.MAIL), make_parcel("x"))
    outbox = MemoryOutbox(ManualClock(), *parcels)

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
