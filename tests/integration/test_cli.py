"""The command line, as an operator uses it."""

import asyncio
import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from assessment.credentials import is_well_formed
from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.server_process import START_SECONDS, ServerProcess, finished_command, finished_retake, run_retake, serving
from tests.waiting import until


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: it has to hold a socket."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_key_is_shown_once_listed_without_it_and_revoked(deployment: Deployment) -> None:
    environment = deployment.environment
    made = await run_retake(
        "keys", "create", "--mode", "live", "--name", "job board", "--platform", "acme", environment=environment
    )
    *_, secret, key = made.splitlines()
    assert key.startswith("sk_live_")
    assert is_well_formed(key)
    assert secret.startswith("whsec_")
    (row,) = await deployment.rows("SELECT * FROM api_key WHERE name = 'job board'")
    assert row["digest"] == hashlib.sha256(key.encode()).digest()
    assert key not in str(row)

    listed = await run_retake("keys", "list", environment=environment)
    (line,) = [line.split("\t") for line in listed.splitlines() if "job board" in line]
    assert line[:4] == [row["id"], "live", "acme", "job board"]
    assert line[-1] == "in force"
    assert key not in listed
    assert secret not in listed

    revoked = await run_retake("keys", "revoke", row["id"], environment=environment)
    assert revoked == f"{row['id']} is revoked\n"
    again = await finished_retake("keys", "revoke", row["id"], environment=environment)
    assert (again.code, again.stderr) == (1, f"Error: no key in force has the id {row['id']}\n")


async def test_openapi_prints_the_document_and_needs_no_database() -> None:
    printed = await run_retake("openapi", environment={"RETAKE_DATABASE_URL": "postgresql://127.0.0.1:1/none"})
    document = json.loads(printed)
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/assessment/retakeassessment" in document["paths"]


async def test_a_setting_that_cannot_be_is_named_in_one_line() -> None:
    settings = {
        "RETAKE_LOG_FORMAT": ("xml", "RETAKE_LOG_FORMAT"),
        "RETAKE_DATABASE_POOLING": ("statement", "RETAKE_DATABASE_POOLING"),
        "RETAKE_VERIFY_PER_MINUTE": ("0", "RETAKE_VERIFY_PER_MINUTE"),
        "RETAKE_ALLOW_PRIVATE_WEBHOOKS": ("perhaps", "RETAKE_ALLOW_PRIVATE_WEBHOOKS"),
        "RETAKE_PROVIDERS": ("/not/there.yaml", "/not/there.yaml"),
        "RETAKE_SMTP_URL": ("mail.example.com", "smtp"),
    }
    nowhere = {"RETAKE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    ends = await asyncio.gather(
        *(
            finished_retake("serve", "--port", "0", environment={**nowhere, name: value})
            for name, (value, _) in settings.items()
        )
    )
    for end, (_, named) in zip(ends, settings.values(), strict=True):
        assert end.code == 1
        (line,) = end.stderr.splitlines()
        assert line.startswith("Error: ")
        assert named in line


async def test_two_workers_answer_and_their_counts_are_added_up(deployment: Deployment) -> None:
    async with serving(deployment.environment, "--workers", "2") as server, client_of(server) as client:

        async def ask() -> None:
            # a connection of its own each time, so that both workers get some
            async with client_of(server) as fresh:
                assert (await fresh.get("/assessment/attempts")).status_code == 401

        for _ in range(40):
            await ask()

        async def counted() -> bool:
            metrics = (await client.get(f"{server.root_url}/metrics")).text
            return _requests(metrics, "/api/v1/assessment/attempts") == 40

        await until(counted)


def _requests(metrics: str, path: str) -> float:
    """Add up the counter of requests to one path."""
    lines = [line for line in metrics.splitlines() if line.startswith("retake_requests_total{") and f'"{path}"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


async def test_first_starts_at_the_same_time_share_an_embedded_server_that_the_last_one_stops(folder: Path) -> None:
    environment = {"RETAKE_DATA_DIR": str(folder)}
    socket = folder / "postgres" / ".s.PGSQL.5432"
    first, second = serving(environment), serving(environment)
    servers = await asyncio.gather(first.__aenter__(), second.__aenter__())
    try:
        await asyncio.gather(*(_is_ready(server) for server in servers))
        await _stop(servers[0])
        assert socket.exists()
        await _is_ready(servers[1])
        await _stop(servers[1])
        assert not socket.exists()
        assert not (folder / "postgres" / "postmaster.pid").exists()
    finally:
        await asyncio.gather(first.__aexit__(None, None, None), second.__aexit__(None, None, None))


async def _is_ready(server: ServerProcess) -> None:
    """Wait for it: the worker begins a moment after the web process."""
    async with httpx.AsyncClient() as client:

        async def ready() -> bool:
            return (await client.get(f"{server.root_url}/health/ready")).status_code == 200

        await until(ready, START_SECONDS)


async def _stop(server: ServerProcess) -> None:
    server.stop()
    await server.ended()


async def test_a_server_killed_before_does_not_keep_the_embedded_one_running_for_ever(folder: Path) -> None:
    environment = {"RETAKE_DATA_DIR": str(folder)}
    async with serving(environment) as doomed:
        doomed.kill()
        await doomed.ended()
    assert (folder / "postgres" / ".s.PGSQL.5432").exists()
    async with serving(environment) as server:
        await _is_ready(server)
        await _stop(server)
    assert not (folder / "postgres" / ".s.PGSQL.5432").exists()


async def test_the_frameworks_own_commands_work(deployment: Deployment) -> None:
    program = "from litestar.__main__ import run_cli; run_cli()"
    routes, checked = await asyncio.gather(
        finished_command("-c", program, "--app", "api.app:create_app", "routes", environment=deployment.environment),
        finished_command(
            "-c", "from piccolo.main import main; main()", "migrations", "check", environment=deployment.environment
        ),
    )
    assert (routes.code, "retakeassessment" in routes.stdout) == (0, True), routes.stderr
    assert (checked.code, "True" in checked.stdout) == (0, True), checked.stderr
