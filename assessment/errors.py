"""Everything that can go wrong, as one tree.

RetakeError
├── InvalidInput                      what was sent does not fit
│   ├── Missing…, InvalidDataFormat, NoDataSent, InvalidSkillIds, MissingSkills, MissingSkillId, …
│   └── IncompleteAnswers, InvalidAnswer, NoItemsSelected, UnknownItem, InvalidKeyword, InvalidPage
├── CredentialError                   who is asking is unknown
│   └── MissingApiKey, InvalidApiKey, InvalidSession, SessionExpired
├── NotEligible                       the state forbids it
│   └── AssessmentLocked, AssessmentPassed, AssessmentAlreadyPassed, NoPriorAttempt, RetakeRequired,
│       AlreadySubmitted, TimeIsUp, VerificationMethodNotSet, InvalidVerificationType, ForbiddenVerification,
│       NoData, NoSkills, RetakeLimitReached, RetakeTooSoon, TooManySets, MaxSkillsPerSource,
│       DuplicateSkillsInBundle
├── NotFound
│   └── VerificationNotFound, SessionNotFound, NoQuestions, AttemptNotFound, DeliveryNotFound, UserNotFound
├── RequestConflict                   repeated or too many requests
│   └── IdempotencyKeyReused, IdempotencyKeyInUse, RateLimited
├── GenerationFailed                  the models gave no complete set within the budget
│   └── SetRefused                    what they gave breaks a rule of sets all the same
└── ServiceUnavailable                the database does not answer

Every class has a code; which HTTP status and message a code gets is decided in one place, api/errors.py.
"""

from typing import ClassVar

import msgspec


class Detail(msgspec.Struct, frozen=True):
    """Where bad input stands (a JSON path such as `projects[0].name`) and what is wrong with it."""

    field: str
    reason: str


class RetakeError(Exception):
    """Root of every error a caller can meet."""

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, *details: Detail, retry_after: int | None = None) -> None:
        super().__init__(self.code)
        self.details = details
        self.retry_after = retry_after


class InvalidInput(RetakeError):
    code = "INVALID_INPUT"


class MissingStudentId(InvalidInput):
    code = "MISSING_STUDENT_ID"


class MissingCallbackWebhookUrl(InvalidInput):
    code = "MISSING_CALLBACK_WEBHOOK_URL"


class MissingName(InvalidInput):
    code = "MISSING_NAME"


class MissingContact(InvalidInput):
    code = "MISSING_CONTACT"


class InvalidDataFormat(InvalidInput):
    code = "INVALID_DATA_FORMAT"


class NoDataSent(InvalidInput):
    """Projects, experience and certificates are all empty."""

    code = "NO_DATA"


class InvalidSkillIds(InvalidInput):
    code = "INVALID_SKILL_IDS"


class MissingVerificationId(InvalidInput):
    code = "MISSING_VERIFICATION_ID"


class MissingSkills(InvalidInput):
    code = "MISSING_SKILLS"


class MissingSkillId(InvalidInput):
    code = "MISSING_SKILL_ID"


class MissingVerificationMethod(InvalidInput):
    code = "MISSING_VERIFICATION_METHOD"


class InvalidVerificationMethod(InvalidInput):
    code = "INVALID_VERIFICATION_METHOD"


class MissingSessionToken(InvalidInput):
    code = "MISSING_SESSION_TOKEN"


class NoItemsSelected(InvalidInput):
    code = "NO_ITEMS_SELECTED"


class UnknownItem(InvalidInput):
    code = "UNKNOWN_ITEM"


class MissingAnswers(InvalidInput):
    code = "MISSING_ANSWERS"


class IncompleteAnswers(InvalidInput):
    code = "INCOMPLETE_ANSWERS"


class InvalidAnswer(InvalidInput):
    code = "INVALID_ANSWER"


class InvalidKeyword(InvalidInput):
    code = "INVALID_KEYWORD"


class InvalidPage(InvalidInput):
    code = "INVALID_PAGE"


class CredentialError(RetakeError):
    """Who is asking is unknown."""


class MissingApiKey(CredentialError):
    code = "MISSING_API_KEY"


class InvalidApiKey(CredentialError):
    code = "INVALID_API_KEY"


class InvalidSession(CredentialError):
    code = "INVALID_SESSION"


class SessionExpired(CredentialError):
    code = "SESSION_EXPIRED"


class NotEligible(RetakeError):
    """The state of the verification forbids the call."""


class AssessmentLocked(NotEligible):
    code = "ASSESSMENT_LOCKED"


class AssessmentPassed(NotEligible):
    """Passed, and the lock was lifted since."""

    code = "ASSESSMENT_PASSED"


class AssessmentAlreadyPassed(NotEligible):
    """Skills and items of a passed assessment stand."""

    code = "ASSESSMENT_ALREADY_PASSED"


class NoPriorAttempt(NotEligible):
    code = "NO_PRIOR_ATTEMPT"


class RetakeRequired(NotEligible):
    code = "RETAKE_REQUIRED"


class AlreadySubmitted(NotEligible):
    code = "ALREADY_SUBMITTED"


class TimeIsUp(NotEligible):
    """What was saved in time is scored."""

    code = "TIME_IS_UP"


class VerificationMethodNotSet(NotEligible):
    code = "VERIFICATION_METHOD_NOT_SET"


class InvalidVerificationType(NotEligible):
    code = "INVALID_VERIFICATION_TYPE"


class ForbiddenVerification(NotEligible):
    code = "FORBIDDEN_VERIFICATION"


class NoData(NotEligible):
    """No project, experience or certificate is attached."""

    code = "NO_DATA"


class NoSkills(NotEligible):
    code = "NO_SKILLS"


class RetakeLimitReached(NotEligible):
    """The platform's policy allows no further attempt."""

    code = "RETAKE_LIMIT_REACHED"


class RetakeTooSoon(NotEligible):
    """The cool-down of the platform's policy is not over."""

    code = "RETAKE_TOO_SOON"


class TooManySets(NotEligible):
    """Too many sets were asked for and not answered."""

    code = "TOO_MANY_SETS"


class MaxSkillsPerSource(NotEligible):
    code = "MAX_SKILLS_PER_SOURCE"


class DuplicateSkillsInBundle(NotEligible):
    code = "DUPLICATE_SKILLS_IN_BUNDLE"


class NotFound(RetakeError):
    """There is no such thing, or it belongs to somebody else."""

    code = "NOT_FOUND"


class VerificationNotFound(NotFound):
    code = "VERIFICATION_NOT_FOUND"


class SessionNotFound(NotFound):
    code = "SESSION_NOT_FOUND"


class NoQuestions(NotFound):
    code = "NO_QUESTIONS"


class AttemptNotFound(NotFound):
    code = "ATTEMPT_NOT_FOUND"


class UserNotFound(NotFound):
    code = "USER_NOT_FOUND"


class DeliveryNotFound(NotFound):
    code = "DELIVERY_NOT_FOUND"


class RequestConflict(RetakeError):
    """Repeated or too many requests."""


class IdempotencyKeyReused(RequestConflict):
    code = "IDEMPOTENCY_KEY_REUSED"


class IdempotencyKeyInUse(RequestConflict):
    code = "IDEMPOTENCY_KEY_IN_USE"


class RateLimited(RequestConflict):
    code = "RATE_LIMITED"


class GenerationFailed(RetakeError):
    """The models gave no complete set within the budget; nothing was changed."""

    code = "GENERATION_FAILED"


class SetRefused(GenerationFailed):
    """The set that was about to be shown breaks a rule of sets, which the way it is made should not allow."""

    def __init__(self, rules: tuple[str, ...]) -> None:
        super().__init__()
        self.rules = rules


class ServiceUnavailable(RetakeError):
    """The database does not answer."""

    code = "SERVICE_UNAVAILABLE"
