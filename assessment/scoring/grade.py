"""From answers to a score."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from assessment.errors import Detail, IncompleteAnswers, InvalidAnswer
from assessment.models import (
    Answer,
    AnsweredQuestion,
    Attempt,
    ConceptTally,
    Question,
    QuestionSet,
    SavedAnswer,
    Skill,
    SkillTally,
    Standing,
    Timing,
)

PASS_MARK = 60


def percentage(correct: int, total: int) -> int:
    """Round correct / total x 100 with halves up, in whole numbers so that no float decides over a pass."""
    return (200 * correct + total) // (2 * total)


def is_pass(score: int) -> bool:
    """60% passes."""
    return score >= PASS_MARK


def grade(
    question_set: QuestionSet,
    answers: Sequence[Answer | None],
    skills: Sequence[Skill],
    *,
    standing: Standing,
    submitted_at: datetime,
) -> Attempt:
    """Score one submission, the next one of a verification that stands so; it keeps the policy it was taken under.

    An answer that is None was not readable. Raises IncompleteAnswers when the count differs from the set's,
    InvalidAnswer when an answer is unreadable, names no question of this set or one twice, or chooses no option.
    """
    questions = question_set.questions
    if len(answers) != len(questions):
        raise IncompleteAnswers(Detail("answers", f"has {len(answers)} entries, the set {len(questions)} questions"))
    chosen = _chosen(questions, answers)
    return _attempt(question_set, chosen, skills, standing=standing, submitted_at=submitted_at)


def grade_saved(
    question_set: QuestionSet, skills: Sequence[Skill], *, standing: Standing, submitted_at: datetime
) -> Attempt:
    """Score what was saved before the time was up; a question without an answer is wrong."""
    attempt = _attempt(question_set, question_set.saved, skills, standing=standing, submitted_at=submitted_at)
    return msgspec.structs.replace(attempt, timed_out=True)


def _attempt(
    question_set: QuestionSet,
    chosen: Mapping[str, int],
    skills: Sequence[Skill],
    *,
    standing: Standing,
    submitted_at: datetime,
) -> Attempt:
    questions = question_set.questions
    answered = tuple(_answered(question, chosen.get(question.question_id)) for question in questions)
    correct = sum(question.key == question.selected for question in answered)
    score = percentage(correct, len(answered))
    return Attempt(
        number=standing.attempts + 1,
        score=score,
        passed=is_pass(score),
        correct=correct,
        total=len(answered),
        questions=answered,
        skills=_tallies(answered, skills),
        concepts=_concept_tallies(answered, skills),
        provenance=question_set.provenance,
        submitted_at=submitted_at,
        policy=standing.policy,
        timing=Timing(question_set.started_at, question_set.ends_at, standing.time_factor),
    )


def _chosen(questions: Sequence[Question], answers: Sequence[Answer | None]) -> dict[str, int]:
    by_id = {question.question_id: question for question in questions}
    chosen: dict[str, int] = {}
    complaints: list[Detail] = []
    for position, answer in enumerate(answers):
        complaint = _complaint(f"answers[{position}]", answer, by_id, chosen)
        if complaint is not None:
            complaints.append(complaint)
        if answer is not None:
            chosen.setdefault(answer.question_id, answer.selected)
    if complaints:
        raise InvalidAnswer(*complaints)
    return chosen


def refuse_unfitting(questions: Sequence[Question], answers: Sequence[SavedAnswer | None]) -> None:
    """Check answers that are to be saved: one may be None, which takes it back, and one question may come twice.

    Raises InvalidAnswer.
    """
    by_id = {question.question_id: question for question in questions}
    sent = [Answer(answer.question_id, answer.selected or 0) if answer is not None else None for answer in answers]
    found = [_complaint(f"answers[{position}]", answer, by_id, {}) for position, answer in enumerate(sent)]
    complaints = [complaint for complaint in found if complaint is not None]
    if complaints:
        raise InvalidAnswer(*complaints)


def _complaint(
    path: str, answer: Answer | None, by_id: Mapping[str, Question], chosen: Mapping[str, int]
) -> Detail | None:
    if answer is None:
        return Detail(path, "must have a questionId, a string, and a selectedAnswer, a whole number")
    if answer.question_id not in by_id:
        return Detail(f"{path}.questionId", "is of no question of the current set")
    if answer.question_id in chosen:
        return Detail(f"{path}.questionId", "was answered before")
    last = len(by_id[answer.question_id].options) - 1
    if not 0 <= answer.selected <= last:
        return Detail(f"{path}.selectedAnswer", f"must be a number from 0 to {last}")
    return None


def _answered(question: Question, selected: int | None) -> AnsweredQuestion:
    """Copy every field of the question, so that a field added later is archived too."""
    return AnsweredQuestion(selected=selected, **msgspec.structs.asdict(question))


def _tallies(answered: Sequence[AnsweredQuestion], skills: Sequence[Skill]) -> tuple[SkillTally, ...]:
    tallies = []
    for skill in skills:
        own = [question for question in answered if question.skill_id == skill.skill_id]
        if own:
            correct = sum(question.key == question.selected for question in own)
            tallies.append(SkillTally(skill.skill_id, skill.name, correct, len(own)))
    return tuple(tallies)


def _concept_tallies(answered: Sequence[AnsweredQuestion], skills: Sequence[Skill]) -> tuple[ConceptTally, ...]:
    """By skill and concept, in the order of the skills; questions without a concept are in none."""
    order = {skill.skill_id: place for place, skill in enumerate(skills)}
    results: dict[tuple[str, str], list[bool]] = {}
    for question in sorted(answered, key=lambda it: order.get(it.skill_id, len(order))):
        if question.concept is not None:
            results.setdefault((question.skill_id, question.concept.name), []).append(question.key == question.selected)
    return tuple(ConceptTally(*about, sum(rights), len(rights)) for about, rights in results.items())
