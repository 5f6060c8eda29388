"""Use case: keep answers before they are submitted."""

from collections.abc import Sequence

import msgspec

from assessment.errors import Detail, InvalidAnswer, NoQuestions
from assessment.models import SavedAnswer
from assessment.ports import AssessmentStore
from assessment.scoring.eligibility import may_answer
from assessment.scoring.grade import refuse_unfitting

TRIES = 3


class Saved(msgspec.Struct, frozen=True):
    """How many questions of the set have an answer now."""

    saved: int
    total: int


async def save_answers(
    *, verification_id: str, answers: Sequence[SavedAnswer | None] | None, store: AssessmentStore
) -> Saved:
    """Save answers to the current set; of two to one question the later one wins.

    `answers` is None when none were sent; an entry is None when it could not be read. Raises, in this order,
    NoQuestions, InvalidAnswer, AlreadySubmitted or TimeIsUp.
    """
    for _ in range(TRIES):
        current = await store.current_set(verification_id)
        if current is None:
            raise NoQuestions
        if not answers:
            raise InvalidAnswer(Detail("answers", "must be an array with at least one entry"))
        refuse_unfitting(current.questions, answers)
        chosen = {answer.question_id: answer.selected for answer in answers if answer is not None}
        saved = await store.save(verification_id, current.set_id, chosen)
        if saved is not None:
            return Saved(saved, len(current.questions))
        may_answer(await store.look(verification_id))
    raise NoQuestions  # the set was replaced each time
