"""The sixteen scenarios: whom they ask, what is demanded, and what is different for a list of items.

Faults, checks and bounds are those of Failover Bench's catalogue, version 0.1; the sentences are ours. S12 follows the
newer text of its methodology, as its published scorecard does: a second attempt is allowed when it is shorter.
"""

import msgspec

from bench.failover import scoring as score
from bench.failover.faults import NO_PREFILL, SOUND
from bench.failover.scoring import Check, Ended, Weight

ADVISORY, INFORMATION = Weight.ADVISORY, Weight.INFORMATION
NO_HANG = Check("no_hang", score.no_hang)
NO_CUT_SUCCESS = Check("no_truncated_success", score.no_cut_success)
ALIVE = Check("alive_after", score.alive_after)
BOUNDED = Check("bounded_attempts", score.primary_at_most(6))


class Repeated(msgspec.Struct, frozen=True):
    """Requests one after the other."""

    count: int
    every: float
    longest: float


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One row. A call that takes longer than `longest` hangs; `unlike` says what is not comparable."""

    name: str
    title: str
    model: str
    fault: str
    longest: float
    checks: tuple[Check, ...]
    fallback: str = SOUND
    ideal: Ended = Ended.SUCCESS
    repeated: Repeated | None = None
    unlike: str = ""


CATALOGUE = (
    Scenario(
        name="S01",
        title="429 with Retry-After",
        model="fb-s01-429-retry-after",
        fault="The first attempt gets 429 with `Retry-After: 2`, every later one succeeds.",
        longest=20,
        checks=(
            Check("retried", score.primary_at_least(2), ADVISORY),
            Check("retry_after_honoured", score.first_gap_at_least(1.8), ADVISORY),
            Check("no_hammer", score.primary_within(1.5, 2)),
        ),
    ),
    Scenario(
        name="S02",
        title="429 without Retry-After, always",
        model="fb-s02-429-persistent",
        fault="Every attempt gets 429 without a word on when to come back.",
        longest=40,
        checks=(Check("no_hammer", score.primary_within(3, 4)), BOUNDED, NO_HANG),
    ),
    Scenario(
        name="S03",
        title="500 once, then sound",
        model="fb-s03-500-then-200",
        fault="The first attempt gets 500, the second succeeds.",
        longest=20,
        checks=(NO_HANG, Check("same_provider_retry", score.primary_at_least(2), ADVISORY)),
    ),
    Scenario(
        name="S04",
        title="503 always",
        model="fb-s04-503-persistent",
        fault="Every attempt gets 503.",
        longest=40,
        checks=(BOUNDED, NO_HANG),
    ),
    Scenario(
        name="S05",
        title="TCP reset before headers",
        model="fb-s05-reset",
        fault="The first attempt's connection is reset before any byte, every later one succeeds.",
        longest=20,
        checks=(NO_HANG,),
    ),
    Scenario(
        name="S06",
        title="No response at all",
        model="fb-s06-no-response",
        fault="The request is taken and nothing is said for 120 s.",
        longest=130,
        checks=(
            Check("within_budget", score.ends_within(100)),
            NO_HANG,
            Check("silent_route_not_retried", score.primary_at_most(1), ADVISORY),
        ),
    ),
    Scenario(
        name="S07",
        title="Slow first token",
        model="fb-s07-slow-ttft",
        fault="Headers come at once, the first token after 20 s, the rest as usual.",
        longest=60,
        checks=(NO_HANG, Check("ttft_limit", score.ends_within(15), ADVISORY, needs_fallback=True)),
    ),
    Scenario(
        name="S08",
        title="Stream cut in the answer",
        model="fb-s08-stream-cut",
        fault="The stream is closed after 40 of 60 tokens, without its last chunk.",
        longest=40,
        checks=(NO_CUT_SUCCESS, NO_HANG),
    ),
    Scenario(
        name="S09",
        title="Stream stalls",
        model="fb-s09-stream-stall",
        fault="After 20 tokens there is silence for 30 s, then the connection is closed.",
        longest=70,
        checks=(Check("bounded", score.ends_within(45)), NO_CUT_SUCCESS, ALIVE, NO_HANG),
    ),
    Scenario(
        name="S10",
        title="Malformed event in the stream",
        model="fb-s10-malformed-chunk",
        fault="After ten tokens comes an event that is no JSON; nothing of the answer is missing.",
        longest=30,
        checks=(
            ALIVE,
            Check("no_garbage", score.no_cut_success),
            NO_HANG,
            Check("recovered_in_place", score.complete, ADVISORY),
        ),
    ),
    Scenario(
        name="S11",
        title="Stream ends without [DONE]",
        model="fb-s11-no-done",
        fault="A whole stream, ended as HTTP wants it, lacks its `data: [DONE]`.",
        longest=30,
        checks=(
            Check("prompt_finalise", score.ends_within(8)),
            Check("usage_reported", score.usage_told, ADVISORY),
        ),
    ),
    Scenario(
        name="S12",
        title="Context length exceeded",
        model="fb-s12-context-length",
        fault="Every attempt gets 400 `context_length_exceeded`.",
        longest=20,
        checks=(
            Check("no_blind_retry", score.no_blind_retry),
            Check("bounded_attempts", score.primary_at_most(2)),
            NO_HANG,
        ),
    ),
    Scenario(
        name="S13",
        title="Content filter",
        model="fb-s13-content-filter",
        fault="Every attempt gets 400 `content_policy_violation`.",
        longest=20,
        checks=(
            Check("no_same_model_retry", score.primary_exactly(1)),
            NO_HANG,
            Check("fallback_attempted", score.fallback_used, INFORMATION),
        ),
        ideal=Ended.ERROR,
        unlike=(
            "A chat's user wrote the prompt and should learn that it was refused. Here the service wrote it, out of "
            "facts that it has checked, and the student can change nothing about it: a filter that errs must not "
            "cost the set, so the next vendor is asked, once."
        ),
    ),
    Scenario(
        name="S14",
        title="Fallback refuses prefill",
        model="fb-s14-stream-cut",
        fallback=NO_PREFILL,
        fault="The stream is closed after 40 tokens, and the fallback refuses to continue an answer begun by another.",
        longest=40,
        checks=(Check("no_prefill_masking", score.no_masking_prefill), NO_CUT_SUCCESS),
    ),
    Scenario(
        name="S15",
        title="Primary flaps",
        model="fb-s15-flap",
        fault="The primary gives 503 for 60 s and is sound from then on; twenty requests, one every 4 s.",
        longest=200,
        repeated=Repeated(20, 4.0, 30.0),
        checks=(
            Check("no_hang", score.no_hang_in_sequence),
            Check("served_during_outage", score.served_in_outage, needs_fallback=True),
            Check("recovered", score.back_within(30), needs_fallback=True),
            Check("probe_discipline", score.few_probes, INFORMATION),
        ),
    ),
    Scenario(
        name="S16",
        title="Accounting of a fail-over",
        model="fb-s16-503-persistent",
        fault="Every attempt at the primary gets 503, the fallback answers.",
        longest=40,
        checks=(
            Check("reports_fallback_model", score.fallback_told, needs_fallback=True),
            Check("usage_present", score.usage_told, ADVISORY, needs_fallback=True),
            BOUNDED,
        ),
    ),
)
