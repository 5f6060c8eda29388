"""A server that is demoted, read-only or silent is an outage, which ends by itself when there is one to write to."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from assessment.errors import ServiceUnavailable
from db import connecting
from db import engine as module
from db.engine import RetakeEngine
from tests.integration.deployment import client_of
from tests.integration.postgres import Postgres, postgres, standby_of, url_of
from tests.journey import Journey
from tests.server_process import ServerProcess, run_retake, serving
from tests.waiting import until

HEALED_SECONDS = 20.0
CALLS = 6
OPEN = 4


class Traffic:
    """Students who go on whatever they are answered; `answers` counts what that was."""

    def __init__(self, server: ServerProcess, journey: Journey) -> None:
        self._server = server
        self.journey = journey
        self.answers: Counter[tuple[int, str]] = Counter()

    async def is_served(self) -> bool:
        """Whether everything is answered as if nothing had been."""
        return await self._writes_answered() == {200} and await self.is_ready()

    async def is_refused(self) -> bool:
        """Whether nothing can be written, and the load balancer is told."""
        return await self._writes_answered() == {503} and not await self.is_ready()

    async def is_ready(self) -> bool:
        response = await self.journey.client.get(f"{self._server.root_url}/health/ready")
        return response.status_code == 200

    async def _writes_answered(self) -> set[int]:
        """Write and read at the same time, so that several connections are in use."""
        reads = [self.journey.client.get("/assessment", headers=self.journey.headers) for _ in range(CALLS)]
        writes = [self.journey.choose_method() for _ in range(CALLS)]
        responses = await asyncio.gather(*writes, *reads)
        for response in responses:
            assert response.status_code != 503 or int(response.headers["retry-after"]) > 0
        self.answers.update(_said(response) for response in responses)
        return {response.status_code for response in responses[:CALLS]}


def _said(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("error", {}).get("code", "")


@asynccontextmanager
async def _traffic(url: str) -> AsyncIterator[Traffic]:
    environment = {"RETAKE_DATABASE_URL": url, "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1"}
    await run_retake("db", "upgrade", environment=environment)
    printed = await run_retake("keys", "create", "--mode", "test", "--name", "tests", environment=environment)
    async with serving(environment) as server, client_of(server) as client:
        journey = await Journey(client, printed.splitlines()[-1]).failed()
        traffic = Traffic(server, journey)
        await until(traffic.is_served)
        yield traffic


async def test_after_a_switchover_the_other_host_is_used_and_nothing_but_outages_is_answered_meanwhile() -> None:
    async with postgres() as primary, standby_of(primary) as standby, _traffic(url_of(primary, standby)) as traffic:
        await primary.stop()
        await until(traffic.is_refused, HEALED_SECONDS)
        await standby.run("SELECT pg_promote()")
        primary.follow(standby)
        primary.start()  # the first host of the URL answers again, but only to those who read
        await until(primary.answers)
        await until(traffic.is_served, HEALED_SECONDS)

        assert set(traffic.answers) == {(200, ""), (503, "SERVICE_UNAVAILABLE")}
        assert (await traffic.journey.state())["attempts"] == 1
        assert (await traffic.journey.retake()).status_code == 200


async def test_a_server_that_becomes_read_only_is_an_outage_until_it_can_be_written_to_again() -> None:
    async with postgres() as server, _traffic(server.url) as traffic:
        await server.set("default_transaction_read_only", "on")
        await until(traffic.is_refused, HEALED_SECONDS)
        await server.set("default_transaction_read_only", "off")
        await until(traffic.is_served, HEALED_SECONDS)
        assert set(traffic.answers) == {(200, ""), (503, "SERVICE_UNAVAILABLE")}


@pytest.fixture
async def two() -> AsyncIterator[tuple[Postgres, Postgres]]:
    async with postgres() as first, postgres() as second:
        yield first, second


async def test_a_first_host_that_is_silent_does_not_keep_us_from_the_second(
    two: tuple[Postgres, Postgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.5)
    first, second = two
    first.freeze()
    own = RetakeEngine(lambda: url_of(first, second))
    await own.connect()
    assert await _port(own) == second.port
    await own.close_pool()


async def test_connections_to_a_server_that_was_demoted_or_fell_silent_are_not_used_again(
    two: tuple[Postgres, Postgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(module, "COMMAND_SECONDS", 2)
    monkeypatch.setattr(module, "GIVE_BACK_SECONDS", 0.1)
    first, second = two
    own = RetakeEngine(lambda: url_of(first, second))
    await own.connect()
    assert await _port(own) == first.port

    await _open_connections(own)
    await first.set("default_transaction_read_only", "on")
    await until(lambda: _is_read_only(own))
    with pytest.raises(ServiceUnavailable):
        await own.run_ddl("CREATE TABLE refused (number int)")
    assert {await _port(own) for _ in range(OPEN)} == {second.port}

    await first.set("default_transaction_read_only", "off")
    await _open_connections(own)
    second.freeze()
    with pytest.raises(ServiceUnavailable):
        await own.run_ddl("SELECT 1")
    assert {await _port(own) for _ in range(OPEN)} == {first.port}
    await own.close_pool()


async def _open_connections(engine: RetakeEngine) -> None:
    await asyncio.gather(*(engine.run_ddl("SELECT pg_sleep(0.1)") for _ in range(OPEN)))


async def _is_read_only(engine: RetakeEngine) -> bool:
    rows = await engine.run_ddl("SELECT current_setting('transaction_read_only') AS is_read_only")
    return bool(rows[0]["is_read_only"] == "on")


async def _port(engine: RetakeEngine) -> int:
    rows = await engine.run_ddl("SELECT inet_server_port() AS port")
    port: int = rows[0]["port"]
    return port


CODES = {
    "25006": "read-only",
    "25P03": "idle in transaction for too long",
    "25P04": "a transaction that took too long",
    "08006": "connection failure",
    "53000": "insufficient resources",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "53400": "a limit of the configuration",
    "57014": "cancelled",
    "57P01": "shut down by an administrator",
    "57P02": "shut down after a crash",
    "57P03": "cannot connect now",
    "57P04": "database dropped",
    "57P05": "idle for too long",
    "58000": "system error",
    "58030": "input or output failed",
}


@pytest.mark.parametrize("code", CODES, ids=lambda code: CODES[code])
async def test_every_way_in_which_a_server_is_of_no_use_is_an_outage(engine: RetakeEngine, code: str) -> None:
    own = RetakeEngine(engine.locate)
    with pytest.raises(ServiceUnavailable) as caught:
        await own.run_ddl(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")
    assert caught.value.retry_after
