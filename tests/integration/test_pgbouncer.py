"""The whole service behind a real PgBouncer, in both pooling modes. Run by `make test-pgbouncer`."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from assessment.errors import ServiceUnavailable
from db.connecting import LIMITS, Pooling
from db.engine import RetakeEngine
from serving.starting import free_port
from tests.integration.deployment import client_of
from tests.integration.postgres import SUPERUSER, Postgres, account, postgres
from tests.journey import Journey
from tests.server_process import finished_retake, run_retake, serving
from tests.waiting import until

pytestmark = pytest.mark.pgbouncer

STUDENTS = 12
SERVER_CONNECTIONS = 3  # fewer than the service's pool, so that clients take turns
SETTINGS = ", ".join(f"current_setting('{name}') AS {name}" for name in LIMITS)
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
server_login_retry = 1
query_wait_timeout = 2
"""


def _started(server: Postgres, folder: Path, port: int, mode: str, size: int) -> subprocess.Popen[bytes]:
    folder.chmod(0o755)
    (folder / "users").write_text(f'"{SUPERUSER}" ""\n')
    settings = CONFIGURATION.format(server=server.port, port=port, folder=folder, mode=mode, size=size)
    (folder / "ini").write_text(settings)
    return subprocess.Popen(["pgbouncer", "--quiet", folder / "ini"], **account())


@asynccontextmanager
async def _pgbouncer(server: Postgres, mode: str, size: int = SERVER_CONNECTIONS) -> AsyncIterator[str]:
    """Run a pooler in front of a server, and give its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        process = _started(server, Path(folder), port, mode, size)
        url = f"postgresql://{SUPERUSER}@127.0.0.1:{port}/postgres?sslmode=disable"

        async def answers() -> bool:
            assert process.poll() is None, "pgbouncer ended"
            try:
                await (await asyncpg.connect(url, timeout=2)).close()
            except (OSError, asyncpg.PostgresError):
                return False
            return True

        try:
            await until(answers)
            yield url
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
async def server() -> AsyncIterator[Postgres]:
    async with postgres() as server:
        yield server


@asynccontextmanager
async def _served(environment: dict[str, str]) -> AsyncIterator[list[Journey]]:
    await run_retake("db", "upgrade", environment=environment)
    printed = await run_retake("keys", "create", "--mode", "test", "--name", "tests", environment=environment)
    async with serving(environment) as server, client_of(server) as client:
        yield [Journey(client, printed.splitlines()[-1]) for _ in range(STUDENTS)]


@pytest.mark.parametrize("mode", list(Pooling))
async def test_students_are_served_in_both_pooling_modes(server: Postgres, mode: Pooling) -> None:
    # a session of the service holds a server connection for itself, all the time
    size = SERVER_CONNECTIONS if mode is Pooling.TRANSACTION else 20
    async with _pgbouncer(server, mode, size) as url:
        environment = {
            "RETAKE_DATABASE_URL": url,
            "RETAKE_DATABASE_POOLING": mode,
            "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1",
        }
        async with _served(environment) as journeys:
            await asyncio.gather(*(journey.failed() for journey in journeys))
            retakes = await asyncio.gather(*(journey.retake() for journey in journeys))
            assert {response.status_code for response in retakes} == {200}
            submits = await asyncio.gather(*(journey.submit(right=10) for journey in journeys))
            assert {response.status_code for response in submits} == {200}


async def test_the_limits_of_a_session_hold_where_sessions_are_pooled(server: Postgres) -> None:
    async with _pgbouncer(server, "session") as url:
        own = RetakeEngine(lambda: url)
        await own.connect()
        rows = await own.run_ddl(f"SELECT {SETTINGS}")
        await own.close_pool()
    assert [dict(row) for row in rows] == [LIMITS]


async def test_the_limits_of_a_transaction_hold_where_transactions_are_pooled_and_leak_to_nobody(
    server: Postgres,
) -> None:
    async with _pgbouncer(server, "transaction", size=1) as url:
        own = RetakeEngine(lambda: url, pooling=Pooling.TRANSACTION)
        await own.connect()
        async with own.transaction():
            inside = await own.run_ddl(f"SELECT {SETTINGS}")
        outside = await own.run_ddl(f"SELECT {SETTINGS}")
        await own.close_pool()
    assert [dict(row) for row in inside] == [LIMITS]
    assert [dict(row) for row in outside] == [dict.fromkeys(LIMITS, "0")]


async def test_pooled_transactions_that_nobody_announced_are_one_clear_line_at_the_start(server: Postgres) -> None:
    await run_retake("db", "upgrade", environment={"RETAKE_DATABASE_URL": server.url})
    async with _pgbouncer(server, "transaction") as url:
        end = await finished_retake("serve", environment={"RETAKE_DATABASE_URL": url})
    assert (end.code, end.stderr) == (
        1,
        "Error: a pooler in transaction mode is in front of the database: set RETAKE_DATABASE_POOLING=transaction\n",
    )


@pytest.mark.parametrize("pooling", list(Pooling))
async def test_a_server_that_is_read_only_or_away_behind_a_pooler_is_an_outage_that_ends(
    server: Postgres, pooling: Pooling
) -> None:
    async with _pgbouncer(server, pooling, size=20) as url:
        own = RetakeEngine(lambda: url, pooling=pooling)
        await own.connect()
        await own.run_ddl("CREATE TABLE kept (number int)")

        async def is_written() -> bool:
            try:
                await own.run_ddl("INSERT INTO kept VALUES (1)")
            except ServiceUnavailable:
                return False
            return True

        async def is_refused() -> bool:
            return not await is_written()

        await server.set("default_transaction_read_only", "on")
        await until(is_refused)
        await server.set("default_transaction_read_only", "off")
        await until(is_written)
        await server.stop()
        await until(is_refused)
        server.start()
        await until(is_written, 30)
        await own.close_pool()
