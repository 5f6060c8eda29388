"""The verdicts of Failover Bench, as its methodology has them."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bench.failover import scoring
from bench.failover.catalogue import CATALOGUE
from bench.failover.scoring import Check, Ended, Outage, Seen, Verdict, Weight, ask_all, reason, verdict

BY_NAME = {scenario.name: scenario for scenario in CATALOGUE}
RESCUED: dict[str, Any] = {"ended": Ended.SUCCESS, "is_complete": True, "primary": (0.0,), "says_usage": True}
BY_FALLBACK = RESCUED | {"fallback": (0.5,), "fallback_model": "fb-ok", "models": ("openai/fb-ok",)}
REFUSED: dict[str, Any] = {"ended": Ended.ERROR, "primary": (0.0,)}
HUNG: dict[str, Any] = {"ended": Ended.HANG, "primary": (0.0,)}
CUT: dict[str, Any] = {"ended": Ended.SUCCESS, "is_complete": False, "primary": (0.0,)}
FLAP = Outage(requests=20, hangs=0, during=15, served_during=15, attempts_during=5, back_after=8.0)


@dataclass(frozen=True)
class Case:
    """A run, and the verdict it has to get."""

    scenario: str
    run: dict[str, Any]
    verdict: Verdict
    why: str = "every check is met"
    change: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> Seen:
        return Seen(**self.run | self.change)


def flap(**change: Any) -> dict[str, Any]:
    outage = {name: getattr(FLAP, name) for name in FLAP.__struct_fields__} | change
    return {"outage": Outage(**outage)}


CASES = [
    Case("S01", RESCUED, Verdict.PASS, change={"primary": (0.0, 2.0)}),
    Case("S01", RESCUED, Verdict.PARTIAL, "advice not followed: retry_after_honoured", {"primary": (0.0, 1.79)}),
    Case("S01", BY_FALLBACK, Verdict.PARTIAL, "advice not followed: retried, retry_after_honoured"),
    Case("S01", RESCUED, Verdict.FAIL, "failed: no_hammer", {"primary": (0.0, 0.5, 1.49)}),
    Case("S01", REFUSED, Verdict.SAFE, "no answer, but a clean error (none)", {"note": "none"}),
    Case("S02", BY_FALLBACK, Verdict.PASS, change={"primary": (0.0, 1.0, 2.0, 2.9, 3.0, 9.0)}),
    Case("S02", BY_FALLBACK, Verdict.FAIL, "failed: no_hammer", {"primary": (0.0, 1.0, 2.0, 2.5, 2.9)}),
    Case("S02", BY_FALLBACK, Verdict.FAIL, "failed: bounded_attempts", {"primary": tuple(range(0, 70, 10))}),
    Case("S03", RESCUED, Verdict.PASS, change={"primary": (0.0, 0.5)}),
    Case("S03", BY_FALLBACK, Verdict.PARTIAL, "advice not followed: same_provider_retry"),
    Case("S05", BY_FALLBACK, Verdict.PASS),
    Case("S05", HUNG, Verdict.FAIL, "a hang"),
    Case("S06", BY_FALLBACK, Verdict.PASS, change={"seconds": 100.0}),
    Case("S06", BY_FALLBACK, Verdict.FAIL, "failed: within_budget", {"seconds": 100.1}),
    Case(
        "S06", BY_FALLBACK, Verdict.PARTIAL, "advice not followed: silent_route_not_retried", {"primary": (0.0, 30.0)}
    ),
    Case("S07", BY_FALLBACK, Verdict.PASS, change={"seconds": 15.0}),
    Case("S07", RESCUED, Verdict.PARTIAL, "advice not followed: ttft_limit", {"seconds": 21.0}),
    Case("S08", BY_FALLBACK, Verdict.PASS),
    Case("S08", CUT, Verdict.FAIL, "an incomplete answer was called a success"),
    Case("S08", REFUSED, Verdict.SAFE, "no answer, but a clean error ()"),
    Case("S09", BY_FALLBACK, Verdict.PASS),
    Case("S09", BY_FALLBACK, Verdict.FAIL, "failed: alive_after", {"is_alive_after": False}),
    Case("S09", BY_FALLBACK, Verdict.FAIL, "failed: bounded", {"seconds": 45.1}),
    Case("S10", BY_FALLBACK, Verdict.PASS),
    Case("S10", REFUSED, Verdict.SAFE, "no answer, but a clean error ()"),
    Case("S11", RESCUED, Verdict.PASS),
    Case("S11", RESCUED, Verdict.PARTIAL, "advice not followed: usage_reported", {"says_usage": False}),
    Case("S11", RESCUED, Verdict.FAIL, "failed: prompt_finalise", {"seconds": 8.1}),
    Case("S12", BY_FALLBACK, Verdict.PASS),
    Case("S12", BY_FALLBACK, Verdict.PASS, change={"primary": (0.0, 1.0), "prompt_sizes": (900, 700)}),
    Case(
        "S12",
        BY_FALLBACK,
        Verdict.FAIL,
        "failed: no_blind_retry",
        {"primary": (0.0, 1.0), "prompt_sizes": (900, 900)},
    ),
    Case(
        "S12",
        BY_FALLBACK,
        Verdict.FAIL,
        "failed: bounded_attempts",
        {"primary": (0.0, 1.0, 2.0), "prompt_sizes": (900, 800, 700)},
    ),
    Case("S13", REFUSED, Verdict.PASS),
    Case("S13", BY_FALLBACK, Verdict.PARTIAL, "answered by going around the refusal"),
    Case("S13", REFUSED, Verdict.FAIL, "failed: no_same_model_retry", {"primary": (0.0, 1.0)}),
    Case("S14", BY_FALLBACK, Verdict.PASS, change={"refused_prefills": 1}),
    Case("S14", REFUSED, Verdict.FAIL, "failed: no_prefill_masking", {"refused_prefills": 1}),
    Case("S15", BY_FALLBACK, Verdict.PASS, change=flap()),
    Case("S15", BY_FALLBACK, Verdict.PASS, change=flap(attempts_during=45, back_after=30.0)),
    Case("S15", BY_FALLBACK, Verdict.FAIL, "failed: recovered", flap(back_after=30.1)),
    Case("S15", BY_FALLBACK, Verdict.FAIL, "failed: recovered", flap(back_after=None)),
    Case("S15", BY_FALLBACK, Verdict.FAIL, "failed: served_during_outage", flap(served_during=14)),
    Case("S15", BY_FALLBACK, Verdict.FAIL, "failed: no_hang", flap(hangs=1)),
    Case("S16", BY_FALLBACK, Verdict.PASS),
    Case("S16", BY_FALLBACK, Verdict.FAIL, "failed: reports_fallback_model", {"models": ("openai/fb-s16",)}),
    Case("S16", BY_FALLBACK, Verdict.FAIL, "failed: reports_fallback_model", {"models": ()}),
    Case("S16", BY_FALLBACK, Verdict.PARTIAL, "advice not followed: usage_present", {"says_usage": False}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.scenario}-{case.verdict}-{case.why}")
def test_a_run_gets_the_verdict_of_the_methodology_and_its_reason(case: Case) -> None:
    scenario = BY_NAME[case.scenario]
    checked = ask_all(scenario.checks, case.seen)
    assert verdict(checked, case.seen, ideal=scenario.ideal) is case.verdict
    assert reason(checked, case.seen, ideal=scenario.ideal) == case.why


@pytest.mark.parametrize("scenario", CATALOGUE, ids=lambda scenario: scenario.name)
def test_a_hang_fails_every_scenario(scenario: Any) -> None:
    seen = Seen(**HUNG)
    assert verdict(ask_all(scenario.checks, seen), seen, ideal=scenario.ideal) is Verdict.FAIL


def test_every_scenario_but_one_wants_an_answer() -> None:
    assert [scenario.name for scenario in CATALOGUE if scenario.ideal is Ended.ERROR] == ["S13"]
    assert [scenario.name for scenario in CATALOGUE] == [f"S{number:02}" for number in range(1, 17)]


@pytest.mark.parametrize(("name", "asked"), [("S07", Verdict.PARTIAL), ("S15", Verdict.FAIL), ("S16", Verdict.FAIL)])
def test_what_needs_a_fallback_is_not_asked_of_a_system_without_one(name: str, asked: Verdict) -> None:
    run = BY_FALLBACK | {"seconds": 21.0, "models": ("openai/fb-s16",), "says_usage": False}
    seen, checks = Seen(**run | flap(served_during=0, back_after=None)), BY_NAME[name].checks
    assert verdict(ask_all(checks, seen), seen) is asked
    assert verdict(ask_all(checks, seen, has_fallback=False), seen) is Verdict.PASS


def test_what_is_only_information_never_changes_a_verdict() -> None:
    seen = Seen(**RESCUED)
    checked = ask_all([Check("told", lambda _: (False, "no"), Weight.INFORMATION)], seen)
    assert verdict(checked, seen) is Verdict.PASS


def test_what_cannot_be_judged_never_changes_a_verdict() -> None:
    seen = Seen(**RESCUED)
    checked = ask_all([Check("told", scoring.fallback_told)], seen)
    assert checked[0].is_good is None
    assert verdict(checked, seen) is Verdict.PASS
