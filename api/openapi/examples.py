"""The bodies of the document: one student's way, from opening a verification to the archive of a failed attempt.

The questions are made up for this page. The set that waits for answers (FRESH) and the one in the archive (ARCHIVED)
share none, so that no example shows the right answer of a question that can still be asked.
"""

from typing import Any

Json = dict[str, Any]

VERIFICATION = "ver_test_5f0c1d7e9a2b4c6d8e0f1a2b"
STUDENT = "usr_test_0a1b2c3d4e5f60718293a4b5"
TOKEN = "st_test_Vx3mQ0r7uYk2bT9cWn5eHd8sLf1gJp4aZi6oRq0XyKc"  # noqa: S105  # made up
DELIVERY_ID = "msg_3f9c0d1e2b4a5c6d7e8f9a0b"
REQUEST_ID = "6b1f0c2e9d8a4f7b8c3d2e1f0a9b8c7d"

PROJECT = {
    "projectId": "prj-7",
    "name": "Library loans warehouse",
    "description": "Designed a star schema in PostgreSQL for the loans of five branch libraries.",
    "startDate": "2023-10-02",
    "endDate": "2024-02-09",
}
EXPERIENCE = {
    "workExperienceId": "exp-2",
    "role": "Junior Data Analyst",
    "companyName": "Kestrel & Moor Grocers",
    "description": "Prepared the weekly sales and stock report for 38 shops.",
    "startDate": "2024-03-18",
    "endDate": None,
}
CERTIFICATE = {
    "certificateId": "crt-4",
    "name": "Relational Databases in Practice",
    "issuer": "Open Ledger School",
    "issueDate": "2022-10-14",
}
EVIDENCE = {"projects": [PROJECT], "experience": [EXPERIENCE], "certificates": [CERTIFICATE]}

VERIFY_REQUEST: Json = {
    "studentId": "stu-1187",
    "callbackWebhookUrl": "https://platform.example/webhooks/retake",
    "name": "Mateo Lindqvist",
    "email": "mateo.lindqvist@example.com",
    **EVIDENCE,
    "skillIds": ["sql"],
}
VERIFY_ANSWER: Json = {
    "sessionToken": TOKEN,
    "recordVerificationId": VERIFICATION,
    "keyId": "key_test_9c8b7a6f5e4d3c2b1a0f9e8d",
    "recordUserId": STUDENT,
    "externalStudentId": "stu-1187",
    "expiresIn": 3456000,
    "expiresAt": "2027-01-01T09:30:00.000Z",
}

PROOFS = ["https://example.com/mateo/library-warehouse"]
STORE_SKILLS_REQUEST: Json = {
    "recordVerificationId": VERIFICATION,
    "recordUserId": STUDENT,
    "skills": [
        {"skillId": "sql", "proofUrls": PROOFS},
        {"skillId": "acme-star-schemas", "name": "Star Schemas", "proofUrls": []},
    ],
}
STORE_SKILLS_ANSWER: Json = {
    "recordVerificationId": VERIFICATION,
    "skills": [
        {"skillId": "sql", "proofUrls": PROOFS, "totalUrls": 1},
        {"skillId": "acme-star-schemas", "proofUrls": [], "totalUrls": 0},
    ],
    "totalProcessed": 2,
}

STORE_METHOD: Json = {"recordVerificationId": VERIFICATION, "verificationMethod": "assessment"}

SESSION_ANSWER: Json = {
    "recordVerificationId": VERIFICATION,
    "recordUserId": STUDENT,
    "externalStudentId": "stu-1187",
    "callbackWebhookUrl": "https://platform.example/webhooks/retake",
    "email": "mateo.lindqvist@example.com",
    "phoneNumber": None,
    "name": "Mateo Lindqvist",
    **EVIDENCE,
}

STORE_ITEMS_REQUEST: Json = {
    "sessionToken": TOKEN,
    "projectIds": ["prj-7"],
    "workExperienceIds": ["exp-2"],
    "credentialIds": ["crt-4"],
}
STORE_ITEMS_ANSWER: Json = {
    "recordVerificationId": VERIFICATION,
    "recordUserId": STUDENT,
    "stored": {
        "projects": [
            {
                "recordProjectId": "prj_test_1f2e3d4c5b6a798887766554",
                "externalProjectId": "prj-7",
                "projectName": "Library loans warehouse",
            }
        ],
        "experience": [
            {
                "recordExperienceId": "exp_test_a0b1c2d3e4f5061728394a5b",
                "externalExperienceId": "exp-2",
                "role": "Junior Data Analyst",
                "companyName": "Kestrel & Moor Grocers",
            }
        ],
        "certificates": [
            {
                "recordCertificateId": "crt_test_00112233445566778899aabb",
                "externalCertificateId": "crt-4",
                "certificateName": "Relational Databases in Practice",
            }
        ],
    },
}

FRESH: list[Json] = [
    {
        "questionId": "q_c812e1edb64417d6090dcfba",
        "question": "In your loans warehouse, which table would hold one row for every loan?",
        "options": ["The reader dimension", "The loan fact table", "The branch dimension", "The date dimension"],
    },
    {
        "questionId": "q_6316e01c9e1d33dec091e546",
        "question": "Your sales report should keep shops without any sale. Which join does that from the shops' side?",
        "options": ["An inner join", "A left join", "A cross join", "A semi join"],
    },
    {
        "questionId": "q_f011b9ea0b25d86affeb19e8",
        "question": "Which clause filters groups of loans after they were counted?",
        "options": ["WHERE", "ORDER BY", "HAVING", "LIMIT"],
    },
]
GENERATED: Json = {"recordVerificationId": VERIFICATION, "totalQuestions": 3, "questions": FRESH}
GENERATED_AGAIN: Json = {**GENERATED, "alreadyGenerated": True}
RETAKE_ANSWER: Json = {
    "recordVerificationId": VERIFICATION,
    "retakeAttemptNumber": 2,
    "totalQuestions": 3,
    "questions": FRESH,
}

QUESTIONS: Json = {
    **GENERATED,
    "answers": [{"questionId": FRESH[0]["questionId"], "selectedAnswer": 1}],
    "startedAt": "2026-11-22T09:31:07.512Z",
    "endsAt": "2026-11-22T09:51:07.512Z",
}
SAVE_REQUEST: Json = {"answers": [{"questionId": FRESH[0]["questionId"], "selectedAnswer": 1}]}
SAVED: Json = {"saved": 1, "total": 3}
ACCOMMODATION: Json = {"timeFactor": 1.5}
ACCOMMODATED: Json = {"recordVerificationId": VERIFICATION, "timeFactor": 1.5}

SUBMIT_REQUEST: Json = {
    "answers": [
        {"questionId": question["questionId"], "selectedAnswer": chosen}
        for question, chosen in zip(FRESH, (0, 3, 1), strict=True)
    ]
}


def _submitted(*, passed: bool, score: int, correct: int, message: str) -> Json:
    status = "verified" if passed else "rejected"
    judged = {
        "verified": passed,
        "status": status,
        "verifiedAt": "2026-11-22T09:41:07.512Z" if passed else None,
        "verifiedBy": "assessment",
    }
    return {
        "recordVerificationId": VERIFICATION,
        "result": {
            "score": score,
            "passed": passed,
            "attemptNumber": 1,
            "correctAnswers": correct,
            "totalQuestions": 3,
            "message": message,
        },
        "verifiedSkills": [
            {"skillId": "sql", "name": "SQL", **judged},
            {"skillId": "acme-star-schemas", "name": "Star Schemas", **judged},
        ],
        "skillsUpdated": 2,
        "webhook": {"sent": True},
    }


FAILED = _submitted(
    passed=False,
    score=33,
    correct=1,
    message="You did not pass this time; you can take a new set of questions.",
)
PASSED = _submitted(passed=True, score=67, correct=2, message="Congratulations! You passed the assessment.")

PROGRESS = """event: progress
data: {"ready":0,"total":10}

event: progress
data: {"ready":6,"total":10}

event: ready
data: {}

"""
IDLE = """event: idle
data: {"state":"failed"}

"""
STATE_ANSWER: Json = {
    "recordVerificationId": VERIFICATION,
    "state": "failed",
    "isLocked": False,
    "attempts": 1,
    "lastScore": 50,
    "next": ["retakeassessment"],
    "attemptsLeft": None,
    "retakeAllowedAt": None,
    "setsLeft": 5,
    "timeLimitSeconds": None,
    "startedAt": None,
    "endsAt": None,
    "questionsWrittenBy": {"kind": "ai", "models": ["openai/gpt-6-luna"], "promptVersion": "v4"},
}
RUNNING: Json = {
    **STATE_ANSWER,
    "state": "ready",
    "next": ["generate", "submit", "retakeassessment"],
    "setsLeft": 4,
    "timeLimitSeconds": 1200,
    "startedAt": "2026-11-22T09:31:07.512Z",
    "endsAt": "2026-11-22T09:51:07.512Z",
}
COOLING: Json = {
    **STATE_ANSWER,
    "next": [],
    "attemptsLeft": 2,
    "retakeAllowedAt": "2026-11-23T09:41:07.512Z",
    "setsLeft": 2,
}
SUMMARY: Json = {
    "attemptNumber": 1,
    "score": 50,
    "passed": False,
    "correctAnswers": 1,
    "totalQuestions": 2,
    "submittedAt": "2026-11-22T09:41:07.512Z",
    "timedOut": False,
    "skills": [
        {"skillId": "sql", "name": "SQL", "correct": 1, "total": 1},
        {"skillId": "acme-star-schemas", "name": "Star Schemas", "correct": 0, "total": 1},
    ],
    "concepts": [
        {"skillId": "sql", "concept": "Indexes on filtered columns", "correct": 1, "total": 1},
        {"skillId": "acme-star-schemas", "concept": "Slowly changing dimensions", "correct": 0, "total": 1},
    ],
}
ARCHIVED: list[Json] = [
    {
        "questionId": "q_4f0d3e3294d603d5fbddbdd5",
        "skillId": "sql",
        "concept": "Indexes on filtered columns",
        "question": "The slowest loans report filters by branch and date. What was most likely missing?",
        "options": ["A view", "An index on both columns", "A trigger", "A second database"],
        "selectedAnswer": 1,
        "correctAnswer": 1,
        "isCorrect": True,
        "explanation": "An index on the filtered columns spares reading the whole table.",
    },
    {
        "questionId": "q_0c586bfe6bce064fa77097b0",
        "skillId": "acme-star-schemas",
        "concept": "Slowly changing dimensions",
        "question": "A branch is renamed and old reports must keep the old name. What fits the branch dimension?",
        "options": [
            "Overwrite the name",
            "Delete the old loans",
            "Add a row with validity dates",
            "Drop the dimension",
        ],
        "selectedAnswer": 0,
        "correctAnswer": 2,
        "isCorrect": False,
        "explanation": "A row per validity period lets every loan point at the name of its time.",
    },
]

ATTEMPT: Json = {**SUMMARY, "answersShown": "full", "questions": ARCHIVED}
WITHHELD: Json = {
    **ATTEMPT,
    "answersShown": "score",
    "questions": [
        {name: value for name, value in question.items() if name not in ("correctAnswer", "explanation")}
        for question in ARCHIVED
    ],
}

STUDENT_SKILLS: list[Json] = [
    {
        "skillId": "sql",
        "skillName": "SQL",
        "recordVerificationId": VERIFICATION,
        "verified": True,
        "status": "verified",
        "proofUrls": PROOFS,
        "createdAt": "2026-11-22T09:30:00.000Z",
    }
]
DELIVERY: Json = {
    "deliveryId": DELIVERY_ID,
    "event": "verification.completed",
    "recordVerificationId": VERIFICATION,
    "state": "undeliverable",
    "tries": 4,
    "lastStatus": 503,
    "lastReason": "answered 503",
    "createdAt": "2026-11-22T09:41:07.512Z",
    "settledAt": "2026-11-22T09:52:13.081Z",
}
REPLAYED: Json = {**DELIVERY, "state": "pending", "tries": 0, "settledAt": None}
PERSON: Json = {
    "recordUserId": STUDENT,
    "student": {
        "id": STUDENT,
        "platform": 1,
        "mode": "test",
        "email": "mateo.lindqvist@example.com",
        "phoneNumber": None,
        "createdAt": "2026-11-22T09:30:00.000000+00:00",
    },
    "verifications": [],
    "sessions": [],
    "items": [],
    "skills": [],
    "questionSets": [],
    "attempts": [],
    "notices": [],
    "shownQuestions": [],
}
PERSON_ERASED: Json = {
    "recordUserId": STUDENT,
    "erased": {
        "verifications": 1,
        "sessions": 1,
        "items": 3,
        "skills": 2,
        "questionSets": 1,
        "attempts": 1,
        "notices": 2,
        "shownQuestions": 10,
        "keptAnswers": 4,
    },
}
NAME_SKILL_REQUEST: Json = {"name": "Star Schemas"}
NAMED_SKILL: Json = {"skillId": "acme-star-schemas", "name": "Star Schemas"}
FOUND_SKILLS: Json = {
    "skills": [{"skillId": "sql", "name": "SQL"}, {"skillId": "mysql", "name": "MySQL"}],
    "page": 1,
    "limit": 10,
    "count": 2,
}
INDEX: Json = {
    "name": "Retake",
    "version": "0.1.0",
    "links": {"docs": "/docs", "openapi": "/docs/openapi.json", "health": "/health/ready"},
}
READY: Json = {
    "status": "ready",
    "database": True,
    "migrations": True,
    "providers": {"test": True, "live": False},
    "vendors": [],
}
READY_LIVE: Json = {
    **READY,
    "providers": {"test": True, "live": True},
    "vendors": [
        {"name": "mini", "state": "closed", "reason": None},
        {"name": "other", "state": "out", "reason": "unauthorized"},
    ],
    "spend": "within_limit",
}
NOT_READY: Json = {**READY, "status": "not_ready", "database": False, "migrations": False}
