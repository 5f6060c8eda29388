"""The scripted vendors, all in one process of their own so that they do not share the core of what is measured."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from bench.beside import beside
from bench.chaos.plan import NO_SUCH_HOST, REFUSED, VENDORS, Cell
from fakes.vendor_server import Pace, VendorServer
from fakes.vendor_server.unreachable import UNKNOWN_HOST, over_tls, refusing

TOKENS_PER_EVENT = 16  # long events, so that two cores keep up


class Lane:
    """Three vendors that one run at a time has for itself."""

    def __init__(self, ports: list[int], refused: str, client: httpx.AsyncClient) -> None:
        self._roots = [f"http://127.0.0.1:{port}" for port in ports]
        self._refused = refused
        self._client = client

    async def prepare(self, behaviours: tuple[str, ...], pace: Pace, seed: int) -> None:
        """Programme the vendors and set their counters to nothing."""
        for number, (root, behaviour) in enumerate(zip(self._roots, behaviours, strict=True)):
            times = {name: value for name, value in msgspec.to_builtins(pace).items() if isinstance(value, float)}
            change = {"reset": True, "behaviours": [behaviour], "pace": times, "seed": seed * 10 + number}
            (await self._client.post(f"{root}/_control", json=change)).raise_for_status()

    async def calls(self) -> int:
        """How many requests have reached the three."""
        return sum([(await self._totals(root))["calls"] for root in self._roots])

    def api_base(self, cell: Cell, vendor: int, dialect: str) -> str:
        """Where a vendor is to be asked; LiteLLM wants the version in the address of one dialect only."""
        root = self._roots[vendor]
        if cell.is_unreachable(vendor):
            root = {REFUSED: self._refused, NO_SUCH_HOST: UNKNOWN_HOST}.get(cell.fault, over_tls(root))
        return f"{root}/v1" if dialect == "openai" else root

    async def _totals(self, root: str) -> dict[str, Any]:
        totals: dict[str, Any] = (await self._client.get(f"{root}/_control")).json()["totals"]
        return totals


@contextmanager
def farm(lanes: int) -> Iterator[list[list[int]]]:
    """Run so many times three vendors; gives their ports."""
    with beside("bench.chaos.farm", str(lanes)) as line:
        yield json.loads(line)


@contextmanager
def lanes_of(ports: list[list[int]], client: httpx.AsyncClient) -> Iterator[list[Lane]]:
    """The lanes of a farm, and an address where connections are refused."""
    with refusing() as refused:
        yield [Lane(three, refused, client) for three in ports]


async def _serve(lanes: int) -> None:
    servers = [
        [VendorServer(keep=0, pace=Pace(tokens_per_event=TOKENS_PER_EVENT)) for _ in range(VENDORS)]
        for _ in range(lanes)
    ]
    for server in (server for lane in servers for server in lane):
        await server.start()
    print(json.dumps([[server.port for server in lane] for lane in servers]), flush=True)  # noqa: T201 - its output
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner() as runner:
        runner.run(_serve(int(sys.argv[1])))
