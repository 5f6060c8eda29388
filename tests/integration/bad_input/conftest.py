"""One verification that no bad request may change."""

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar

from api.services import Services
from assessment.models import Mode
from tests.journey import Journey
from tests.rows import fetch
from tests.stage import Stage, client_from, served_document

EVERYTHING = """
    SELECT v::text,
           (SELECT string_agg(i::text, ' ' ORDER BY i.id) FROM source_item i WHERE i.verification = v.id) AS items,
           (SELECT string_agg(k::text, ' ' ORDER BY k.position) FROM verification_skill k WHERE k.verification = v.id)
               AS chosen,
           (SELECT string_agg(q::text, ' ' ORDER BY q.id) FROM question_set q WHERE q.verification = v.id) AS sets,
           (SELECT count(*) FROM attempt a WHERE a.verification = v.id) AS attempts,
           (SELECT count(*) FROM outbox_message m WHERE m.verification = v.id) AS messages,
           (SELECT count(*) FROM verification o WHERE o.platform = v.platform) AS verifications,
           (SELECT count(*) FROM student s WHERE s.platform = v.platform) AS students,
           (SELECT count(*) FROM skill c WHERE c.platform = v.platform) AS own_skills
    FROM verification v WHERE v.id = {}
"""


@pytest.fixture(scope="module")
async def stage(app: Litestar) -> AsyncIterator[Stage]:
    services: Services = app.state.services
    key = (await services.accounts.create_key(Mode.TEST, "bad input", "bad-input")).api_key
    async with client_from("bad-input", app) as client:
        yield Stage(app, client, await served_document(app), key)


@pytest.fixture(scope="module")
async def ready(stage: Stage) -> Journey:
    """One verification whose set waits for answers, with a webhook on its way; nothing in this file may change it."""
    return await stage.journey_to("delivering")


@pytest.fixture
async def no_rate_limit() -> None:
    """Let a file search more often than a minute allows."""
    await fetch("DELETE FROM rate_window")


@pytest.fixture
async def unchanged(ready: Journey) -> AsyncIterator[None]:
    """Compare all that is stored of the verification and beside it."""
    before = await fetch(EVERYTHING, ready.verification_id)
    assert len(before) == 1
    yield
    assert await fetch(EVERYTHING, ready.verification_id) == before
