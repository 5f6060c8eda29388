"""No question comes back: the writer is told every item that this student was ever shown."""

import msgspec
import pytest

from assessment.deadline import Deadline
from assessment.models import Brief, WrittenSet
from assessment.ports import QuestionWriter
from jobs.vendors import Vendors
from tests.journey import Journey


class Listening:
    """Passes every brief on to the writer it stands for."""

    def __init__(self, writer: QuestionWriter) -> None:
        self.writer = writer
        self.briefs: list[Brief] = []

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        self.briefs.append(brief)
        return await self.writer.write(brief, deadline)

    @property
    def seen(self) -> set[str]:
        """The stems of the last brief; all of them come with what the rule of novelty compares."""
        assert all(item.signature and item.skill_id for item in self.briefs[-1].seen)
        return {item.stem for item in self.briefs[-1].seen}


@pytest.fixture
def listening(vendors: Vendors) -> Listening:
    listening = Listening(vendors.current.writer)
    vendors.current = msgspec.structs.replace(vendors.current, writer=listening)
    return listening


def stems(journey: Journey) -> set[str]:
    return {question["question"] for question in journey.questions}


async def test_questions_of_every_attempt_are_known_to_the_writer(journey: Journey, listening: Listening) -> None:
    await journey.ready()
    seen = stems(journey)
    for _ in range(3):
        await journey.submit(right=0)
        await journey.retake()
        assert listening.seen == seen
        seen |= stems(journey)


async def test_a_set_that_was_never_answered_is_known_to_the_writer(journey: Journey, listening: Listening) -> None:
    await journey.failed()
    seen = stems(journey)
    await journey.retake()
    seen |= stems(journey)
    await journey.retake()
    assert listening.seen == seen


async def test_sets_replaced_unanswered_stay_known_to_the_writer(journey: Journey, listening: Listening) -> None:
    await journey.failed()
    seen = stems(journey)
    for _ in range(3):
        await journey.retake()
        assert listening.seen == seen
        seen |= stems(journey)


async def test_a_set_discarded_for_other_skills_stays_known_to_the_writer(
    journey: Journey, listening: Listening
) -> None:
    await journey.ready()
    seen = stems(journey)
    await journey.store_skills([{"skillId": "sql"}])
    await journey.generate()
    assert seen <= listening.seen


async def test_questions_of_the_students_other_verifications_are_known_to_the_writer(
    journey: Journey, listening: Listening
) -> None:
    await journey.failed()
    seen = stems(journey)
    again = Journey(journey.client, journey.api_key)
    again.profile["verify"]["email"] = journey.profile["verify"]["email"]
    await again.ready()
    assert seen <= listening.seen
