"""One page for every operation."""

from collections.abc import Mapping

from api import received, schemas
from api.openapi import examples
from api.openapi.page import Page
from api.openapi.parameters import (
    API_KEY,
    ATTEMPT_NUMBER,
    DELIVERY_FILTERS,
    DELIVERY_ID,
    IDEMPOTENCY_KEY,
    KEYWORD,
    PAGE,
    RECORD_USER_ID,
    RECORD_VERIFICATION_ID,
    REQUEST_ID_PARAMETER,
    SCENARIO,
    SESSION,
    SESSION_TOKEN,
    SKILL_ID,
)
from api.settings import VERIFY_PER_MINUTE
from assessment.models import Policy
from assessment.scoring.eligibility import STARTS_PER_SET

VERIFICATION = "Verification"
ASSESSMENT = "Assessment"
ARCHIVE = "Archive"
SKILLS = "Skills"
WEBHOOKS = "Webhooks"
PERSONS = "Persons"
HEALTH = "Health"
TAGS = {
    VERIFICATION: "The way to an assessment: a session, then skills, method and source items.",
    ASSESSMENT: "Question sets and their results.",
    ARCHIVE: "Submitted attempts, kept for good.",
    SKILLS: "The skill catalogue, and what is known about a student's skills.",
    WEBHOOKS: "What was sent to your `callbackWebhookUrl`, and what became of it.",
    PERSONS: "What is stored of a person, and its erasure.",
    HEALTH: "For load balancers and operators; outside `/api/v1` and without the envelope.",
}

GET = (REQUEST_ID_PARAMETER,)
POST = (IDEMPOTENCY_KEY, REQUEST_ID_PARAMETER)

OURS = ("INTERNAL_ERROR", "SERVICE_UNAVAILABLE")
OF_POST = (
    "INVALID_INPUT",
    "IDEMPOTENCY_KEY_IN_USE",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "IDEMPOTENCY_KEY_REUSED",
    *OURS,
)
OF_API_KEY = ("MISSING_API_KEY", "INVALID_API_KEY")
OF_SESSION = ("MISSING_API_KEY", "INVALID_SESSION", "SESSION_EXPIRED")
OF_EVIDENCE = ("MAX_SKILLS_PER_SOURCE", "DUPLICATE_SKILLS_IN_BUNDLE", "ASSESSMENT_ALREADY_PASSED")
OF_GENERATION = (
    "INVALID_VERIFICATION_TYPE",
    "TOO_MANY_SETS",
    "NO_DATA",
    "NO_SKILLS",
    "GENERATION_FAILED",
    "RATE_LIMITED",
)

BOUNDED = (
    f"Before a submit at most {Policy().sets_per_attempt} sets are written, unless your platform's policy says "
    "otherwise, those that were discarded for other skills or items included, and at most "
    f"{STARTS_PER_SET} times as many are begun, those that fail included; then `TOO_MANY_SETS` until an hour has "
    "passed since the first of them. `RATE_LIMITED` when a hundred calls of one session wait for a set."
)
SHORTENED = "The example is shortened to three questions."

PAGES: Mapping[str, Page] = {
    "verify": Page(
        tag=VERIFICATION,
        summary="Open a session",
        description="Send one student's projects, work experience and certificates, and get a session token for this "
        "verification. The student is found again by `email`, else by `phoneNumber`, within your platform and mode, "
        "and created when unknown. Up to 256 KB and 500 entries of each kind; all other requests up "
        "to 64 KB. JSON may be nested 100 levels deep. One API key may open "
        f"{VERIFY_PER_MINUTE} verifications a minute, unless the deployment says otherwise.",
        credential=API_KEY,
        body=received.VerifyRequest,
        examples={"analyst": examples.VERIFY_REQUEST},
        data=schemas.VerificationOpened,
        message="Verification session created successfully",
        answers={"opened": examples.VERIFY_ANSWER},
        errors=(
            "MISSING_STUDENT_ID",
            "MISSING_CALLBACK_WEBHOOK_URL",
            "MISSING_NAME",
            "MISSING_CONTACT",
            "INVALID_DATA_FORMAT",
            "NO_DATA",
            "INVALID_SKILL_IDS",
            "RATE_LIMITED",
            *OF_API_KEY,
            *OF_POST,
        ),
        parameters=POST,
    ),
    "storeSkills": Page(
        tag=VERIFICATION,
        summary="Step 1: choose the skills",
        description="Replaces the skills stored before. A `skillId` that is neither in the catalogue nor named by you "
        "(`PUT /skills/{skillId}`) needs a `name`, which holds for this verification alone. Different skills discard a "
        "question set that waits for answers.",
        credential=SESSION,
        body=received.StoreSkillsRequest,
        examples={"skills": examples.STORE_SKILLS_REQUEST},
        data=schemas.SkillsStored,
        message="Skill verifications replaced successfully",
        answers={"stored": examples.STORE_SKILLS_ANSWER},
        errors=(
            "MISSING_VERIFICATION_ID",
            "MISSING_SKILLS",
            "MISSING_SKILL_ID",
            "FORBIDDEN_VERIFICATION",
            *OF_EVIDENCE,
            *OF_SESSION,
            *OF_POST,
        ),
        parameters=POST,
    ),
    "storeVerificationMethod": Page(
        tag=VERIFICATION,
        summary="Step 2: choose the method",
        description="Only `assessment` goes on in this service; `human` is stored, and the assessment endpoints "
        "then refuse.",
        credential=SESSION,
        body=received.StoreMethodRequest,
        examples={"assessment": examples.STORE_METHOD},
        data=schemas.MethodStored,
        message="Verification method stored successfully",
        answers={"stored": examples.STORE_METHOD},
        errors=(
            "MISSING_VERIFICATION_ID",
            "MISSING_VERIFICATION_METHOD",
            "INVALID_VERIFICATION_METHOD",
            "FORBIDDEN_VERIFICATION",
            "DUPLICATE_SKILLS_IN_BUNDLE",
            "ASSESSMENT_ALREADY_PASSED",
            *OF_SESSION,
            *OF_POST,
        ),
        parameters=POST,
    ),
    "getSession": Page(
        tag=VERIFICATION,
        summary="Step 3: show what was sent",
        description="What `/verify` received. The token in the path is the credential; no header is needed. Without a "
        "token the path answers `MISSING_SESSION_TOKEN`.",
        credential=None,
        data=schemas.SessionContents,
        message="Session retrieved successfully",
        answers={"session": examples.SESSION_ANSWER},
        errors=("MISSING_SESSION_TOKEN", "SESSION_EXPIRED", "SESSION_NOT_FOUND", "NOT_FOUND", *OURS),
        parameters=(SESSION_TOKEN, *GET),
    ),
    "storeVerificationItems": Page(
        tag=VERIFICATION,
        summary="Step 3: attach source items",
        description="The items the questions may draw on. Replace on submit: items not named again are removed. "
        "Another choice discards a question set that waits for answers.",
        credential=None,
        body=received.StoreItemsRequest,
        examples={"items": examples.STORE_ITEMS_REQUEST},
        data=schemas.ItemsStored,
        message="Verification items synced successfully",
        answers={"stored": examples.STORE_ITEMS_ANSWER},
        errors=(
            "MISSING_SESSION_TOKEN",
            "NO_ITEMS_SELECTED",
            "VERIFICATION_METHOD_NOT_SET",
            "UNKNOWN_ITEM",
            "SESSION_EXPIRED",
            "SESSION_NOT_FOUND",
            *OF_EVIDENCE,
            *OF_POST,
        ),
        parameters=POST,
    ),
    "accommodate": Page(
        tag=VERIFICATION,
        summary="Give a student more time",
        description="Multiplies the policy's time limit for this verification, also of a set that is being answered: "
        "its end moves back, and never forward. The reason is not stored, so do not send it.",
        credential=API_KEY,
        body=received.AccommodationRequest,
        examples={"half as much again": examples.ACCOMMODATION},
        data=schemas.Accommodated,
        message="Accommodation stored successfully",
        answers={"stored": examples.ACCOMMODATED},
        errors=(
            "VERIFICATION_NOT_FOUND",
            "NOT_FOUND",
            "INVALID_INPUT",
            "PAYLOAD_TOO_LARGE",
            "UNSUPPORTED_MEDIA_TYPE",
            *OF_API_KEY,
            *OURS,
        ),
        parameters=(RECORD_VERIFICATION_ID, *GET),
    ),
    "generateAssessment": Page(
        tag=ASSESSMENT,
        summary="Get the first question set",
        description="A set that waits for answers comes back at once, unchanged and with `alreadyGenerated`. Calls "
        f"that overlap share one generation. The answer, error or not, comes within 90 seconds. {BOUNDED} {SHORTENED}",
        credential=SESSION,
        body_required=False,
        examples={"nothing": {}},
        data=schemas.Generated,
        message="Assessment generated successfully",
        answers={"first": examples.GENERATED, "again": examples.GENERATED_AGAIN},
        errors=(
            "ASSESSMENT_LOCKED",
            "ASSESSMENT_PASSED",
            "VERIFICATION_NOT_FOUND",
            "RETAKE_REQUIRED",
            *OF_GENERATION,
            *OF_SESSION,
            *OF_POST,
        ),
        parameters=(SCENARIO, *POST),
    ),
    "submitAssessment": Page(
        tag=ASSESSMENT,
        summary="Submit the answers",
        description="All questions in one call, exactly one answer each. The score is the share of right answers in "
        "percent, halves up; 60 passes and locks the assessment. One set is scored once. More than 30 seconds "
        "after `endsAt` it is `TIME_IS_UP`: what was saved is scored, whether or not it is asked for. `webhook.sent` "
        f"says that the event is stored and on its way. {SHORTENED}",
        credential=SESSION,
        body=received.SubmitRequest,
        examples={"answers": examples.SUBMIT_REQUEST},
        data=schemas.Submitted,
        message="Assessment submitted successfully",
        answers={"failed": examples.FAILED, "passed": examples.PASSED},
        errors=(
            "ASSESSMENT_LOCKED",
            "MISSING_ANSWERS",
            "NO_QUESTIONS",
            "ALREADY_SUBMITTED",
            "TIME_IS_UP",
            "INCOMPLETE_ANSWERS",
            "INVALID_ANSWER",
            *OF_SESSION,
            *OF_POST,
        ),
        parameters=POST,
    ),
    "retakeAssessment": Page(
        tag=ASSESSMENT,
        summary="Get a fresh set after a fail",
        description="Replaces the question set in one transaction, after the new one is complete; whenever generation "
        "fails, the old state stands untouched. Every earlier attempt stays in the archive. Called again before "
        "submitting it makes a new set again, with the same `retakeAttemptNumber`. Calls that overlap share one "
        f"generation. The answer, error or not, comes within 90 seconds. {BOUNDED} {SHORTENED}",
        credential=SESSION,
        body_required=False,
        examples={"nothing": {}},
        data=schemas.RetakeGenerated,
        message="Retake assessment generated successfully",
        answers={"second": examples.RETAKE_ANSWER},
        errors=(
            "ASSESSMENT_LOCKED",
            "NO_PRIOR_ATTEMPT",
            "ASSESSMENT_PASSED",
            "RETAKE_LIMIT_REACHED",
            "RETAKE_TOO_SOON",
            *OF_GENERATION,
            *OF_SESSION,
            *OF_POST,
        ),
        parameters=(SCENARIO, *POST),
    ),
    "getAssessment": Page(
        tag=ASSESSMENT,
        summary="Where the assessment stands",
        description="`state` is `not_started`, `ready` (a set waits for answers), `failed`, `passed` (and the lock was "
        "lifted) or `locked`; `next` lists what may be called now. `attemptsLeft` and `setsLeft` say "
        "how many attempts may still be submitted and sets be written under your platform's policy, `retakeAllowedAt` "
        "when its cool-down is over (null: it is). `timeLimitSeconds`, this student's factor applied, is null without "
        "a limit; it runs from `startedAt`, when the questions that wait were first sent, to `endsAt`. "
        "`questionsWrittenBy` says who wrote the current set.",
        credential=SESSION,
        data=schemas.AssessmentState,
        message="Assessment state retrieved successfully",
        answers={"failed": examples.STATE_ANSWER, "running": examples.RUNNING, "cooling down": examples.COOLING},
        errors=(*OF_SESSION, *OURS),
        parameters=GET,
    ),
    "getProgress": Page(
        tag=ASSESSMENT,
        summary="How far a set is",
        description="Server-sent events. While a set is written for somebody who waits: `progress` with `ready` and "
        "`total`, at every change and every 15 seconds; at the end `ready`, or `failed` with a `code`, and the stream "
        "closes. With nothing under way there is one event, `idle`, with the `state` of `GET /assessment`. No question "
        "is in it. `RATE_LIMITED` when a hundred look on with one session.",
        credential=SESSION,
        data=str | schemas.ProgressEvent,
        media="text/event-stream",
        plain=True,
        answers={"a set": examples.PROGRESS, "nothing under way": examples.IDLE},
        errors=(*OF_SESSION, "RATE_LIMITED", *OURS),
        parameters=GET,
    ),
    "getQuestions": Page(
        tag=ASSESSMENT,
        summary="Show the questions again",
        description="The set that waits for answers, without any model call, and the answers saved so far: after a "
        f"reload or on another device. If it was never sent before, its time begins. {SHORTENED}",
        credential=SESSION,
        data=schemas.CurrentSet,
        message="Questions retrieved successfully",
        answers={"current": examples.QUESTIONS},
        errors=("NO_QUESTIONS", *OF_SESSION, *OURS),
        parameters=GET,
    ),
    "saveAnswers": Page(
        tag=ASSESSMENT,
        summary="Save answers",
        description="Keeps answers before they are submitted, one or several; null takes one back. What arrives later "
        "wins, from whichever device. `submit` neither needs nor reads them; they count when the time is up.",
        credential=SESSION,
        body=received.SaveAnswersRequest,
        examples={"answers": examples.SAVE_REQUEST},
        data=schemas.AnswersSaved,
        message="Answers saved successfully",
        answers={"saved": examples.SAVED},
        errors=(
            "NO_QUESTIONS",
            "INVALID_ANSWER",
            "ALREADY_SUBMITTED",
            "TIME_IS_UP",
            "INVALID_INPUT",
            "PAYLOAD_TOO_LARGE",
            "UNSUPPORTED_MEDIA_TYPE",
            *OF_SESSION,
            *OURS,
        ),
        parameters=GET,
    ),
    "listAttempts": Page(
        tag=ARCHIVE,
        summary="List the attempts",
        description="All submitted attempts, oldest first, with results by skill and by concept: what to work on "
        "before a retake. Before an attempt is submitted its concepts are shown nowhere.",
        credential=SESSION,
        data=schemas.AttemptList,
        message="Attempts retrieved successfully",
        answers={"attempts": {"attempts": [examples.SUMMARY]}},
        errors=(*OF_SESSION, *OURS),
        parameters=GET,
    ),
    "getAttempt": Page(
        tag=ARCHIVE,
        summary="Show one attempt in full",
        description="What was asked, in the order shown, what was answered, and the right answers: they are shown "
        "nowhere else, so only for submitted attempts. Of a failed attempt the policy it was taken under may withhold "
        "some: with `answersShown` `score` the right answers and explanations, with `none` all questions. Nothing a "
        "later retake does changes an attempt.",
        credential=SESSION,
        data=schemas.AttemptInFull,
        message="Attempt retrieved successfully",
        answers={
            "attempt": examples.ATTEMPT,
            "answers withheld": examples.WITHHELD,
            "questions withheld": {**examples.ATTEMPT, "answersShown": "none", "questions": []},
        },
        errors=("ATTEMPT_NOT_FOUND", "NOT_FOUND", *OF_SESSION, *OURS),
        parameters=(ATTEMPT_NUMBER, *GET),
    ),
    "getStudentSkills": Page(
        tag=SKILLS,
        summary="A student's skills",
        description="One row per verification and skill, newest first. Empty when there is none, and for a student of "
        "another platform or mode.",
        credential=API_KEY,
        data=list[schemas.SkillOfStudent],
        message="Skills retrieved successfully",
        answers={"skills": examples.STUDENT_SKILLS},
        errors=("NOT_FOUND", *OF_API_KEY, *OURS),
        parameters=(RECORD_USER_ID, *GET),
    ),
    "listDeliveries": Page(
        tag=WEBHOOKS,
        summary="List the deliveries",
        description="The webhooks of your platform and mode, newest first, 50 a page. They are kept for 40 days after "
        "they were delivered or given up.",
        credential=API_KEY,
        data=schemas.DeliveryPage,
        message="Deliveries retrieved successfully",
        answers={"last page": {"deliveries": [examples.DELIVERY], "nextCursor": None}},
        errors=("INVALID_INPUT", *OF_API_KEY, *OURS),
        parameters=(*DELIVERY_FILTERS, *GET),
    ),
    "replayDelivery": Page(
        tag=WEBHOOKS,
        summary="Send a delivery again",
        description="Sends the same webhook with the same `webhook-id` once more, with three retries as at first, in "
        "whatever state it is. A receiver that does each id once takes no harm.",
        credential=API_KEY,
        body_required=False,
        examples={"nothing": {}},
        data=schemas.Delivery,
        message="Delivery will be sent again",
        answers={"pending": examples.REPLAYED},
        errors=("DELIVERY_NOT_FOUND", "NOT_FOUND", *OF_API_KEY, *OF_POST),
        parameters=(DELIVERY_ID, *POST),
    ),
    "exportPerson": Page(
        tag=PERSONS,
        summary="Export a person",
        description="All that is stored of a student, of all their verifications, as one document. Of a set that is "
        "still to be answered it has the questions without the right answers; a set that nobody has seen yet is left "
        "out. Written to the audit log.",
        credential=API_KEY,
        data=schemas.PersonExport,
        message="Person exported successfully",
        answers={"shortened": examples.PERSON},
        errors=("USER_NOT_FOUND", "NOT_FOUND", *OF_API_KEY, *OURS),
        parameters=(RECORD_USER_ID, *GET),
    ),
    "erasePerson": Page(
        tag=PERSONS,
        summary="Erase a person",
        description="Erases a student with all verifications, sessions, evidence, questions, answers, attempts and "
        "notices, at once and for good. Sessions end, and webhooks that were to be tried again are not sent. A call "
        "that is under way finds its session gone. Written to the audit log, with the id and the counts.",
        credential=API_KEY,
        data=schemas.PersonErased,
        message="Person erased successfully",
        answers={"erased": examples.PERSON_ERASED},
        errors=("USER_NOT_FOUND", *OF_API_KEY, *OURS),
        parameters=(RECORD_USER_ID, *GET),
    ),
    "nameSkill": Page(
        tag=SKILLS,
        summary="Name a skill",
        description="What a skill is called in all verifications of your platform whose skills are stored from now on; "
        "your live and your test keys share it. A name of yours comes before the catalogue's. Verifications that have "
        "stored the skill keep the name they have.",
        credential=API_KEY,
        body=received.NameSkillRequest,
        examples={"name": examples.NAME_SKILL_REQUEST},
        data=schemas.NamedSkill,
        message="Skill named successfully",
        answers={"named": examples.NAMED_SKILL},
        errors=(
            "MISSING_SKILL_ID",
            "MISSING_NAME",
            "INVALID_INPUT",
            "NOT_FOUND",
            "PAYLOAD_TOO_LARGE",
            "UNSUPPORTED_MEDIA_TYPE",
            *OF_API_KEY,
            *OURS,
        ),
        parameters=(SKILL_ID, *GET),
    ),
    "searchSkills": Page(
        tag=SKILLS,
        summary="Search the skill catalogue",
        description="Public, and limited to 15 calls per minute and address. Ten skills per page, pages 1 to 5; whole "
        "names and beginnings come first.",
        credential=None,
        data=schemas.SkillPage,
        message="Skills retrieved successfully",
        answers={"found": examples.FOUND_SKILLS},
        errors=("INVALID_KEYWORD", "INVALID_PAGE", "RATE_LIMITED", *OURS),
        parameters=(KEYWORD, PAGE, *GET),
    ),
    "getIndex": Page(
        tag=HEALTH,
        summary="Where things are",
        description="Name, version, and links. With `accept: text/html` a redirect to the documentation.",
        credential=None,
        data=schemas.About,
        answers={"index": examples.INDEX},
        errors=(),
        parameters=GET,
        plain=True,
    ),
    "getLiveness": Page(
        tag=HEALTH,
        summary="Is the process alive?",
        description="Answers as long as the process does, whatever the database does.",
        credential=None,
        data=schemas.Alive,
        answers={"alive": {"status": "alive"}},
        errors=(),
        parameters=GET,
        plain=True,
    ),
    "getReadiness": Page(
        tag=HEALTH,
        summary="Can it do its work?",
        description="Whether the database answers and is migrated, and for each mode whether a vendor of questions can "
        "be used; 503 when requests would fail. `vendors` tells how each vendor of the live chain stands in the "
        "process that answers, and why.",
        credential=None,
        data=schemas.Readiness,
        answers={"ready": examples.READY, "with vendors": examples.READY_LIVE},
        errors=("INTERNAL_ERROR",),
        parameters=GET,
        plain=True,
        other_answers={503: examples.NOT_READY},
    ),
}
