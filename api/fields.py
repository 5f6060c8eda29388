"""Small readers for the fields of a JSON object, each with the error its endpoint's contract names."""

import re
from collections.abc import Mapping
from typing import Any

from assessment.errors import Detail, InvalidInput
from delivery.addresses import can_become_public
from delivery.target import BadTarget, parse_target

MAX_ID = 200
MAX_NAME = 300
MAX_EMAIL = 320
MAX_PHONE = 40
MAX_URL = 2048
MAX_TEXT = 20_000

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
PHONE = re.compile(r"[\d\s()+./x-]*\d[\d\s()+./x-]*")

Fields = Mapping[str, Any]


def required_text(fields: Fields, name: str, missing: type[InvalidInput], longest: int, path: str = "") -> str:
    """Read a text that must be there. Raises `missing` when it is absent, null or blank, InvalidInput otherwise."""
    text = optional_text(fields, name, longest, path)
    if text is None:
        raise missing(Detail(_at(path, name), "is required"))
    return text


def optional_text(fields: Fields, name: str, longest: int, path: str = "") -> str | None:
    """Read a text that may be absent, null or blank; surrounding white space is dropped. Raises InvalidInput."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(Detail(_at(path, name), "must be a string"))
    if len(value) > longest:
        raise InvalidInput(Detail(_at(path, name), f"must have at most {longest} characters"))
    return value.strip() or None


def matching(text: str | None, pattern: re.Pattern[str], name: str, expected: str) -> str | None:
    """Check a text against a pattern, and that nothing in it is invisible. Raises InvalidInput."""
    if text is not None and not (pattern.fullmatch(text) and text.isprintable()):
        raise InvalidInput(Detail(name, f"must be {expected}"))
    return text


def http_url(text: str, path: str) -> str:
    """Check that a text is an absolute http or https URL without credentials. Raises InvalidInput."""
    try:
        parse_target(text)  # what would send to it reads it in the same way
    except BadTarget as error:
        raise InvalidInput(Detail(path, f"must be an http or https URL: {error}")) from error
    if not text.isprintable() or len(text) > MAX_URL:
        raise InvalidInput(Detail(path, f"must be an http or https URL of at most {MAX_URL} visible characters"))
    return text


def callback_url(text: str, path: str, *, may_be_private: bool) -> str:
    """Check an http or https URL that webhooks are to go to. Raises InvalidInput when none can ever get there."""
    url = http_url(text, path)
    if not (may_be_private or can_become_public(parse_target(url).host)):
        reason = "must be a URL that can be reached from the internet: its host is private, or a name within a network"
        raise InvalidInput(Detail(path, reason))
    return url


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
