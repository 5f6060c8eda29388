"""Stores ask the database that they were given, and no other."""

from collections.abc import AsyncIterator

import pytest

from assessment.deadline import SystemClock
from assessment.evidence import Opening, Person, SentItem
from assessment.models import Method, Mode, SourceKind
from assessment.use_cases.attach import attach
from assessment.use_cases.choose_method import choose_method
from assessment.use_cases.choose_skills import choose_skills
from assessment.use_cases.open import open_verification
from db.accounts import Accounts
from db.catalogue import Catalogue
from db.engine import RetakeEngine
from db.readiness import ReadinessCheck
from db.verifications import Verifications
from tests.integration.deployment import migrated_template
from tests.rows import fetch
from tests.server_process import fresh_database

ITEM = SentItem(SourceKind.PROJECT, "p1", {"projectId": "p1", "name": "Harbour"})


@pytest.fixture
async def other(engine: RetakeEngine) -> AsyncIterator[RetakeEngine]:
    """A migrated database beside that of the app."""
    async with fresh_database(engine, await migrated_template(engine)) as url:
        other = RetakeEngine(lambda: url)
        await other.connect()
        yield other
        await other.disconnect()


async def test_a_second_database_in_one_process_gets_what_is_its_own(other: RetakeEngine, platform_name: str) -> None:
    accounts, store = Accounts(other), Verifications(other)
    made = await accounts.create_key(Mode.TEST, "tests", platform_name)
    access = await accounts.platform_access(made.api_key)
    opening = Opening("student", "http://127.0.0.1:9/", Person("Ada", "ada@example.com", None), (ITEM,))
    opened = await open_verification(access=access, opening=opening, store=store, clock=SystemClock())
    standing = (await accounts.student_access(opened.session_token)).standing
    await choose_method(verification_id=opened.verification_id, method=Method.ASSESSMENT, store=store)
    await choose_skills(standing=standing, skills=(), store=store, names=Catalogue(other))
    key = (ITEM.kind, ITEM.external_id)
    (attached,) = await attach(verification_id=opened.verification_id, chosen={key: "projectIds[0]"}, store=store)
    assert attached.payload == ITEM.payload
    assert (await ReadinessCheck(other).look()).is_current
    assert await accounts.revoke_key(made.key_id)
    assert [key.key_id for key in await accounts.list_keys()] == [made.key_id]
    assert await fetch("SELECT 1 FROM platform WHERE name = {}", platform_name) == []
