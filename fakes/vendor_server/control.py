"""The address under which a running server is told what to do and asked what it saw.

GET /_control gives the programme and the sums, GET /_control/bills the last calls one by one. POST /_control takes a
JSON object with any of `behaviours`, `pace` (only the fields to change), `refuses`, `seed` and `reset`.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from fakes.vendor_server.behaviours import checked
from fakes.vendor_server.connection import Connection, Request
from fakes.vendor_server.failures import refusable
from fakes.vendor_server.pace import Pace

if TYPE_CHECKING:
    from fakes.vendor_server.server import VendorServer

PATH = "/_control"


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What a controller wants changed."""

    behaviours: list[str] | None = None
    pace: dict[str, float] = {}
    refuses: list[str] | None = None
    seed: int | None = None
    reset: bool = False


def respond(server: "VendorServer", request: Request, connection: Connection) -> None:
    """Answer a controller; nothing of this is counted."""
    try:
        if request.method == "POST":
            change(server, msgspec.json.decode(request.content, type=Change))
    except ValueError as error:  # msgspec's own errors are ValueErrors as well
        connection.send(400, msgspec.json.encode({"error": str(error)}))
        return
    connection.send(200, msgspec.json.encode(list(server.bills) if request.path.endswith("/bills") else state(server)))


def change(server: "VendorServer", wanted: Change) -> None:
    """Change all of it or nothing. Raises ValueError when something of it cannot be."""
    behaviours = None if wanted.behaviours is None else [checked(programmed) for programmed in wanted.behaviours]
    pace = msgspec.convert(msgspec.to_builtins(server.pace) | wanted.pace, Pace)
    refuses = server.refuses if wanted.refuses is None else refusable(wanted.refuses)
    if behaviours is not None and not behaviours:
        raise ValueError("behaviours: at least one is needed")
    if wanted.reset:
        server.reset()
        refuses = refuses if wanted.refuses is not None else frozenset()
    if wanted.reset and "latency" not in wanted.pace:
        pace.latency = 0.0
    server.pace = pace
    server.behaviours = behaviours or server.behaviours
    server.refuses = refuses
    server.seed = server.seed if wanted.seed is None else wanted.seed


def state(server: "VendorServer") -> dict[str, Any]:
    """The programme and the sums."""
    return {
        "behaviours": list(server.behaviours),
        "pace": server.pace,
        "refuses": sorted(server.refuses),
        "seed": server.seed,
        "totals": server.totals,
    }
