"""What a skill is called: a session's name is its verification's, a platform's name is the platform's."""

import httpx
import msgspec
import pytest

from api.services import Services
from assessment.models import Mode
from jobs.vendors import Vendors
from tests.fakes import FakeWriter
from tests.journey import Journey, Json
from tests.rows import fetch

SKILL = "acme-star-schemas"


@pytest.fixture
def writer(vendors: Vendors) -> FakeWriter:
    """Writes in live mode too, and keeps what was asked of it."""
    writer = FakeWriter()
    vendors.current = msgspec.structs.replace(vendors.current, writer=writer)
    return writer


async def name(client: httpx.AsyncClient, api_key: str, skill_id: str, name: str) -> httpx.Response:
    return await client.put(f"/skills/{skill_id}", json={"name": name}, headers={"x-api-key": api_key})


async def with_skills(client: httpx.AsyncClient, api_key: str, skills: list[Json]) -> Journey:
    """A verification that is ready to be asked about these skills."""
    journey = Journey(client, api_key)
    journey.profile["skills"] = skills
    return await journey.prepared()


async def stored_name(journey: Journey) -> str:
    response = await journey.client.get(f"/metadata/user/{journey.student_id}", headers={"x-api-key": journey.api_key})
    found: str = response.json()["data"][0]["skillName"]
    return found


async def test_every_prompt_webhook_mail_and_answer_has_the_verifications_own_name(
    client: httpx.AsyncClient, live_key: str, writer: FakeWriter, notices: dict[str, list[str]]
) -> None:
    """Live, since test mode sends no mail; two students whose sessions name one skill differently."""
    for own in ("Name of the first", "Name of the second"):
        journey = await with_skills(client, live_key, [{"skillId": SKILL, "name": own}])
        assert (await journey.client.post("/assessment/generate", headers=journey.headers)).is_success
        (row,) = await fetch("SELECT questions FROM question_set WHERE verification = {}", journey.verification_id)
        shown = msgspec.json.decode(row["questions"])  # a mail names the skills of those who passed
        chosen = [{"questionId": question["question_id"], "selectedAnswer": question["key"]} for question in shown]
        submitted = await client.post("/assessment/submit", json={"answers": chosen}, headers=journey.headers)
        assert [skill["name"] for skill in submitted.json()["data"]["verifiedSkills"]] == [own]
        assert {slot.skill.name for slot in writer.briefs[-1].slots} == {own}
        bodies = notices[journey.verification_id]
        assert len(bodies) == 3  # initiated, completed, and the mail
        assert all(own in body for body in bodies)


async def test_a_platform_names_a_skill_once_for_all_its_sessions_in_both_modes(
    client: httpx.AsyncClient, test_key: str, live_key: str
) -> None:
    answer = await name(client, test_key, SKILL, " Star Schemas ")
    assert answer.json()["data"] == {"skillId": SKILL, "name": "Star Schemas"}
    for key in (test_key, live_key):
        journey = await with_skills(client, key, [{"skillId": SKILL, "name": "What a browser says"}])
        assert await stored_name(journey) == "Star Schemas"
        assert (await journey.store_skills([{"skillId": SKILL}])).is_success
        assert await stored_name(journey) == "Star Schemas"


async def test_a_platform_renames_a_skill_and_what_was_stored_before_keeps_its_name(
    client: httpx.AsyncClient, test_key: str
) -> None:
    await name(client, test_key, SKILL, "Star Schemas")
    before = await with_skills(client, test_key, [{"skillId": SKILL}])
    assert (await name(client, test_key, SKILL, "Dimensional Modelling")).is_success
    after = await with_skills(client, test_key, [{"skillId": SKILL}])
    assert (await stored_name(before), await stored_name(after)) == ("Star Schemas", "Dimensional Modelling")


async def test_a_platforms_name_comes_before_the_catalogues_and_concerns_nobody_else(
    client: httpx.AsyncClient, services: Services, test_key: str, platform_name: str
) -> None:
    assert (await name(client, test_key, "sql", "Structured Query Language")).is_success
    other_key = (await services.accounts.create_key(Mode.TEST, "tests", f"not-{platform_name}")).api_key
    own = await with_skills(client, test_key, [{"skillId": "sql"}])
    other = await with_skills(client, other_key, [{"skillId": "sql"}])
    assert (await stored_name(own), await stored_name(other)) == ("Structured Query Language", "SQL")
    unknown = Journey(client, other_key)
    await name(client, test_key, SKILL, "Star Schemas")
    await unknown.verify()
    assert (await unknown.store_skills([{"skillId": SKILL}])).json()["error"]["code"] == "INVALID_INPUT"
    found = await client.get("/skills/search", params={"keyword": "Structured Query"})
    assert found.json()["data"]["count"] == 0


async def test_a_session_names_no_skill_for_its_platform(journey: Journey) -> None:
    await journey.verify()
    refused = await name(journey.client, journey.token, SKILL, "Mine")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("skill_id", "body", "code"),
    [
        ("%20", {"name": "x"}, "MISSING_SKILL_ID"),
        ("x" * 201, {"name": "x"}, "INVALID_INPUT"),
        ("a%00b", {"name": "x"}, "INVALID_INPUT"),
        (SKILL, {}, "MISSING_NAME"),
        (SKILL, {"name": " "}, "MISSING_NAME"),
        (SKILL, {"name": 7}, "INVALID_INPUT"),
        (SKILL, {"name": "x" * 301}, "INVALID_INPUT"),
        (SKILL, {"name": "a\x00b"}, "INVALID_INPUT"),
    ],
)
async def test_ids_and_names_follow_the_rules_of_the_other_calls(
    client: httpx.AsyncClient, test_key: str, skill_id: str, body: Json, code: str
) -> None:
    answer = await client.put(f"/skills/{skill_id}", json=body, headers={"x-api-key": test_key})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
