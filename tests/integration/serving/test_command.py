"""`retake serve` as a person starts it: what it says, what it finds first, and how many files it takes."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from piccolo_conf import DB
from serving.limits import Limits
from serving.listening import listen_at
from tests.integration.deployment import Deployment, deployed
from tests.integration.serving.raw import connected
from tests.server_process import ONE_PROCESS, ServerProcess, finished_retake, serving
from tests.waiting import until

FEW_FILES = 400


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


async def test_a_port_in_use_is_found_before_the_database_is_asked_and_told_in_one_line() -> None:
    (taken,) = listen_at("127.0.0.1", 0)
    port = str(taken.getsockname()[1])
    nowhere = {"RETAKE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    for workers in ("1", "2"):
        end = await finished_retake("serve", "--port", port, "--workers", workers, environment=nowhere)
        (line,) = end.stderr.splitlines()
        assert (end.code, line.startswith(f"Error: port {port} of 127.0.0.1 is in use")) == (1, True)
    taken.close()


async def test_an_address_that_is_none_is_told_in_one_line() -> None:
    end = await finished_retake("serve", "--host", "192.0.2.1", environment={})
    (line,) = end.stderr.splitlines()
    assert (end.code, line.startswith("Error: cannot listen at port 8000 of 192.0.2.1: ")) == (1, True)


async def test_a_limit_that_is_none_is_told_in_one_line() -> None:
    end = await finished_retake("serve", environment={"RETAKE_MAX_CONNECTIONS": "none"})
    (line,) = end.stderr.splitlines()
    assert (end.code, line) == (1, "Error: RETAKE_MAX_CONNECTIONS must be a number above 0, not 'none'")


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_people_read_the_address_and_what_is_missing_and_machines_read_the_log(
    deployment: Deployment, tmp_path: Path, workers: str
) -> None:
    printed, logged = tmp_path / "printed", tmp_path / "logged"
    with printed.open("wb") as out, logged.open("wb") as log:
        async with serving(deployment.environment, "--workers", workers, printed=out, logged=log) as server:
            lines = await _lines(printed, server)
    assert lines[0].endswith(f"serves at http://127.0.0.1:{server.port}")
    assert lines[1] == f"API documentation: http://127.0.0.1:{server.port}/docs"
    assert lines[2] == "Missing for live mode:"
    missing = "\n".join(lines[3:])
    for named in ("RETAKE_PROVIDERS", "retake keys create --mode live", "RETAKE_SMTP_URL", "RETAKE_ALLOW_PRIVATE"):
        assert named in missing
    assert [json.loads(line)["event"] for line in logged.read_text().splitlines()]
    assert "serves at" not in logged.read_text()


async def test_behind_a_proxy_with_a_path_of_its_own_addresses_have_that_path(
    deployment: Deployment, tmp_path: Path
) -> None:
    printed = tmp_path / "printed"
    with printed.open("wb") as out:
        async with serving(deployment.environment, "--root-path", "retake/", *ONE_PROCESS, printed=out) as server:
            assert (await _lines(printed, server))[1].endswith(f":{server.port}/retake/docs")
            async with httpx.AsyncClient(base_url=server.root_url) as client:
                document = (await client.get("/docs/openapi.json")).json()
                found = await client.get("/api/v1/skills/search", params={"keyword": "python"})
    assert document["servers"] == [{"url": "/retake"}]
    assert found.status_code == 200


async def test_with_few_files_idle_connections_keep_nobody_out_and_it_says_how_few(
    deployment: Deployment, tmp_path: Path
) -> None:
    printed = tmp_path / "printed"
    few = ("prlimit", f"--nofile={FEW_FILES}:{FEW_FILES}")
    with printed.open("wb") as out:
        async with (
            serving(deployment.environment, *ONE_PROCESS, printed=out, within=few) as server,
            AsyncExitStack() as stack,
        ):
            assert f"may open {FEW_FILES} files" in "\n".join(await _lines(printed, server))
            for _ in range(FEW_FILES + 50):
                await stack.enter_async_context(connected(server.port))
            stranger = await stack.enter_async_context(connected(server.port))
            await stranger.send(b"GET /health/ready HTTP/1.1\r\nhost: a\r\n\r\n")
            assert (await stranger.answer()).status == 200


async def test_it_takes_all_the_files_it_may_have(deployment: Deployment) -> None:
    async with serving(deployment.environment, *ONE_PROCESS, within=("prlimit", "--nofile=300:5000")) as server:
        (line,) = [line for line in _limits_of(server) if line.startswith("Max open files")]
    assert line.split()[3:5] == ["5000", "5000"]
    assert Limits().connections < 5000


def _limits_of(server: ServerProcess) -> list[str]:
    return Path(f"/proc/{server.process.pid}/limits").read_text().splitlines()


async def _lines(printed: Path, server: ServerProcess) -> list[str]:
    """What it has printed once it is ready, with all its workers."""
    await until(lambda: server.process.returncode is not None or bool(_read(printed)))
    return _read(printed)


def _read(printed: Path) -> list[str]:
    return printed.read_text().splitlines()
