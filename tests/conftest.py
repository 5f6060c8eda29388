"""One embedded PostgreSQL for the whole run; tests keep apart by using platforms of their own."""

import asyncio
import gc
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

gc.disable()  # until all is imported: with LiteLLM, collections were more than half of it

FOLDER = Path(tempfile.mkdtemp(prefix="rt-"))
for name in [name for name in os.environ if name.startswith("RETAKE_")]:
    del os.environ[name]
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # a test may import LiteLLM before our adapter does
os.environ["RETAKE_DATA_DIR"] = str(FOLDER)  # read by piccolo_conf.py when the first table is imported

from api.app import create_app  # noqa: E402  # after the environment is set
from api.services import Services  # noqa: E402  # likewise
from api.settings import Settings  # noqa: E402  # likewise
from assessment.models import Mode  # noqa: E402  # likewise
from assessment.notices import Notice  # noqa: E402  # likewise
from db.announcements import Recipient, announce, target_of  # noqa: E402  # likewise
from db.engine import RetakeEngine  # noqa: E402  # likewise
from jobs.settings import JobSettings  # noqa: E402  # likewise
from jobs.vendors import Vendors  # noqa: E402  # likewise
from piccolo_conf import DB  # noqa: E402  # likewise
from tests.app_client import client_of_app  # noqa: E402  # likewise
from tests.journey import Journey  # noqa: E402  # likewise


def pytest_collection_finish() -> None:
    """What was imported stays, and is not looked through again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _folder() -> Iterator[None]:
    yield
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
async def app() -> AsyncIterator[Litestar]:
    """The application, running in this process on the embedded database; webhooks may go to loopback."""
    app = create_app(Settings(jobs=JobSettings(allow_private_webhooks=True, grace_seconds=2.0)))
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stop.wait()

    # a lifespan has to begin and end in one task, and a fixture does not
    life = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({life, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        waiting.cancel()
        await life
    yield app
    stop.set()
    await life


@pytest.fixture
def services(app: Litestar) -> Iterator[Services]:
    """The running services; a test may put others into app.state.services, they are put back afterwards."""
    services: Services = app.state.services
    yield services
    app.state.services = services


@pytest.fixture
def vendors(app: Litestar) -> Iterator[Vendors]:
    """Who writes the sets; a test may put somebody else into `current`, it is put back afterwards."""
    vendors: Vendors = app.state.vendors
    before = vendors.current
    yield vendors
    vendors.current = before


@pytest.fixture
def engine(app: Litestar) -> RetakeEngine:
    """The engine behind the running app."""
    return DB


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running app, without a network between."""
    async with client_of_app(app) as client:
        yield client


@pytest.fixture
def platform_name() -> str:
    """A platform no other test uses."""
    return f"platform-{uuid4().hex}"


@pytest.fixture
async def test_key(services: Services, platform_name: str) -> str:
    """A test-mode API key."""
    return (await services.accounts.create_key(Mode.TEST, "tests", platform_name)).api_key


@pytest.fixture
async def live_key(services: Services, platform_name: str) -> str:
    """A live API key of the same platform."""
    return (await services.accounts.create_key(Mode.LIVE, "tests", platform_name)).api_key


@pytest.fixture
def journey(client: httpx.AsyncClient, test_key: str) -> Journey:
    """A student's way through the API in test mode, nothing done yet."""
    return Journey(client, test_key)


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The bodies of the notices as they are stored, by verification: of a mail that has ended no word is kept."""
    stored = defaultdict[str, list[str]](list)

    async def noting(engine: RetakeEngine, recipient: Recipient, notices: Sequence[Notice]) -> None:
        bodies = [notice.body for notice in notices if target_of(recipient, notice)]
        stored[recipient.addressee.verification_id] += bodies
        await announce(engine, recipient, notices)

    monkeypatch.setattr("db.assessment_store.announce", noting)
    return stored
