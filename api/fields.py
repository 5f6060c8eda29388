"""Reading the fields of a JSON object as its struct describes them, with the errors that the contract names."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from msgspec import inspect

from api.received import MAX_URL, MISSING, Received
from assessment.errors import Detail, InvalidInput
from delivery.addresses import can_become_public
from delivery.target import BadTarget, parse_target

Fields = Mapping[str, Any]


class Description(NamedTuple):
    """What a struct says of one field; `longest` counts characters of a text, entries of a list."""

    name: str
    is_required: bool
    is_text: bool
    longest: int | None
    pattern: str | None
    missing: type[InvalidInput]


class Body:
    """A JSON object, a whole body or an entry of one, whose fields a struct describes; `path` is where it stands."""

    def __init__(self, kind: type[Received], fields: Fields, path: str = "") -> None:
        self._described = _described(kind)
        self._fields = fields
        self._path = path

    def sent(self, attribute: str) -> Any:
        """What was sent, of whatever type; None when nothing was."""
        return self._fields.get(self._described[attribute].name)

    def path(self, attribute: str) -> str:
        """Where a field stands."""
        name = self._described[attribute].name
        return f"{self._path}.{name}" if self._path else name

    def longest(self, attribute: str) -> int:
        """How many entries a list may have."""
        longest = self._described[attribute].longest
        assert longest is not None  # only of lists that have a bound
        return longest

    def text(self, attribute: str) -> str:
        """Read a text that must be there. Raises its own error when it is absent, null or blank, else InvalidInput."""
        text = self.optional_text(attribute)
        if text is None:
            raise self._described[attribute].missing(Detail(self.path(attribute), "is required"))
        return text

    def optional_text(self, attribute: str) -> str | None:
        """Read a text that may be absent, null or blank; surrounding white space is dropped. Raises InvalidInput."""
        value, longest = self.sent(attribute), self._described[attribute].longest
        if value is None:
            return None
        if not isinstance(value, str):
            raise InvalidInput(Detail(self.path(attribute), "must be a string"))
        if longest is not None and len(value) > longest:
            raise InvalidInput(Detail(self.path(attribute), f"must have at most {longest} characters"))
        return value.strip() or None

    def check_texts(self) -> None:
        """Read all texts in the order of the struct. Raises what reading one of them raises."""
        for attribute, field in self._described.items():
            if field.is_text:
                (self.text if field.is_required else self.optional_text)(attribute)

    def check_pattern(self, attribute: str, text: str | None, expected: str) -> str | None:
        """Check a text against its pattern, and that nothing in it is invisible. Raises InvalidInput."""
        pattern = self._described[attribute].pattern
        assert pattern is not None  # of the struct
        if text is not None and not (re.search(pattern, text) and text.isprintable()):
            raise InvalidInput(Detail(self.path(attribute), f"must be {expected}"))
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


@cache
def _described(kind: type[Received]) -> Mapping[str, Description]:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return {field.name: _description(field) for field in found.fields}


def _description(field: inspect.Field) -> Description:
    kind: inspect.Type = field.type
    extra: dict[str, Any] = {}
    if isinstance(kind, inspect.UnionType):  # with null
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    if isinstance(kind, inspect.Metadata):
        extra = kind.extra or {}
        kind = kind.type
    return Description(
        name=field.encode_name,
        is_required=field.required,
        is_text=isinstance(kind, inspect.StrType),
        longest=kind.max_length if isinstance(kind, (inspect.StrType, inspect.ListType)) else None,
        pattern=kind.pattern if isinstance(kind, inspect.StrType) else None,
        missing=extra.get(MISSING, InvalidInput),
    )
