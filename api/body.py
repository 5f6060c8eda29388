"""Reading a request body: bounded, JSON, an object, and free of what the database cannot store."""

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from assessment.errors import Detail, InvalidInput

JSON_TYPES = ("application/json", "text/json")
MAX_DEPTH = 100
DEFAULT_MAX_BYTES = 64 * 1024
VERIFY_MAX_BYTES = 256 * 1024


async def json_object(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Read the body as a JSON object; no byte at all counts as an empty one.

    Raises InvalidInput, or an HTTP 413 or 415.
    """
    raw = await request.body()
    if not raw.strip():
        return {}
    _check_content_type(request)
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(Detail("", "is not valid JSON in UTF-8")) from error
    if not isinstance(value, dict):
        raise InvalidInput(Detail("", "must be a JSON object"))
    _check_values(value, "", 0)
    return value


def _check_content_type(request: Request[Any, Any, Any]) -> None:
    media_type = request.headers.get("content-type", JSON_TYPES[0]).split(";")[0].strip().lower()
    if media_type not in JSON_TYPES and not media_type.endswith("+json"):
        raise HTTPException(status_code=415)


def _check_values(value: object, path: str, depth: int) -> None:
    """Refuse NUL, which PostgreSQL stores in neither text nor jsonb, and depth that some later reader cannot follow."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidInput(Detail(path, "holds a NUL character"))
    elif depth == MAX_DEPTH and isinstance(value, (list, dict)):
        raise InvalidInput(Detail("", "is nested too deeply"))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _check_values(entry, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        for name, entry in value.items():
            _check_values(name, path, depth)
            _check_values(entry, f"{path}.{name}" if path else name, depth + 1)
