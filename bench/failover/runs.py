"""Puts one contestant through one scenario and has it scored."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence

import httpx
import msgspec

from assessment.models import Item
from bench.chaos.ours import TOTAL
from bench.failover.catalogue import Repeated, Scenario
from bench.failover.contestants import Answer, Contestant
from bench.failover.faults import OUTAGE_SECONDS
from bench.failover.scoring import Checked, Ended, Outage, Seen, Verdict, ask_all, reason, verdict
from bench.failover.wall import REFUSED_PREFILL, Attempt, Log

PROBE_SECONDS = 10.0
GRACE_SECONDS = 1.0

Maker = Callable[[str, str, str], Contestant]
"""Makes a contestant for the address of a room, a primary and a fallback."""


class Entrant(msgspec.Struct, frozen=True):
    """Who takes part; the name is also the first part of its rooms."""

    name: str
    make: Maker
    has_fallback: bool = True


class Result(msgspec.Struct, frozen=True):
    """One cell of the scorecard."""

    scenario: Scenario
    who: str
    seen: Seen
    checked: list[Checked]

    @property
    def verdict(self) -> Verdict:
        return verdict(self.checked, self.seen, ideal=self.scenario.ideal)

    @property
    def reason(self) -> str:
        return reason(self.checked, self.seen, ideal=self.scenario.ideal)


class Call(msgspec.Struct, frozen=True):
    """One request, when it was sent, and how long it took."""

    sent: float
    seconds: float
    answer: Answer


async def run(scenario: Scenario, entrant: Entrant, wall: str) -> Result:
    """One scenario from a cold start, in a room of its own."""
    room = f"{wall}/{entrant.name}-{scenario.name}"
    contestant = entrant.make(room, scenario.model, scenario.fallback)
    async with httpx.AsyncClient(timeout=PROBE_SECONDS) as client:
        (await client.post(f"{room}/reset")).raise_for_status()
        repeated = scenario.repeated or Repeated(1, 0.0, scenario.longest)
        calls = await _calls(contestant, repeated)
        log = msgspec.json.decode((await client.get(f"{room}/log")).content, type=Log)
        _, probe = await _within(contestant.probe(PROBE_SECONDS), PROBE_SECONDS)
        written = msgspec.json.decode((await client.get(f"{room}/log")).content, type=Log)
    seen = _seen(scenario, calls, log, is_alive=_is_complete(probe, written))
    checked = ask_all(scenario.checks, seen, has_fallback=entrant.has_fallback)
    return Result(scenario, entrant.name, seen, checked)


async def _calls(contestant: Contestant, repeated: Repeated) -> list[Call]:
    began, calls = time.monotonic(), list[Call]()
    for number in range(repeated.count):
        await asyncio.sleep(max(0.0, began + number * repeated.every - time.monotonic()))
        sent = time.monotonic() - began
        calls.append(Call(sent, *await _within(contestant.ask(repeated.longest), repeated.longest)))
    return calls


async def _within(asking: Coroutine[object, object, Answer], longest: float) -> tuple[float, Answer]:
    """How long it took, and what came; after `longest` it is a hang."""
    began, task = time.monotonic(), asyncio.ensure_future(asking)
    await asyncio.wait({task}, timeout=longest + GRACE_SECONDS)
    seconds = time.monotonic() - began
    if task.done():
        answer = task.result()
        return seconds if answer.seconds is None else answer.seconds, answer
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE_SECONDS)
    return seconds, Answer(Ended.HANG, note=f"no end within {longest:g} s")


def _seen(scenario: Scenario, calls: Sequence[Call], log: Log, *, is_alive: bool) -> Seen:
    primary, fallback = (_of(model, log.attempts) for model in (scenario.model, scenario.fallback))
    last = calls[-1].answer
    bad = next((call.answer for call in calls if call.answer.ended is not Ended.SUCCESS), last)
    return Seen(
        ended=Ended.HANG if any(call.answer.ended is Ended.HANG for call in calls) else bad.ended,
        is_complete=all(_is_complete(call.answer, log) for call in calls),
        seconds=calls[-1].sent + calls[-1].seconds,
        note=bad.note,
        models=last.models,
        says_usage=last.says_usage,
        fallback_model=scenario.fallback,
        primary=tuple(attempt.at for attempt in primary),
        prompt_sizes=tuple(attempt.prompt_size for attempt in primary),
        fallback=tuple(attempt.at for attempt in fallback),
        refused_prefills=sum(attempt.action == REFUSED_PREFILL for attempt in log.attempts),
        is_alive_after=is_alive,
        outage=_outage(calls, primary) if scenario.repeated else None,
        log=tuple(str(attempt) for attempt in log.attempts),
    )


def _of(model: str, attempts: Sequence[Attempt]) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.model == model]


def _outage(calls: Sequence[Call], primary: Sequence[Attempt]) -> Outage:
    during = [call for call in calls if call.sent < OUTAGE_SECONDS]
    answered = [attempt.at for attempt in primary if attempt.action.startswith("200")]
    return Outage(
        requests=len(calls),
        hangs=sum(call.answer.ended is Ended.HANG for call in calls),
        during=len(during),
        served_during=sum(call.answer.ended is Ended.SUCCESS for call in during),
        attempts_during=sum(attempt.at < OUTAGE_SECONDS for attempt in primary),
        back_after=min(answered) - OUTAGE_SECONDS if answered else None,
    )


def _is_complete(answer: Answer, log: Log) -> bool:
    """Ten items, each of them word for word as the wall wrote it."""
    written = {item["stem"]: (item["options"], item["key"]) for item in log.items}
    return len(answer.items) == TOTAL and all(_is_as_written(item, written) for item in answer.items)


def _is_as_written(item: Item, written: dict[str, tuple[list[str], int]]) -> bool:
    return written.get(item.stem) == (list(item.options), item.key)
