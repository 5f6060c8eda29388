"""What a student's page changes while questions are being written counts, and costs no failure."""

import msgspec
import pytest

from assessment.deadline import Deadline
from assessment.models import Brief, WrittenSet
from assessment.ports import QuestionWriter
from jobs.vendors import Vendors
from tests.journey import Journey


class Interrupted:
    """Lets the student store other skills while the first set is being written."""

    def __init__(self, writer: QuestionWriter, journey: Journey) -> None:
        self.writer, self.journey = writer, journey
        self.asked: list[set[str]] = []

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        if not brief.seed.startswith(self.journey.verification_id):
            return await self.writer.write(brief, deadline)  # what another test has left behind
        self.asked.append({slot.skill.skill_id for slot in brief.slots})
        if len(self.asked) == 1:
            (await self.journey.store_skills([{"skillId": "sql"}])).raise_for_status()
        return await self.writer.write(brief, deadline)


@pytest.fixture
def interrupted(vendors: Vendors, journey: Journey) -> Interrupted:
    return Interrupted(vendors.current.writer, journey)


async def test_a_first_set_is_about_the_skills_stored_last(
    vendors: Vendors, journey: Journey, interrupted: Interrupted
) -> None:
    await journey.prepared()
    vendors.current = msgspec.structs.replace(vendors.current, writer=interrupted)
    assert (await journey.generate()).status_code == 200
    assert interrupted.asked == [{"python", "sql", "data-visualization"}, {"sql"}]
    await journey.submit(right=0)
    (attempt,) = (await journey.client.get("/assessment/attempts", headers=journey.headers)).json()["data"]["attempts"]
    assert [skill["skillId"] for skill in attempt["skills"]] == ["sql"]


async def test_so_is_a_retake(vendors: Vendors, journey: Journey, interrupted: Interrupted) -> None:
    await journey.failed()
    vendors.current = msgspec.structs.replace(vendors.current, writer=interrupted)
    response = await journey.retake()
    assert (response.status_code, response.json()["data"]["retakeAttemptNumber"]) == (200, 2)
    assert interrupted.asked == [{"python", "sql", "data-visualization"}, {"sql"}]
