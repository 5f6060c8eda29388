"""A migrated database of its own, a test-mode key on it, and servers beside each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx

from assessment.credentials import digest, new_api_key, new_id, new_webhook_secret
from assessment.models import Mode
from db.engine import RetakeEngine
from tests.integration.delivery.receiver import Receiver
from tests.journey import Journey
from tests.server_process import ServerProcess, database_url, fresh_database, run_retake

REQUEST_SECONDS = 30.0


class Deployment:
    """`environment` is what its servers start with; `database` reads it behind their backs."""

    def __init__(self, environment: dict[str, str], database: Any, api_key: str, receiver: Receiver) -> None:
        self.environment = environment
        self.database = database
        self.api_key = api_key
        self.receiver = receiver

    def journey(self, client: httpx.AsyncClient) -> Journey:
        """A student of this deployment, whose platform really listens."""
        journey = Journey(client, self.api_key)
        journey.profile["verify"]["callbackWebhookUrl"] = self.receiver.url()
        return journey

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run SQL on the deployment's database."""
        return [dict(row) for row in await self.database.fetch(statement, *values)]

    def webhook_ids(self) -> list[str]:
        """The ids of all deliveries, as they came."""
        return [delivery.headers["webhook-id"] for delivery in self.receiver.got]


def client_of(server: ServerProcess) -> httpx.AsyncClient:
    """A client of a server, patient enough for the slowest test."""
    return httpx.AsyncClient(base_url=server.base_url, timeout=REQUEST_SECONDS)


@asynccontextmanager
async def deployed(engine: RetakeEngine, mode: Mode = Mode.TEST) -> AsyncIterator[Deployment]:
    """Make a migrated database beside the test database, with a platform and its key."""
    receiver = Receiver()
    listener = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = listener.sockets[0].getsockname()[1]
    async with listener, fresh_database(engine, await migrated_template(engine)) as url:
        database = await asyncpg.create_pool(url, min_size=1, max_size=4)
        environment = {"RETAKE_DATABASE_URL": url, "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1"}
        try:
            yield Deployment(environment, database, await _new_key(database, mode), receiver)
        finally:
            await database.close()


async def migrated_template(engine: RetakeEngine) -> str:
    """Name a migrated, empty database, made when first asked for; it goes with the test server."""
    name = "rt_template"
    if not await engine.run_ddl(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):  # noqa: S608  # a constant
        await engine.run_ddl(f"CREATE DATABASE {name}")
        await run_retake("db", "upgrade", environment={"RETAKE_DATABASE_URL": database_url(engine, name)})
    return name


async def _new_key(database: Any, mode: Mode) -> str:
    """Create a key as `retake keys create` does, which takes seconds to start."""
    key = new_api_key(mode)
    platform = await database.fetchval("INSERT INTO platform (name) VALUES ('tests') RETURNING id")
    await database.execute(
        "INSERT INTO api_key (id, platform, mode, name, digest, webhook_secret) VALUES ($1, $2, $3, 'tests', $4, $5)",
        new_id("key", mode),
        platform,
        mode.value,
        digest(key),
        new_webhook_secret(),
    )
    return key
