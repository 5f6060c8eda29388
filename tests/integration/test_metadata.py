"""What a platform may know about the skills of one of its students."""

import re

import httpx

from tests.journey import Journey, Json


async def metadata(client: httpx.AsyncClient, api_key: str, student_id: str) -> list[Json]:
    response = await client.get(f"/metadata/user/{student_id}", headers={"x-api-key": api_key})
    assert response.status_code == 200, response.text
    rows: list[Json] = response.json()["data"]
    return rows


async def test_every_skill_has_a_row_with_its_status(journey: Journey) -> None:
    await journey.locked()
    rows = await metadata(journey.client, journey.api_key, journey.student_id)
    moments = [row.pop("createdAt") for row in rows]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment) for moment in moments)
    names = {"python": "Python", "sql": "SQL", "data-visualization": "Data Visualization"}
    assert sorted(rows, key=lambda row: str(row["skillName"])) == [
        {
            "skillId": skill["skillId"],
            "skillName": names[skill["skillId"]],
            "recordVerificationId": journey.verification_id,
            "verified": True,
            "status": "verified",
            "proofUrls": skill["proofUrls"],
        }
        for skill in sorted(journey.profile["skills"], key=lambda skill: names[skill["skillId"]])
    ]


async def test_the_status_follows_the_story(journey: Journey) -> None:
    async def statuses() -> set[tuple[str, bool]]:
        rows = await metadata(journey.client, journey.api_key, journey.student_id)
        return {(row["status"], row["verified"]) for row in rows}

    await journey.prepared()
    assert await statuses() == {("pending", False)}
    await journey.generate()
    await journey.submit(right=5)
    assert await statuses() == {("rejected", False)}
    await journey.retake()
    assert await statuses() == {("rejected", False)}
    await journey.submit(right=6)
    assert await statuses() == {("verified", True)}


async def test_newer_verifications_come_first(journey: Journey) -> None:
    verifications = []
    for skill in ("sql", "python"):
        await journey.verify()
        await journey.store_skills([{"skillId": skill}])
        verifications.append(journey.verification_id)
    rows = await metadata(journey.client, journey.api_key, journey.student_id)
    assert [row["skillId"] for row in rows] == ["python", "sql"]
    assert [row["recordVerificationId"] for row in rows] == verifications[::-1]


async def test_a_student_without_skills_and_one_nobody_knows_have_empty_lists(journey: Journey) -> None:
    await journey.verify()
    for student in (journey.student_id, "usr_test_unknown", "%00", "%F0%9F%98%80", "'", "x" * 5000):
        assert await metadata(journey.client, journey.api_key, student) == []


async def test_the_catalogues_name_stands_beside_a_platforms_own(journey: Journey) -> None:
    await journey.verify()
    await journey.store_skills([{"skillId": "sql", "name": "Something else"}])
    rows = await metadata(journey.client, journey.api_key, journey.student_id)
    assert [row["skillName"] for row in rows] == ["SQL"]
