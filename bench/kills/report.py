"""The figures as a page, and as rows for the terminal."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from bench.kills.students import Seen
from bench.kills.watch import TakeOver
from bench.page import facts_table, goals_table, table
from bench.rows import Row

GO_ON_SECONDS = 10.0
HOW_TO_READ = """\
Two API servers and their workers share one database, in two halves: first two `retake serve`, then one `retake serve`,
one `retake serve --job-workers 0` and a `retake worker`. Students of test mode live their stories through both: a set,
answers, a retake, up to three attempts; one set of four takes five seconds to write. The writes of their transactions
are slowed down inside PostgreSQL, and the receiver of webhooks takes up to half a second for its answer, so that kills
fall between two writes, and between a delivery and its record. Every one or two seconds
SIGKILL goes to somebody who is up, at a random moment and without regard to what is under way. A client that was cut
off asks again, at either server.

- **acknowledged answers lost**: submits that were answered, or taken before the cut, whose answers are not in the
  archive as they were sent.
- **acknowledged sets lost**: sets that were shown but are not the one in the database, or had not ten questions.
- **half states**: verifications that one statement, after each kill and at the end, saw between two states: archive,
  counters, current set and stored events have to agree, and every set has ten questions.
- **events lost**: stored events that never reached the receiver.
- **two bodies**: events that came again under their id with another body.
- **taken over**: jobs that a killed worker had, from the kill to the moment another has them. The goal is held where
  another worker lived through that time, and for two seconds before; where all were down, somebody had to start first.
"""


class Outcome(msgspec.Struct, frozen=True):
    """All that came of a run."""

    victims: Counter[str]
    seen: Seen
    lost_answers: int
    half: int
    stored_events: int
    lost_events: int
    unknown_events: int
    two_bodies: int
    repeated: int
    take_overs: Sequence[TakeOver]


def rows(found: Outcome, kills: int) -> list[Row]:
    """Every goal beside its figure."""
    done, seen = found.victims.total(), found.seen
    fair = [it.seconds for it in found.take_overs if it.is_fair]
    return [
        ("kills", str(done), str(kills), done >= kills),
        ("requests cut off", str(seen.cut.total()), "some", seen.cut.total() > 0),
        _none("acknowledged answers lost", found.lost_answers, len(seen.scored), "submits"),
        _none("acknowledged sets lost", len(seen.lost_sets), _sets(seen), "sets"),
        _none("half states", found.half, seen.calls["/verify"], "verifications"),
        _none("answers that must not be", len(seen.surprises), seen.calls.total(), "calls"),
        _none("events lost", found.lost_events, found.stored_events, "events"),
        _none("events nobody stored", found.unknown_events, found.stored_events, "events"),
        _none("events with two bodies under one id", found.two_bodies, found.repeated, "that came again"),
        ("jobs of killed workers taken over", str(len(found.take_overs)), "some", bool(found.take_overs)),
        (
            "worst take-over while another worker lives",
            f"{max(fair, default=0):.1f} s",
            f"{GO_ON_SECONDS:.0f} s",
            max(fair, default=0) <= GO_ON_SECONDS,
        ),
    ]


def page(facts: Mapping[str, str], goals: Sequence[Row], found: Outcome) -> str:
    """The whole page."""
    parts = [
        "# Kills\n\nWritten by `make kills`; do not edit.\n",
        facts_table(facts),
        "## Goals\n",
        goals_table(goals),
        "## How to read it\n\n" + HOW_TO_READ,
        "## Who was killed\n",
        table(("victim", "kills"), [(name, str(count)) for name, count in sorted(found.victims.items())]),
        f"## What was cut off\n\n{_after_cut(found.seen)}\n",
        table(("call", "made", "cut off"), _calls(found.seen)),
        "## Jobs taken over\n",
        table(("kind", "another worker", "jobs", "p50", "p95", "worst"), _take_overs(found.take_overs)),
    ]
    if found.seen.surprises:
        parts.append("## Answers that must not be\n")
        parts.append(table(("answer", "times"), [(it, str(n)) for it, n in Counter(found.seen.surprises).items()]))
    return "\n".join(parts)


def _none(name: str, count: int, of: int, what: str) -> Row:
    return name, f"{count} of {of} {what}", "0", count == 0


def _sets(seen: Seen) -> int:
    return seen.calls["/assessment/generate"] + seen.calls["/assessment/retakeassessment"]


def _calls(seen: Seen) -> list[tuple[str, str, str]]:
    return [(path, str(count), str(seen.cut[path])) for path, count in seen.calls.items()]


def _after_cut(seen: Seen) -> str:
    old, new = seen.after_cut["old"], seen.after_cut["new"]
    return (
        f"A moment after a request was cut off, its verification stood {old} times as before and {new} times anew.\n"
        f"{seen.too_late} requests got GENERATION_FAILED: no worker lived long enough in their 90 seconds."
    )


def _take_overs(all_of_them: Sequence[TakeOver]) -> list[tuple[str, ...]]:
    shown = []
    for kind, is_fair in sorted({(it.kind, it.is_fair) for it in all_of_them}):
        seconds = sorted(it.seconds for it in all_of_them if (it.kind, it.is_fair) == (kind, is_fair))
        figures = [_quantile(seconds, share) for share in (0.5, 0.95, 1.0)]
        shown.append(
            (kind, "lived" if is_fair else "was down", str(len(seconds)), *(f"{value:.1f} s" for value in figures))
        )
    return shown


def _quantile(values: Sequence[float], share: float) -> float:
    return values[max(0, math.ceil(share * len(values)) - 1)]
