"""API keys: from the environment only, and never in a log line or an error message."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Secret:
    """A value that shows itself only to those who ask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"


def read_secret(reference: str, environ: Mapping[str, str]) -> Secret:
    """Look up a reference `${NAME}`. Raises ValueError, without the value, for anything else or a missing variable."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError("must be a reference like ${OPENAI_API_KEY}; a key itself does not belong into this file")
    value = environ.get(match[1], "")
    if not value:
        raise ValueError(f"the environment variable {match[1]} is not set")
    return Secret(value)
