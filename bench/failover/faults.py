"""What the wall does to whom: the faults with their timings, and the model names that choose them.

Names and timings are those of Failover Bench's catalogue (methodology v0.1, profile `full`).
"""

from enum import StrEnum

TOKENS = 60  # pieces of every answer
TOKEN_SECONDS = 0.015
RETRY_AFTER_SECONDS = 2
SLOW_SECONDS = 20.0
STALL_SECONDS = 30.0
SILENCE_SECONDS = 120.0
OUTAGE_SECONDS = 60.0
CUT_AFTER = 40
STALL_AFTER = 20
MALFORMED_AFTER = 10

SOUND = "fb-ok"
NO_PREFILL = "fb-ok-noprefill"


class Fault(StrEnum):
    """What a model does."""

    NONE = "none"
    REFUSES_PREFILL = "refuses_prefill"
    LIMITED_ONCE = "limited_once"
    LIMITED = "limited"
    BROKEN_ONCE = "broken_once"
    OVERLOADED = "overloaded"
    RESET_ONCE = "reset_once"
    SILENT = "silent"
    SLOW = "slow"
    CUT = "cut"
    STALL = "stall"
    MALFORMED = "malformed"
    NO_DONE = "no_done"
    TOO_LONG = "too_long"
    FILTERED = "filtered"
    FLAP = "flap"


MODELS = {
    SOUND: Fault.NONE,
    NO_PREFILL: Fault.REFUSES_PREFILL,
    "fb-s01-429-retry-after": Fault.LIMITED_ONCE,
    "fb-s02-429-persistent": Fault.LIMITED,
    "fb-s03-500-then-200": Fault.BROKEN_ONCE,
    "fb-s04-503-persistent": Fault.OVERLOADED,
    "fb-s05-reset": Fault.RESET_ONCE,
    "fb-s06-no-response": Fault.SILENT,
    "fb-s07-slow-ttft": Fault.SLOW,
    "fb-s08-stream-cut": Fault.CUT,
    "fb-s09-stream-stall": Fault.STALL,
    "fb-s10-malformed-chunk": Fault.MALFORMED,
    "fb-s11-no-done": Fault.NO_DONE,
    "fb-s12-context-length": Fault.TOO_LONG,
    "fb-s13-content-filter": Fault.FILTERED,
    "fb-s14-stream-cut": Fault.CUT,
    "fb-s15-flap": Fault.FLAP,
    "fb-s16-503-persistent": Fault.OVERLOADED,
}
