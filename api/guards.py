"""What a session may ask for. Guards run before the body of a request is parsed.

They are coroutines because Litestar runs any other guard in a thread, which costs more than all of its work.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from assessment.errors import Detail, InvalidInput
from assessment.models import Mode
from providers.vendors.sandbox.scenarios import SCENARIOS

SCENARIO_HEADER = "x-sandbox-scenario"

Connection = ASGIConnection[Any, Any, Any, Any]


async def rehearses_in_test_mode(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse a sandbox scenario that is unknown or asked for with live data. Raises InvalidInput."""
    scenario = connection.headers.get(SCENARIO_HEADER)
    if scenario is None:
        return
    if connection.scope["auth"].standing.mode is not Mode.TEST:
        raise InvalidInput(Detail(SCENARIO_HEADER, "is for test mode"))
    if scenario not in SCENARIOS:
        raise InvalidInput(Detail(SCENARIO_HEADER, f"must be one of {', '.join(sorted(SCENARIOS))}"))
