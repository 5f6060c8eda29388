"""A person's data: all of it is given out, and afterwards nothing of it is left anywhere."""

import asyncio
import json
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from api.settings import SettingsError, settings_from
from assessment.credentials import SYSTEM, digest
from assessment.models import Mode
from db.audit import newest
from db.engine import RetakeEngine
from db.sweeping import SWEEPS, Retention, sweeps_for
from jobs.housekeeping import sweep_all
from tests.journey import Journey, Json
from tests.rows import fetch

SCHEMAS = ("public", "jobs")


class Canaries:
    """Words that stand nowhere else, one for each field that a client can fill."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def of(self, field: str) -> str:
        return self.words.setdefault(field, f"Cn{uuid4().hex[:12]}")


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
async def canary_person(journey: Journey, canaries: Canaries) -> Journey:
    """Somebody with a canary in every field: two verifications, an attempt, and a set that waits half answered."""
    word = canaries.of
    item = {"name": word("name of item"), "description": word("description"), "own": {word("own field"): word("own")}}
    journey.profile = {
        "verify": {
            "studentId": word("student id"),
            "callbackWebhookUrl": f"http://127.0.0.1:9/{word('webhook url')}",
            "name": word("name"),
            "email": f"{word('email')}@example.com",
            "phoneNumber": "+49 30 1234567",
            "skillIds": [word("skill id at verify")],
            "projects": [{"projectId": word("project id"), "startDate": word("start"), "endDate": word("end"), **item}],
            "experience": [
                {**item, "workExperienceId": word("job id"), "role": word("role"), "companyName": word("company")}
            ],
            "certificates": [
                {**item, "certificateId": word("certificate id"), "issuer": word("issuer"), "issueDate": word("date")}
            ],
        },
        "skills": [
            {
                "skillId": word("skill id"),
                "name": word("skill name"),
                "proofUrls": [f"https://example.com/{word('proof')}"],
            },
            {"skillId": "sql"},
        ],
        "items": {"projectIds": [word("project id")]},
    }
    first = await _verify(journey, {"idempotency-key": word("key of verify"), "x-request-id": word("request id")})
    for step in (journey.store_skills, journey.choose_method, journey.attach):
        (await step()).raise_for_status()
    marked = {"x-sandbox-scenario": "marked"}
    (await journey.generate(**{"idempotency-key": word("key of generate"), **marked})).raise_for_status()
    (await journey.submit(right=0)).raise_for_status()
    (await journey.retake(**{"idempotency-key": word("key of retake"), **marked})).raise_for_status()
    (await journey.save(journey.questions[0], 1)).raise_for_status()
    again = Journey(journey.client, journey.api_key)
    again.profile = journey.profile
    await _verify(again, {"idempotency-key": word("key of the second verify")})
    assert again.student_id == journey.student_id
    assert first.is_success
    return journey


async def _verify(journey: Journey, headers: dict[str, str]) -> httpx.Response:
    sent = {"x-api-key": journey.api_key, **headers}
    response = await journey.client.post("/verify", json=journey.profile["verify"], headers=sent)
    data = response.raise_for_status().json()["data"]
    journey.token, journey.verification_id = data["sessionToken"], data["recordVerificationId"]
    journey.student_id = data["recordUserId"]
    return response


async def whole_dump() -> str:
    """Every row of every table, queues included."""
    tables = await fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY({}) ORDER BY 1, 2", list(SCHEMAS)
    )
    assert len(tables) > 20
    parts = []
    for table in tables:
        name = f"{table['schemaname']}.{table['tablename']}"
        rows = await fetch(f"SELECT to_jsonb(t)::text AS row FROM {name} t")  # noqa: S608  # a table's name
        parts += [row["row"] for row in rows]
    # what is kept as bytes may be text
    payloads = await fetch("SELECT convert_from(payload, 'UTF8') AS row FROM jobs.pgqueuer WHERE payload IS NOT NULL")
    return "\n".join(parts + [row["row"] for row in payloads])


async def export(journey: Journey) -> Json:
    headers = {"x-api-key": journey.api_key}
    response = await journey.client.get(f"/users/{journey.student_id}/export", headers=headers)
    data: Json = response.raise_for_status().json()["data"]
    return data


async def erase(journey: Journey) -> httpx.Response:
    return await journey.client.delete(f"/users/{journey.student_id}", headers={"x-api-key": journey.api_key})


NOT_OF_THE_PERSON = {"request id", "key of verify", "key of generate", "key of retake", "key of the second verify"}


async def test_an_export_has_every_word_that_was_sent(canary_person: Journey, canaries: Canaries) -> None:
    text = json.dumps(await export(canary_person))
    missing = [field for field, word in canaries.words.items() if word not in text and field not in NOT_OF_THE_PERSON]
    assert missing == []
    for question in canary_person.questions:
        assert question["questionId"] in text


async def test_after_an_erasure_nothing_of_the_person_is_left_in_any_table_or_queue(
    canary_person: Journey, canaries: Canaries
) -> None:
    before = await whole_dump()
    assert [field for field, word in canaries.words.items() if word not in before and field != "request id"] == []
    stems = [question["question"] for question in canary_person.questions]
    ids = [question["questionId"] for question in canary_person.questions]
    session = digest(canary_person.token).hex()
    assert all(question_id in before for question_id in ids)
    assert session in before
    sealed = await fetch("SELECT id FROM idempotent_request WHERE verification = {}", canary_person.verification_id)
    assert len(sealed) >= 3

    erased = (await erase(canary_person)).raise_for_status().json()["data"]["erased"]
    assert erased["verifications"] == 2
    assert erased["attempts"] == 1
    assert erased["keptAnswers"] == 4
    after = await whole_dump()
    assert [field for field, word in canaries.words.items() if word in after] == []
    assert [question_id for question_id in ids if question_id in after] == []
    assert [stem for stem in stems if canaries.of("name of item") in stem and stem in after] == []
    assert session not in after
    assert not [row["id"] for row in sealed if str(row["id"]) in after]


async def test_an_export_has_no_right_answer_of_what_is_still_to_be_answered(canary_person: Journey) -> None:
    data = await export(canary_person)
    (waiting,) = data["questionSets"]
    assert [question.keys() for question in waiting["questions"]] == [{"questionId", "question", "options"}] * 10
    assert waiting["answers"]
    assert {"provenance", "making"}.isdisjoint(waiting)
    assert all("digest" not in session for session in data["sessions"])


async def test_who_was_erased_is_gone_for_everybody_and_may_come_again(canary_person: Journey) -> None:
    assert (await erase(canary_person)).is_success
    again = await erase(canary_person)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "USER_NOT_FOUND")
    state = await canary_person.client.get("/assessment", headers=canary_person.headers)
    assert state.json()["error"]["code"] == "INVALID_SESSION"
    before = canary_person.student_id
    await canary_person.verify()
    assert canary_person.student_id != before


async def test_exports_and_erasures_are_written_down_without_a_word_of_the_person(
    engine: RetakeEngine, canary_person: Journey, canaries: Canaries
) -> None:
    await export(canary_person)
    await erase(canary_person)
    entries = [entry for entry in await newest(engine, 100) if entry.subject == canary_person.student_id]
    assert [entry.action for entry in entries] == ["person_erased", "person_exported"]
    assert json.loads(entries[0].details)["verifications"] == 2
    assert not [word for word in canaries.words.values() if word in str(entries)]


async def test_an_erasure_leaves_everybody_else_as_they_were(
    services: Services, client: httpx.AsyncClient, canary_person: Journey, platform_name: str
) -> None:
    other = await Journey(client, canary_person.api_key).failed()
    live = await services.accounts.create_key(Mode.LIVE, "tests", platform_name)
    elsewhere = Journey(client, live.api_key)
    elsewhere.student_id = canary_person.student_id
    assert (await erase(elsewhere)).status_code == 404
    before = await export(other)
    assert (await erase(canary_person)).is_success
    after = await export(other)
    for data in (before, after):
        assert len(data.pop("notices")) == 2  # which are being delivered meanwhile
    assert after == before


async def test_calls_that_are_under_way_bring_nothing_back(canary_person: Journey, canaries: Canaries) -> None:
    async def use() -> None:
        key = {"idempotency-key": canaries.of(f"key {uuid4().hex}")}
        await canary_person.client.post("/assessment/generate", headers={**canary_person.headers, **key})
        await canary_person.save(canary_person.questions[0], 1)

    await asyncio.gather(*(use() for _ in range(10)), erase(canary_person))
    after = await whole_dump()
    assert [field for field, word in canaries.words.items() if word in after] == []


async def age(journey: Journey, days: int, column: str = "created_at") -> None:
    await fetch(
        f"UPDATE verification SET {column} = now() - make_interval(days => {{}}) WHERE id = {{}}",  # noqa: S608  # a constant of this file
        days,
        journey.verification_id,
    )
    await fetch(
        "UPDATE student SET created_at = now() - make_interval(days => {}) WHERE id = {}", days, journey.student_id
    )


async def test_who_was_not_heard_of_for_long_is_erased_and_nobody_else(
    client: httpx.AsyncClient, engine: RetakeEngine, test_key: str
) -> None:
    gone, back, young, tested = [await Journey(client, test_key).prepared() for _ in range(4)]
    for journey in (gone, back, tested):
        await age(journey, 101)
    again = Journey(client, test_key)
    again.profile = back.profile
    await again.verify()
    await age(tested, 99, "last_scored_at")
    await sweep_all(engine, asyncio.Event(), Retention())
    assert (await export(gone))["verifications"]
    await sweep_all(engine, asyncio.Event(), Retention(persons=100))
    there = await fetch(
        "SELECT id FROM student WHERE id = ANY({})", [each.student_id for each in (gone, back, young, tested)]
    )
    assert {row["id"] for row in there} == {back.student_id, young.student_id, tested.student_id}
    entry, exported = [entry for entry in await newest(engine, 50) if entry.subject == gone.student_id]
    assert exported.action == "person_exported"
    assert (entry.action, entry.actor_kind) == ("person_erased", "system")


async def test_who_comes_back_while_inactive_persons_are_erased_stays(services: Services, journey: Journey) -> None:
    await journey.prepared()
    assert await services.persons.erase(None, journey.student_id, by=SYSTEM, inactive_days=50) is None
    assert (await journey.state())["state"] == "not_started"


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [("PERSONS", "40", False), ("PERSONS", "41", True), ("SESSIONS", "0", False), ("LEDGER", "7", True)],
)
def test_retention_is_a_setting_in_days(name: str, value: str, *, fits: bool) -> None:
    environment = {f"RETAKE_KEEP_{name}_DAYS": value}
    if fits:
        assert getattr(settings_from(environment).jobs.retention, name.lower()) == int(value)
    else:
        with pytest.raises(SettingsError):
            settings_from(environment)


def test_a_deployment_that_says_nothing_keeps_what_it_kept() -> None:
    assert settings_from({}).jobs.retention == Retention()
    assert sweeps_for(Retention()) == SWEEPS
