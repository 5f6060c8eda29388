"""The names of what a vendor can do to a call, and the lottery between them."""

import random
import re
from enum import StrEnum

_SHARE = re.compile(r"^\s*(\d+(?:\.\d+)?)%\s+(\w+)\s*$")


class Behaviour(StrEnum):
    """What can be programmed. A server also takes shares of them, such as "5% stall, 2% reset": the rest is good."""

    GOOD = "good"

    # the time and the connection
    HANG = "hang"  # takes the request and says nothing, not even headers
    HANG_MID_BODY = "hang_mid_body"  # falls silent for ever at `break_at`
    SLOW_FIRST_TOKEN = "slow_first_token"  # noqa: S105 - the name of a behaviour
    STALL = "stall"  # is silent at `break_at` for `stall_seconds`, then goes on
    DRIP = "drip"  # one byte every `drip_seconds`
    DROP = "drop"  # hangs up before the headers
    RESET = "reset"  # resets the connection before the headers
    CLOSE_MID_BODY = "close_mid_body"  # hangs up at `break_at`
    RESET_MID_BODY = "reset_mid_body"  # resets the connection at `break_at`
    STREAM_ERROR = "stream_error"  # reports an error at `break_at` of the stream; whole: an error with status 200
    BROKEN_STREAM = "broken_stream"  # an event at `break_at` that is no JSON; whole: a body that is no JSON

    # the status
    BAD_REQUEST = "bad_request"
    CONTEXT_LENGTH = "context_length"
    CONTENT_POLICY = "content_policy"  # 400: the prompt is refused by a filter
    NO_JSON_SCHEMA = "no_json_schema"  # 400 to a call with a JSON schema, otherwise good
    NO_TOOLS = "no_tools"  # 400 to a call with tools, otherwise good
    NO_JSON_OBJECT = "no_json_object"  # 400 to a call for a JSON object, otherwise good
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REQUEST_TIMEOUT = "request_timeout"
    RATE_LIMITED = "rate_limited"  # Retry-After in seconds
    RATE_LIMITED_UNTIL = "rate_limited_until"  # Retry-After as a date
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"  # 529

    # a body that is no answer
    HTML = "html"
    EMPTY_BODY = "empty_body"

    # an answer that is no good
    EMPTY = "empty"  # an answer with an empty text
    REFUSED = "refused"  # cut off by a content filter, nothing written
    FILTERED = "filtered"  # cut off by a content filter at `break_at`
    REFUSAL = "refusal"  # the model declines: `refusal` in one dialect, stop_reason "refusal" in the other
    REFUSAL_TEXT = "refusal_text"  # the model declines in plain words and ends normally
    TRUNCATED = "truncated"
    PROSE = "prose"
    FENCE = "fence"
    BROKEN_JSON = "broken_json"
    OTHER_KEYS = "other_keys"
    NO_JSON = "no_json"
    HUGE = "huge"  # 10 MB
    NO_USAGE = "no_usage"  # good, but does not say what it cost
    ECHO = "echo"
    EMPTY_LIST = "empty_list"
    FEWER = "fewer"
    MORE = "more"
    ONE_BROKEN = "one_broken"
    DUPLICATES = "duplicates"  # within the answer
    REPEATS = "repeats"  # of earlier answers of this server
    THREE_OPTIONS = "three_options"
    KEY_OUT_OF_RANGE = "key_out_of_range"
    KEY_AS_LETTER = "key_as_letter"
    KEY_AS_TEXT = "key_as_text"
    WRONG_LANGUAGE = "wrong_language"
    LONGEST_KEYS = "longest_keys"  # each item is good by itself, and in all of them the key says a word more


def choose(programmed: str, seed: int, number: int) -> Behaviour:
    """What call `number` meets: a behaviour by name, or one drawn by its share; a seed draws the same ones again."""
    if "%" not in programmed:
        return Behaviour(programmed)
    drawn = random.Random(f"{seed}/{number}").random() * 100  # noqa: S311 - a lottery that has to be repeatable
    for share, behaviour in shares(programmed):
        drawn -= share
        if drawn < 0:
            return behaviour
    return Behaviour.GOOD


def shares(programmed: str) -> list[tuple[float, Behaviour]]:
    """Read "5% stall, 2% reset". Raises ValueError when it says anything else, or more than 100%."""
    found = []
    for part in programmed.split(","):
        match = _SHARE.match(part)
        if match is None:
            raise ValueError(f"{part.strip()!r} is not a share such as '5% stall'")
        found.append((float(match[1]), Behaviour(match[2])))
    if sum(share for share, _ in found) > 100:
        raise ValueError(f"the shares of {programmed!r} are more than 100%")
    return found


def checked(programmed: str) -> str:
    """The same text, when it can be programmed. Raises ValueError otherwise."""
    if "%" in programmed:
        shares(programmed)
    else:
        Behaviour(programmed)
    return programmed
