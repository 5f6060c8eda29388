"""What a platform sends and what a student has seen may be much, and is never without bound."""

import msgspec
import pytest
from litestar import Litestar

from api.received import MAX_ITEMS
from api.services import Services
from assessment.evidence import Opening, Person, SentItem
from assessment.models import SourceKind
from assessment.use_cases.open import open_verification
from db.assessment_store import SEEN_ITEMS
from db.rate_limit import RateLimiter
from piccolo_conf import DB
from tests.journey import Journey
from tests.rows import fetch


@pytest.mark.parametrize(("count", "status"), [(MAX_ITEMS, 200), (MAX_ITEMS + 1, 400)])
async def test_the_items_of_one_kind_are_counted(journey: Journey, count: int, status: int) -> None:
    projects = [{"projectId": f"p{number}", "name": "A project"} for number in range(count)]
    answer = await journey.verify(projects=projects)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["details"][0] == {
            "field": "projects",
            "reason": f"must have at most {MAX_ITEMS} entries",
        }


async def _show(journey: Journey, skill_id: str, count: int) -> None:
    """Note items about a skill as shown to the journey's student, one after the other."""
    await fetch(
        """
        INSERT INTO shown_item (student, skill_id, stem, signature)
        SELECT {}, {}, {}::text || ' ' || number, ''::bytea FROM generate_series(1, {}) AS number
        """,
        journey.student_id,
        skill_id,
        skill_id,
        count,
    )


async def _seen(services: Services, journey: Journey) -> list[str]:
    return [item.stem for item in (await services.store.load(journey.verification_id)).seen]


async def test_of_what_a_student_has_seen_the_newest_count(journey: Journey, services: Services) -> None:
    await journey.verify()
    await _show(journey, "sql", SEEN_ITEMS + 1)
    expected = [f"sql {number}" for number in range(2, SEEN_ITEMS + 2)]
    assert await _seen(services, journey) == expected
    await journey.store_skills([{"skillId": "sql"}])
    assert await _seen(services, journey) == expected


async def test_what_was_seen_about_the_skills_at_hand_is_kept_before_what_is_newer_about_others(
    journey: Journey, services: Services
) -> None:
    await journey.verify()
    await journey.store_skills([{"skillId": "sql"}, {"skillId": "python"}])
    for skill_id, count in (("sql", 300), ("java", SEEN_ITEMS), ("python", 200)):
        await _show(journey, skill_id, count)
    assert await _seen(services, journey) == [
        *[f"sql {number}" for number in range(1, 301)],
        *[f"java {number}" for number in range(SEEN_ITEMS - 499, SEEN_ITEMS + 1)],
        *[f"python {number}" for number in range(1, 201)],
    ]


async def test_a_list_of_attempts_leaves_their_questions_in_the_archive(journey: Journey) -> None:
    await journey.verify()
    await fetch(
        """
        INSERT INTO attempt (id, verification, number, score, passed, correct, total, questions, skills, provenance,
            submitted_at)
        VALUES (gen_random_uuid(), {}, 1, 40, false, 4, 10, '"not read"', '[]', '"not read"', now())
        """,
        journey.verification_id,
    )
    answer = await journey.client.get("/assessment/attempts", headers=journey.headers)
    assert answer.status_code == 200
    assert [attempt["score"] for attempt in answer.json()["data"]["attempts"]] == [40]


async def test_the_items_stored_at_once_may_outnumber_the_parameters_of_a_statement(
    services: Services, test_key: str
) -> None:
    access = await services.accounts.platform_access(test_key)
    items = tuple(SentItem(SourceKind.PROJECT, f"p{number}", {"projectId": f"p{number}"}) for number in range(6_000))
    opening = Opening("student", "http://127.0.0.1:9/", Person("Ada", "ada@example.com", None), items)
    opened = await open_verification(access=access, opening=opening, store=services.verifications, clock=services.clock)
    stored = (await services.verifications.submission(opened.verification_id)).opening.items
    assert stored == items


async def test_ids_of_skills_are_counted(journey: Journey) -> None:
    answer = await journey.verify(skillIds=["sql"] * (MAX_ITEMS + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_SKILL_IDS")
    assert (await journey.verify(skillIds=["sql"] * MAX_ITEMS)).is_success


async def test_the_verifications_that_a_key_opens_are_counted_for_each_key(
    app: Litestar, services: Services, journey: Journey, live_key: str
) -> None:
    app.state.services = msgspec.structs.replace(services, verify_limiter=RateLimiter(DB, 3, 60))
    assert [(await journey.verify()).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = await journey.verify()
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    journey.api_key = live_key
    assert (await journey.verify()).is_success
