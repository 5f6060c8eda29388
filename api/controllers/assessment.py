"""The assessment itself: generate, submit, retake, and the archive."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

import msgspec
from litestar import Controller
from litestar.params import FromPath
from litestar.response import ServerSentEvent

from api import intake
from api.envelope import Success
from api.guards import rehearses_in_test_mode
from api.progress import events
from api.request import ApiRequest
from api.routes import documented_get, documented_put, repeatable_post
from api.schemas import (
    AnswersSaved,
    AssessmentState,
    AttemptInFull,
    AttemptList,
    AttemptSummary,
    ConceptScore,
    CurrentSet,
    Generated,
    JudgedSkill,
    KeptAnswer,
    Result,
    RetakeGenerated,
    ScoredQuestion,
    ShownQuestion,
    SkillScore,
    Submitted,
    WebhookStatus,
    Writers,
)
from api.session_auth import by_session_token
from assessment.errors import AttemptNotFound, Detail, RateLimited, ServiceUnavailable
from assessment.models import AnsweredQuestion, Attempt, Provenance, Question, ScoredAttempt, Shown, Skill, Standing
from assessment.notices import iso
from assessment.ports import AssessmentStore
from assessment.scoring.eligibility import next_calls, progress, sets_left, shown_of
from assessment.use_cases.current_set import current_set
from assessment.use_cases.fresh_set import Patience
from assessment.use_cases.generate import generate
from assessment.use_cases.retake import retake
from assessment.use_cases.save_answers import save_answers
from assessment.use_cases.submit import submit
from assessment.use_cases.time_up import end_overdue
from providers.config import SANDBOX

Answer_co = TypeVar("Answer_co", covariant=True)
Answer = TypeVar("Answer")

LAST_WORD_SECONDS = 1.0  # from the end of the waiting for a set to the answer
HANGING_SECONDS = 0.3  # of these, when the database does not answer either
RETRY_AFTER_SECONDS = 2
MAX_NUMBER_DIGITS = 9
MAX_WATCHERS = 100  # of one session in one process


class AssessmentController(Controller):
    """Everything below /assessment takes a session token."""

    path = "/assessment"
    opt = {"credential": by_session_token}  # noqa: RUF012  # Litestar reads this class attribute as it is

    @repeatable_post("/generate", operation_id="generateAssessment", guards=[rehearses_in_test_mode])
    async def generate(self, request: ApiRequest) -> Success[Generated]:
        """Get the first question set; the one that waits for answers comes back unchanged."""
        await request.fields()
        started = await _written(request, generate)
        questions = started.question_set.questions
        data = Generated(
            record_verification_id=request.standing.verification_id,
            total_questions=len(questions),
            questions=_shown(questions),
            already_generated=True if started.already_generated else msgspec.UNSET,
        )
        return request.success(data, "Assessment generated successfully")

    @repeatable_post("/submit", operation_id="submitAssessment")
    async def submit(self, request: ApiRequest) -> Success[Submitted]:
        """Answer all questions in one call; 60% passes and locks."""
        services = request.services
        verification_id = request.standing.verification_id
        answers = intake.answers(await request.fields())
        scored = await submit(
            verification_id=verification_id, answers=answers, store=services.store, clock=services.clock
        )
        data = Submitted(
            record_verification_id=verification_id,
            result=_result(scored.attempt),
            verified_skills=[_judged(skill, scored.attempt) for skill in scored.skills],
            skills_updated=len(scored.skills),
            webhook=WebhookStatus(sent=True),
        )
        return request.success(data, "Assessment submitted successfully")

    @repeatable_post("/retakeassessment", operation_id="retakeAssessment", guards=[rehearses_in_test_mode])
    async def retake(self, request: ApiRequest) -> Success[RetakeGenerated]:
        """Replace the question set with a fresh one after a failed attempt; every attempt stays in the archive."""
        await request.fields()
        retaken = await _written(request, retake)
        questions = retaken.question_set.questions
        data = RetakeGenerated(
            record_verification_id=request.standing.verification_id,
            retake_attempt_number=retaken.attempt_number,
            total_questions=len(questions),
            questions=_shown(questions),
        )
        return request.success(data, "Retake assessment generated successfully")

    @documented_get("/", operation_id="getAssessment")
    async def state(self, request: ApiRequest) -> Success[AssessmentState]:
        """Say where the assessment stands and what may be called now."""
        standing = await _settled(request)
        provenance = await request.services.store.provenance(standing.verification_id) if standing.set_state else None
        data = AssessmentState(
            record_verification_id=standing.verification_id,
            state=progress(standing),
            is_locked=standing.is_locked,
            attempts=standing.attempts,
            last_score=standing.last_score,
            next=list(next_calls(standing)),
            attempts_left=standing.policy.attempts_left(standing.attempts),
            retake_allowed_at=_moment(standing.retake_allowed_at),
            sets_left=sets_left(standing),
            time_limit_seconds=standing.time_limit,
            started_at=_moment(standing.started_at),
            ends_at=_moment(standing.ends_at),
            questions_written_by=_writers(provenance) if provenance else None,
        )
        return request.success(data, "Assessment state retrieved successfully")

    @documented_get("/progress", operation_id="getProgress")
    async def progress(self, request: ApiRequest) -> ServerSentEvent:
        """Tell how far the writing of a set is, until it has ended."""
        standing, services = request.standing, request.services
        if services.progress.watching(standing.verification_id) >= MAX_WATCHERS:
            raise RateLimited(retry_after=RETRY_AFTER_SECONDS)
        looks = services.progress.watch(standing.verification_id)
        total = services.preparations.plan.form.total
        return ServerSentEvent(events(looks, progress(standing), total))

    @documented_get("/questions", operation_id="getQuestions")
    async def questions(self, request: ApiRequest) -> Success[CurrentSet]:
        """Show the set that waits for answers, with those saved so far."""
        current = await current_set(standing=await _settled(request), store=request.services.store)
        assert current.started_at is not None  # it is sent now at the latest
        data = CurrentSet(
            record_verification_id=request.standing.verification_id,
            total_questions=len(current.questions),
            questions=_shown(current.questions),
            answers=[KeptAnswer(question_id, selected) for question_id, selected in current.saved.items()],
            started_at=iso(current.started_at),
            ends_at=_moment(current.ends_at),
        )
        return request.success(data, "Questions retrieved successfully")

    @documented_put("/answers", operation_id="saveAnswers")
    async def save(self, request: ApiRequest) -> Success[AnswersSaved]:
        """Keep answers before they are submitted."""
        answers = intake.answers_to_save(await request.fields())
        verification_id, store = request.standing.verification_id, request.services.store
        saved = await save_answers(verification_id=verification_id, answers=answers, store=store)
        return request.success(AnswersSaved(saved.saved, saved.total), "Answers saved successfully")

    @documented_get("/attempts", operation_id="listAttempts")
    async def attempts(self, request: ApiRequest) -> Success[AttemptList]:
        """List the archived attempts, oldest first."""
        attempts = await request.services.store.attempts(request.standing.verification_id)
        return request.success(
            AttemptList([_summary(attempt) for attempt in attempts]), "Attempts retrieved successfully"
        )

    @documented_get("/attempts/{number:str}", operation_id="getAttempt")
    async def attempt(self, request: ApiRequest, number: FromPath[str]) -> Success[AttemptInFull]:
        """Show one archived attempt in full, right answers included."""
        archived = None
        if number.isascii() and number.isdigit() and len(number) <= MAX_NUMBER_DIGITS:
            archived = await request.services.store.attempt(request.standing.verification_id, int(number))
        if archived is None:
            raise AttemptNotFound
        return request.success(_in_full(archived), "Attempt retrieved successfully")


class UseCase(Protocol[Answer_co]):
    """generate or retake."""

    async def __call__(
        self, *, arrived: Standing, scenario: str | None, patience: Patience, store: AssessmentStore
    ) -> Answer_co: ...


async def _written(request: ApiRequest, use_case: UseCase[Answer]) -> Answer:
    """Have a set written, and answer before the client hangs up.

    Raises what the use case raises, or ServiceUnavailable when the database hangs: what came of it is then unknown.
    """
    services, deadline = request.services, request.deadline
    reserve = max(0.0, services.reserve_seconds - LAST_WORD_SECONDS)
    patience = Patience(deadline.shortened(LAST_WORD_SECONDS), reserve)
    try:
        async with asyncio.timeout(deadline.remaining - HANGING_SECONDS):
            return await use_case(
                arrived=request.standing, scenario=request.scenario, patience=patience, store=services.store
            )
    except TimeoutError:
        unknown = Detail("", "whether the set was replaced is not known yet; GET /assessment tells")
        raise ServiceUnavailable(unknown, retry_after=RETRY_AFTER_SECONDS) from None


async def _settled(request: ApiRequest) -> Standing:
    """How the verification stands, once an attempt whose time is up has been scored."""
    standing, services = request.standing, request.services
    if not standing.is_over:
        return standing
    await end_overdue(verification_id=standing.verification_id, store=services.store, clock=services.clock)
    return await services.store.look(standing.verification_id)


def _moment(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _shown(questions: Sequence[Question]) -> list[ShownQuestion]:
    return [ShownQuestion(question.question_id, question.stem, list(question.options)) for question in questions]


def _result(attempt: Attempt) -> Result:
    if attempt.passed:
        message = "Congratulations! You passed the assessment."
    elif attempt.policy.attempts_left(attempt.number) == 0:
        message = "You did not pass, and there is no further attempt."
    else:
        message = "You did not pass this time; you can take a new set of questions."
    return Result(
        score=attempt.score,
        passed=attempt.passed,
        attempt_number=attempt.number,
        correct_answers=attempt.correct,
        total_questions=attempt.total,
        message=message,
    )


def _judged(skill: Skill, attempt: Attempt) -> JudgedSkill:
    return JudgedSkill(
        skill_id=skill.skill_id,
        name=skill.name,
        verified=attempt.passed,
        status="verified" if attempt.passed else "rejected",
        verified_at=iso(attempt.submitted_at) if attempt.passed else None,
        verified_by="assessment",
    )


def _summary(attempt: ScoredAttempt) -> AttemptSummary:
    return AttemptSummary(
        attempt_number=attempt.number,
        score=attempt.score,
        passed=attempt.passed,
        correct_answers=attempt.correct,
        total_questions=attempt.total,
        submitted_at=iso(attempt.submitted_at),
        timed_out=attempt.timed_out,
        skills=[SkillScore(tally.skill_id, tally.name, tally.correct, tally.total) for tally in attempt.skills],
        concepts=[ConceptScore(it.skill_id, it.concept, it.correct, it.total) for it in attempt.concepts],
    )


def _in_full(attempt: Attempt) -> AttemptInFull:
    summary, shown = _summary(attempt), shown_of(attempt)
    questions = () if shown is Shown.NONE else attempt.questions
    return AttemptInFull(
        **{field: getattr(summary, field) for field in summary.__struct_fields__},
        answers_shown=shown.value,
        questions=[_scored(question, with_key=shown is Shown.FULL) for question in questions],
    )


def _scored(question: AnsweredQuestion, *, with_key: bool) -> ScoredQuestion:
    return ScoredQuestion(
        question_id=question.question_id,
        skill_id=question.skill_id,
        concept=question.concept.name if question.concept else None,
        question=question.stem,
        options=list(question.options),
        selected_answer=question.selected,
        is_correct=question.selected == question.key,
        correct_answer=question.key if with_key else msgspec.UNSET,
        explanation=question.rationale if with_key else msgspec.UNSET,
    )


def _writers(provenance: Provenance) -> Writers:
    models = sorted({share.model for share in provenance.vendors})
    kind: Literal["ai", "bank"] = "bank" if set(models) == {SANDBOX} else "ai"
    return Writers(kind, models, provenance.prompt_version)
