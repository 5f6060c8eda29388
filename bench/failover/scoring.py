"""Failover Bench's rules (methodology v0.1): what is asked of a scenario's run, and the verdict that follows.

An answer is complete when ten items came that the wall wrote word for word; with them "the complete canonical answer"
of the original is translated into lists.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

ALONE = "it has no fallback"


class Ended(StrEnum):
    """How a call ended for its caller."""

    SUCCESS = "success"
    ERROR = "error"
    HANG = "hang"


class Verdict(StrEnum):
    """The words of the scorecard."""

    PASS = "pass"  # noqa: S105 - a verdict
    PARTIAL = "partial"
    SAFE = "safe"
    FAIL = "fail"


class Weight(StrEnum):
    """What a check that fails makes of the verdict."""

    REQUIRED = "required"
    ADVISORY = "advisory"
    INFORMATION = "information"


class Outage(msgspec.Struct, frozen=True):
    """What the requests of S15 met; `back_after` counts from the end of the outage."""

    requests: int
    hangs: int
    during: int
    served_during: int
    attempts_during: int
    back_after: float | None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One run from both sides: what the caller got, and when attempts reached the wall."""

    ended: Ended
    is_complete: bool = False
    seconds: float = 0.0
    note: str = ""
    models: tuple[str, ...] = ()
    says_usage: bool = False
    fallback_model: str = ""
    primary: tuple[float, ...] = ()
    prompt_sizes: tuple[int, ...] = ()
    fallback: tuple[float, ...] = ()
    refused_prefills: int = 0
    is_alive_after: bool = True
    outage: Outage | None = None
    log: tuple[str, ...] = ()


Finding = tuple[bool | None, str]
"""Whether it is as it should be (None: there was nothing to judge), and what was found."""


class Check(msgspec.Struct, frozen=True):
    """One question to a run."""

    name: str
    judge: Callable[[Seen], Finding]
    weight: Weight = Weight.REQUIRED
    needs_fallback: bool = False


class Checked(msgspec.Struct, frozen=True):
    """A question and its answer."""

    check: Check
    is_good: bool | None
    detail: str


def verdict(checked: Sequence[Checked], seen: Seen, *, ideal: Ended = Ended.SUCCESS) -> Verdict:
    """The verdict of one scenario; `ideal` is how it should end for the caller."""
    if seen.ended is Ended.HANG or _is_cut_success(seen, ideal) or _failed(checked, Weight.REQUIRED):
        return Verdict.FAIL
    if ideal is Ended.ERROR and seen.ended is Ended.SUCCESS:
        return Verdict.PARTIAL  # it went around the refusal
    if seen.ended is not ideal:
        return Verdict.SAFE
    return Verdict.PARTIAL if _failed(checked, Weight.ADVISORY) else Verdict.PASS


def reason(checked: Sequence[Checked], seen: Seen, *, ideal: Ended = Ended.SUCCESS) -> str:
    """Why the verdict is what it is, in a few words."""
    if seen.ended is Ended.HANG:
        return "a hang"
    if _is_cut_success(seen, ideal):
        return "an incomplete answer was called a success"
    if failed := _failed(checked, Weight.REQUIRED):
        return "failed: " + ", ".join(failed)
    if ideal is Ended.ERROR and seen.ended is Ended.SUCCESS:
        return "answered by going around the refusal"
    if seen.ended is not ideal:
        return f"no answer, but a clean error ({seen.note})"
    if failed := _failed(checked, Weight.ADVISORY):
        return "advice not followed: " + ", ".join(failed)
    return "every check is met"


def _is_cut_success(seen: Seen, ideal: Ended) -> bool:
    return ideal is Ended.SUCCESS and seen.ended is Ended.SUCCESS and not seen.is_complete


def _failed(checked: Sequence[Checked], weight: Weight) -> list[str]:
    return [it.check.name for it in checked if it.is_good is False and it.check.weight is weight]


def ask_all(checks: Sequence[Check], seen: Seen, *, has_fallback: bool = True) -> list[Checked]:
    """Ask a run every question that can be asked of a system with, or without, a fallback."""
    return [
        Checked(check, *check.judge(seen)) if has_fallback or not check.needs_fallback else Checked(check, None, ALONE)
        for check in checks
    ]


# What can be asked.


def no_hang(seen: Seen) -> Finding:
    return seen.ended is not Ended.HANG, f"ended after {seen.seconds:.1f} s ({seen.ended.value})"


def complete(seen: Seen) -> Finding:
    return seen.ended is Ended.SUCCESS and seen.is_complete, "complete" if seen.is_complete else "not complete"


def no_cut_success(seen: Seen) -> Finding:
    return not _is_cut_success(seen, Ended.SUCCESS), f"{seen.ended.value}, {complete(seen)[1]}"


def alive_after(seen: Seen) -> Finding:
    return seen.is_alive_after, "a sound request succeeded after it" if seen.is_alive_after else "it did not recover"


def usage_told(seen: Seen) -> Finding:
    return seen.says_usage, "the vendor's figures" if seen.says_usage else "no figures of the vendor"


def fallback_used(seen: Seen) -> Finding:
    return bool(seen.fallback), _attempts(len(seen.fallback), "fallback")


def fallback_told(seen: Seen) -> Finding:
    """The caller is told who has written."""
    if not seen.fallback:
        return None, "the fallback was not used"
    told = ", ".join(seen.models) or "nobody"
    return bool(seen.models) and all(seen.fallback_model in model for model in seen.models), f"told: {told}"


def no_masking_prefill(seen: Seen) -> Finding:
    return (
        seen.ended is not Ended.ERROR or not seen.refused_prefills,
        f"{seen.refused_prefills} prefills refused by the fallback",
    )


def no_blind_retry(seen: Seen) -> Finding:
    """A request that was too long is not sent again unless it is shorter than the one before."""
    shrinks = all(later < earlier for earlier, later in pairwise(seen.prompt_sizes))
    return shrinks, f"{_attempts(len(seen.primary), 'primary')}, {list(seen.prompt_sizes)} bytes"


def primary_at_least(count: int) -> Callable[[Seen], Finding]:
    return lambda seen: (len(seen.primary) >= count, _attempts(len(seen.primary), "primary"))


def primary_at_most(count: int) -> Callable[[Seen], Finding]:
    return lambda seen: (len(seen.primary) <= count, _attempts(len(seen.primary), "primary"))


def primary_exactly(count: int) -> Callable[[Seen], Finding]:
    return lambda seen: (len(seen.primary) == count, _attempts(len(seen.primary), "primary"))


def first_gap_at_least(seconds: float) -> Callable[[Seen], Finding]:
    """From the first to the second attempt at the primary; without a second one it fails."""

    def judge(seen: Seen) -> Finding:
        gap = first_gap(seen)
        return gap is not None and gap >= seconds, "no second attempt" if gap is None else f"{gap:.2f} s between them"

    return judge


def primary_within(window: float, count: int) -> Callable[[Seen], Finding]:
    """At most so many attempts at the primary in the first seconds."""

    def judge(seen: Seen) -> Finding:
        early = sum(moment - seen.primary[0] < window for moment in seen.primary)
        return early <= count, f"{early} in the first {window:g} s"

    return judge


def ends_within(seconds: float) -> Callable[[Seen], Finding]:
    return lambda seen: (seen.ended is not Ended.HANG and seen.seconds <= seconds, f"{seen.seconds:.1f} s")


def _of_outage(judge: Callable[[Outage], Finding]) -> Callable[[Seen], Finding]:
    return lambda seen: (False, "no sequence was run") if seen.outage is None else judge(seen.outage)


no_hang_in_sequence = _of_outage(lambda it: (it.hangs == 0, f"{it.hangs} of {it.requests} hung"))
served_in_outage = _of_outage(
    lambda it: (0 < it.during == it.served_during, f"{it.served_during} of {it.during} answered during the outage")
)
few_probes = _of_outage(
    lambda it: (it.attempts_during <= it.during, f"{_attempts(it.attempts_during, 'primary')} for {it.during} requests")
)


def back_within(seconds: float) -> Callable[[Seen], Finding]:
    """The primary answers again so many seconds after it has come back."""

    def judge(outage: Outage) -> Finding:
        if outage.back_after is None:
            return False, "the primary was never used again"
        return outage.back_after <= seconds, f"the primary answered {outage.back_after:.1f} s after its return"

    return _of_outage(judge)


def first_gap(seen: Seen) -> float | None:
    """Seconds between the first two attempts at the primary."""
    return seen.primary[1] - seen.primary[0] if len(seen.primary) > 1 else None


def _attempts(count: int, whose: str) -> str:
    return f"{count} {whose} attempt{'' if count == 1 else 's'}"
