"""The wheel holds what the product needs, and works from an empty folder without the source tree."""

import asyncio
import os
import shutil
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.starting import free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
COMMAND_SECONDS = 60.0

# Every start of Python runs what a .pth file says: whoever can add one owns the process.
KNOWN_PTH = {"_editable_impl_retake.pth", "distutils-precedence.pth", "_virtualenv.pth"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short path: it has to hold a socket."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def wheel(folder: Path) -> Path:
    """The wheel, built as an installer would, without a network."""
    await _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist"), cwd=ROOT)
    (wheel,) = (folder / "dist").glob("retake-*.whl")
    return wheel


@pytest.fixture(scope="module")
async def clean(folder: Path, wheel: Path) -> Path:
    """The commands of an environment that has the wheel installed and sees the pinned packages, not this repository."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    commands = folder / "venv" / "bin"
    installer = (sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps", "--no-cache")
    await _run(*installer, "--python", str(commands / "python"), str(wheel), cwd=folder)
    (site,) = (folder / "venv" / "lib").glob("python3.*/site-packages")
    # a folder named in a .pth file is searched, but its own .pth files, ours among them, are not run
    (site / "pinned.pth").write_text(f"{SITE_PACKAGES}\n")
    return commands


async def _run(*command: str, cwd: Path, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=_environment(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(COMMAND_SECONDS):
        stdout, stderr = await process.communicate()
    assert process.returncode == 0, stderr.decode()
    return stdout.decode()


def _environment(environment: dict[str, str]) -> dict[str, str]:
    hidden = ("RETAKE_", "PYTHON", "VIRTUAL_ENV")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(hidden)}, **environment}


def test_the_wheel_holds_code_and_data_and_nothing_of_the_workshop(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tracked = [
        file.relative_to(ROOT).as_posix()
        for room in ("api", "assessment", "bench/models", "cli", "db", "delivery", "examples", "providers", "serving")
        for file in (ROOT / room).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
    assert sorted(set(tracked) - names) == []
    for needed in ("piccolo_conf.py", "db/skill_catalogue.csv", "examples/profiles/nurse.json"):
        assert needed in names
    for part in (
        "db/piccolo_migrations/retake_",
        "providers/vendors/sandbox/bank/",
        "providers/prompts/",
        "providers/presets/",
    ):
        assert any(name.startswith(part) and name != f"{part}__init__.py" for name in names), part
    workshop = [name for name in names if name.startswith(("tests/", "bench/", "docs/", ".")) or "__pycache__" in name]
    assert [name for name in workshop if not name.startswith(("bench/models/", "bench/__init__.py"))] == []


async def test_the_command_works_from_an_empty_folder(clean: Path, folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    where = await _run(str(clean / "python"), "-c", "import api, db; print(api.__file__, db.__file__)", cwd=empty)
    assert str(ROOT) not in where
    helped = await _run(str(clean / "retake"), "--help", cwd=empty)
    assert "serve" in helped
    upgraded = await _run(str(clean / "retake"), "db", "upgrade", cwd=empty)
    assert upgraded.splitlines()[-1] == "up to date"
    assert [entry.name for entry in empty.iterdir()] == [".retake"]


async def test_the_server_starts_and_serves_from_an_empty_folder(clean: Path, folder: Path) -> None:
    empty, port = folder / "other", free_port()
    empty.mkdir()
    process = await asyncio.create_subprocess_exec(
        str(clean / "retake"), "serve", "--port", str(port), cwd=empty, env=_environment({})
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def ready() -> bool:
                try:
                    return (await client.get("/health/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready, COMMAND_SECONDS)
            found = await client.get("/api/v1/skills/search", params={"keyword": "python"})
            assert found.json()["data"]["count"] > 0
    finally:
        process.terminate()
        await process.wait()


def test_no_unexpected_path_file_runs_code_at_every_start() -> None:
    found = {file.name for file in SITE_PACKAGES.glob("*.pth")}
    assert found <= KNOWN_PTH
    # and the wheel's own adds a folder and runs nothing
    assert "import" not in (SITE_PACKAGES / "_editable_impl_retake.pth").read_text()
