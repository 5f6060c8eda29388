"""What strangers may take of a server process."""

import resource
from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec

from api.settings import SettingsError

HEAD_BYTES = 32 * 1024
URL_BYTES = 16 * 1024
BODY_WIRE_BYTES = 2 * 1024 * 1024  # as it is on the wire: the smallest chunks are six times what they carry
LINGER_SECONDS = 2.0
LINGER_BYTES = 1024 * 1024
FILES_KEPT = 256  # for the database, vendors, receivers and what the interpreter opens

Number = TypeVar("Number", int, float)


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one process. Times are seconds, and for the whole head or body however it trickles in."""

    head_seconds: Annotated[float, msgspec.Meta(gt=0)] = 15.0
    body_seconds: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    idle_seconds: Annotated[float, msgspec.Meta(gt=0)] = 75.0
    connections: Annotated[int, msgspec.Meta(ge=1)] = 4096
    connections_per_address: Annotated[int, msgspec.Meta(ge=1)] = 1024


VARIABLES = {
    "RETAKE_HEAD_SECONDS": "head_seconds",
    "RETAKE_BODY_SECONDS": "body_seconds",
    "RETAKE_IDLE_SECONDS": "idle_seconds",
    "RETAKE_MAX_CONNECTIONS": "connections",
    "RETAKE_MAX_CONNECTIONS_PER_ADDRESS": "connections_per_address",
}


def limits_from(environment: Mapping[str, str]) -> Limits:
    """Read the limits that are set. Raises SettingsError, which names the variable."""
    found: dict[str, str] = {}
    for variable, field in VARIABLES.items():
        if value := environment.get(variable):
            found[field] = value
            _check(variable, field, value)
    return msgspec.convert(found, Limits, strict=False)


def _check(variable: str, field: str, value: str) -> None:
    try:
        msgspec.convert({field: value}, Limits, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{variable} must be a number above 0, not {value!r}") from error


def raise_file_limit() -> int:
    """Take all the open files that this user may have, and say how many. Children get the same."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def within_files(limits: Limits, files: int) -> Limits:
    """Lower the number of connections to what the open files allow, with some kept for ourselves."""
    room = max(files - FILES_KEPT, files // 2)
    return msgspec.structs.replace(limits, connections=min(limits.connections, room))
