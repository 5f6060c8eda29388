"""A server in live mode whose two model vendors are scripted, and whose configuration can be changed."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from assessment.models import Concept, Difficulty, MapKey, Mode, Origin, OriginKind
from db.concept_maps import PostgresConceptMaps
from db.engine import RetakeEngine, engine_from
from fakes.vendor_server import VendorServer
from tests.integration.deployment import Deployment, client_of, deployed
from tests.journey import Journey, profile
from tests.server_process import ServerProcess, serving
from tests.waiting import until

CONCEPTS = 60
MADE_UP = Origin(OriginKind.PERSON)
KEY = "vendor-key-that-nobody-may-see"

FILE = """
budget_seconds: 20
reserve_seconds: 2
vendors:
  - name: first
    model: openai/fake-one
    api_key: ${{VENDOR_KEY}}
    api_base: {first}
    attempt_seconds: 8
    price: {{input_per_million: 1.0, output_per_million: 2.0}}
  - name: second
    model: openai/fake-two
    api_key: ${{VENDOR_KEY}}
    api_base: {second}
    attempt_seconds: 8
    price: {{input_per_million: 10.0, output_per_million: 20.0}}
chain: [first, second]
{more}
"""


class LiveServer:
    """`file` is its provider configuration; `first` and `second` are the vendors of its chain."""

    def __init__(self, deployment: Deployment, file: Path, first: VendorServer, second: VendorServer) -> None:
        self.deployment = deployment
        self.file = file
        self.first = first
        self.second = second
        self._server: ServerProcess | None = None
        self._client: httpx.AsyncClient | None = None

    @property
    def server(self) -> ServerProcess:
        assert self._server is not None, "the server is not started"
        return self._server

    @property
    def client(self) -> httpx.AsyncClient:
        assert self._client is not None, "the server is not started"
        return self._client

    @property
    def environment(self) -> dict[str, str]:
        return {**self.deployment.environment, "RETAKE_PROVIDERS": str(self.file), "VENDOR_KEY": KEY}

    def configure(self, more: str = "") -> None:
        """Write the provider file, with more settings at its end."""
        self.file.write_text(FILE.format(first=self.first.base_url, second=self.second.base_url, more=more))

    @asynccontextmanager
    async def started(self, *arguments: str) -> AsyncIterator[None]:
        """Have it run meanwhile."""
        async with serving(self.environment, *arguments) as server, client_of(server) as client:
            self._server, self._client = server, client
            yield

    def hang_up(self) -> None:
        """Ask it to read its provider file again."""
        self.server.process.send_signal(signal.SIGHUP)

    async def take_set(self) -> Journey:
        """Take a new student to a first set. Raises HTTPStatusError when that fails."""
        journey = await self.deployment.journey(self.client).prepared()
        (await journey.generate(**{"x-test": "live"})).raise_for_status()
        return journey

    async def rows_when_settled(self, *, everything: bool = False) -> list[dict[str, Any]]:
        """The ledger's rows of the last writing, or of all, once every call that a vendor got has its row."""

        async def settled() -> bool:
            calls = self.first.calls_ever + self.second.calls_ever
            return len(await self._rows()) >= calls and not self.first.totals.in_flight + self.second.totals.in_flight

        await until(settled)
        rows = await self._rows()
        return [row for row in rows if everything or row["writing_id"] == rows[-1]["writing_id"]]

    async def _rows(self) -> list[dict[str, Any]]:
        return await self.deployment.rows("SELECT * FROM vendor_attempt ORDER BY started_at")


@asynccontextmanager
async def live_deployment(engine: RetakeEngine, file: Path, more: str = "") -> AsyncIterator[LiveServer]:
    """A deployment with a live key, vendors and a provider file; its server is yet to be started."""
    async with AsyncExitStack() as stack:
        deployment = await stack.enter_async_context(deployed(engine, Mode.LIVE))
        await _map_skills(engine_from(deployment.environment))
        first, second = [await stack.enter_async_context(VendorServer()) for _ in range(2)]
        live = LiveServer(deployment, file, first, second)
        live.configure(more)
        yield live


async def _map_skills(engine: RetakeEngine) -> None:
    """Give the skills maps, so that vendors are asked for none: their programmes and bills are of sets alone."""

    def decide(_: tuple[Concept, ...]) -> tuple[Concept, ...]:
        return tuple(
            Concept(f"matter-{number}", f"Matter {number}", f"Tests matter {number}", Difficulty.MEDIUM, MADE_UP)
            for number in range(CONCEPTS)
        )

    for skill in profile()["skills"]:
        await PostgresConceptMaps(engine).change(MapKey(Mode.LIVE, None, skill["skillId"], "en"), decide)


@asynccontextmanager
async def live_server(engine: RetakeEngine, file: Path, more: str = "") -> AsyncIterator[LiveServer]:
    """The same, started."""
    async with live_deployment(engine, file, more) as live, live.started():
        yield live
