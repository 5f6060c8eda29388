"""Measures the provider layer and prints figures and ratios: python -m bench.providers [--quick]."""

import asyncio
import sys

from bench.providers.bills import bills
from bench.providers.crowd import Crowd, crowd
from bench.providers.overhead import Ratio, cpu_ratio, prompt_tokens, time_ratio
from bench.rows import Row, print_rows

STUDENTS = 1000
FEW_STUDENTS = 100
MAX_CPU_WHOLE = 1.5
MAX_CPU_STREAMED = 1.0
MAX_TIME = 0.35
BILL_ERROR = 0.01
TOKENS_PER_SECOND = (400, 1500)
MAX_MEMORY_MB = 600
MAX_P99 = 3.0
PER_CALL = (2, 3, 5)
GOAL_PER_CALL = 3


def main() -> int:
    """Run all measurements; exits with 1 when a goal was missed."""
    students = FEW_STUDENTS if "--quick" in sys.argv[1:] else STUDENTS
    rows = [
        _cpu("whole answers", asyncio.run(cpu_ratio(stream=False)), MAX_CPU_WHOLE),
        _cpu("streamed answers", asyncio.run(cpu_ratio(stream=True)), MAX_CPU_STREAMED),
        *(_time(per_call) for per_call in PER_CALL),
        *(_bills(speed) for speed in TOKENS_PER_SECOND),
        *_crowd(asyncio.run(crowd(students))),
    ]
    print_rows("Retake, provider layer", rows)
    return 0 if all(row[3] for row in rows) else 1


def _cpu(name: str, found: Ratio, most: float) -> Row:
    figure = f"{found.ratio:.2f} ({found.ours * 1000:.1f} over {found.theirs * 1000:.1f} ms)"
    return f"CPU of a set of ten over bare calls, {name}", figure, f"{most}", found.ratio <= most


def _time(per_call: int) -> Row:
    found, tokens = asyncio.run(time_ratio(per_call)), asyncio.run(prompt_tokens(per_call))
    figure = f"{found.ratio:.2f} ({found.ours:.1f} over {found.theirs:.1f} s, {tokens} prompt tokens)"
    name = f"time to a set over one long call, per_call {per_call}"
    is_goal = per_call == GOAL_PER_CALL
    return name, figure, f"{MAX_TIME}" if is_goal else "", not is_goal or found.ratio <= MAX_TIME


def _bills(tokens_per_second: int) -> Row:
    found = asyncio.run(bills(tokens_per_second))
    name = f"bills that are the vendor's, and the ledger's tokens over it, at {tokens_per_second} tokens/s"
    is_reached = found.real == found.calls and abs(found.ratio - 1) <= BILL_ERROR
    return name, f"{found.real} of {found.calls}, {found.ratio:.3f}", f"all, 1 ± {BILL_ERROR}", is_reached


def _crowd(found: Crowd) -> list[Row]:
    ratio = found.busy_p99 / found.idle_p99
    return [
        (
            f"sets of {found.students} students at once, vendors of 10 s",
            f"{found.complete} in {found.seconds:.1f} s, half of them in {found.median:.1f} s",
            "all",
            found.complete == found.students,
        ),
        (
            "memory of the server, highest",
            f"{found.memory:.0f} MB",
            f"{MAX_MEMORY_MB} MB",
            found.memory < MAX_MEMORY_MB,
        ),
        (
            "GET /assessment p99 meanwhile over idle",
            f"{ratio:.1f} ({found.busy_p99:.0f} over {found.idle_p99:.1f} ms)",
            f"{MAX_P99:.0f}",
            ratio < MAX_P99,
        ),
        ("connections idle in transaction, most", f"{found.idle_in_transaction}", "", True),
        ("oldest transaction meanwhile", f"{found.oldest_transaction:.2f} s", "1 s", found.oldest_transaction < 1.0),
    ]


if __name__ == "__main__":
    sys.exit(main())
