"""A web process with a worker beside it pays for HTTP and nothing else."""

import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from piccolo_conf import DB
from tests.integration.deployment import client_of, deployed
from tests.server_process import AS_INSTALLED, AS_MODULE, serving
from tests.waiting import until

# Every Python process that finds this at its start writes down what it has imported when it gets the signal.
TELL = """
import os, pathlib, signal, sys
def tell(*_):
    part = pathlib.Path(__file__).parent / f"{os.getpid()}.part"
    part.write_text("\\n".join(sys.modules))
    part.rename(part.with_suffix(".modules"))
signal.signal(signal.SIGUSR1, tell)
"""
OF_WORKERS = {"litellm", "pgqueuer", "pydantic", "openai"}


@pytest.mark.parametrize("retake", [AS_MODULE, AS_INSTALLED], ids=["module", "installed"])
async def test_a_web_process_that_has_answered_generate_has_imported_nothing_that_only_workers_need(
    app: object, tmp_path: Path, retake: tuple[str, ...]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(TELL)
    async with AsyncExitStack() as stack:
        deployment = await stack.enter_async_context(deployed(DB))
        environment = {**deployment.environment, "PYTHONPATH": str(tmp_path)}
        server = await stack.enter_async_context(serving(environment, retake=retake))
        client = await stack.enter_async_context(client_of(server))
        await deployment.journey(client).ready()
        children = _children(server.process.pid)
        for pid in children:
            os.kill(pid, signal.SIGUSR1)
        await until(lambda: len(_told(tmp_path)) == len(children))
    told = _told(tmp_path)
    (web,) = [modules for modules in told if "api.app" in modules]
    (worker,) = [modules for modules in told if "pgqueuer" in modules]
    assert web is not worker
    assert web & OF_WORKERS == set()


def _told(folder: Path) -> list[set[str]]:
    return [set(path.read_text().splitlines()) for path in folder.glob("*.modules")]


def _children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    children = [int(child) for child in listing.split()]
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
