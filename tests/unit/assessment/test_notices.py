"""What the outside world is told."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.models import Attempt, ItemConcept, Mode
from assessment.notices import Addressee, Channel, Event, Notice, completed, initiated, iso, result_mail
from assessment.scoring.grade import grade
from tests.factories import NOON, answered, question, question_set, skills, standing

ADDRESSEE = Addressee("ver_live_1", "usr_live_1", "stu-1", Mode.LIVE, "Mateo Lindqvist", "mateo@example.com")
QUESTIONS = [
    msgspec.structs.replace(question(number, key=number % 4), options=tuple(f"Option {number}{it}" for it in "abcd"))
    for number in range(10)
]
SUBJECT = {
    "recordVerificationId": "ver_live_1",
    "recordUserId": "usr_live_1",
    "externalStudentId": "stu-1",
    "mode": "live",
}


def attempt(right: int) -> Attempt:
    return grade(
        question_set(QUESTIONS), answered(QUESTIONS, right), skills(2), standing=standing(attempts=2), submitted_at=NOON
    )


def every_notice(right: int) -> list[Notice]:
    scored = attempt(right)
    return [
        initiated(ADDRESSEE, skills(2), 10, NOON),
        completed(ADDRESSEE, skills(2), scored),
        result_mail(ADDRESSEE, skills(2), scored),
    ]


def body(notice: Notice) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(notice.body)
    return content


def test_the_first_set_is_announced_with_its_skills() -> None:
    notice = initiated(ADDRESSEE, skills(2), 10, NOON)
    assert (notice.channel, notice.event) == (Channel.WEBHOOK, Event.INITIATED)
    assert body(notice) == {
        "type": "verification.initiated",
        "timestamp": "2030-01-01T12:00:00.123Z",
        "data": {
            **SUBJECT,
            "totalQuestions": 10,
            "skills": [{"skillId": "skill-0", "name": "Skill 0"}, {"skillId": "skill-1", "name": "Skill 1"}],
        },
    }


@pytest.mark.parametrize(("right", "passed", "status"), [(6, True, "verified"), (5, False, "rejected")])
def test_a_result_is_announced_with_score_and_skills(right: int, passed: bool, status: str) -> None:
    notice = completed(ADDRESSEE, skills(1), attempt(right))
    assert (notice.channel, notice.event) == (Channel.WEBHOOK, Event.COMPLETED)
    assert body(notice) == {
        "type": "verification.completed",
        "timestamp": "2030-01-01T12:00:00.123Z",
        "data": {
            **SUBJECT,
            "result": {
                "score": right * 10,
                "passed": passed,
                "attemptNumber": 3,
                "correctAnswers": right,
                "totalQuestions": 10,
            },
            "skills": [{"skillId": "skill-0", "name": "Skill 0", "verified": passed, "status": status}],
            "conceptsToWorkOn": [],
        },
    }


@pytest.mark.parametrize("right", [0, 6, 10])
def test_no_notice_holds_a_question_an_option_or_a_reason(right: int) -> None:
    secrets = [text for it in QUESTIONS for text in (it.question_id, it.stem, it.rationale, *it.options)]
    for notice in every_notice(right):
        assert not [text for text in secrets if text in notice.body]


def test_webhooks_name_the_student_by_ids_only() -> None:
    for notice in every_notice(6)[:2]:
        assert "Mateo" not in notice.body
        assert "mateo@example.com" not in notice.body


@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_a_mails_subject_is_one_line_that_nobody_outside_can_write_to(name: str, email: str) -> None:
    hostile = Addressee("ver_live_1", "usr_live_1", "stu-1", Mode.LIVE, f"{name}\r\nBcc: x@example.com", email)
    for right, subject in ((6, "You passed your skill assessment"), (5, "Your skill assessment result")):
        mail = body(result_mail(hostile, skills(2), attempt(right)))
        assert mail["subject"] == subject
        assert set(mail) == {"subject", "text"}


def test_a_mail_tells_the_result_and_what_to_do_next() -> None:
    passed, failed = (body(result_mail(ADDRESSEE, skills(2), attempt(right)))["text"] for right in (6, 5))
    for text in (passed, failed):
        assert text.startswith("Hello Mateo Lindqvist,\n")
        assert "attempt 3 is scored" in text
    assert "6 of 10 questions right, 60%" in passed
    assert "Skill 0, Skill 1 are now verified" in passed
    assert "5 of 10 questions right, 50%" in failed
    assert "new set of questions" in failed


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis wants naive bounds
def test_moments_are_written_with_milliseconds_and_z(moment: datetime) -> None:
    text = iso(moment)
    assert len(text) == len("2030-01-01T12:00:00.123Z")
    assert text.endswith("Z")
    assert 0 <= (moment - datetime.fromisoformat(text)).total_seconds() < 0.001


def attempt_about_concepts(right: int) -> Attempt:
    about = [
        msgspec.structs.replace(it, concept=ItemConcept(f"con_{number}", f"Concept {number}"))
        for number, it in enumerate(QUESTIONS)
    ]
    return grade(
        question_set(about), answered(about, right), skills(2), standing=standing(attempts=2), submitted_at=NOON
    )


def test_mail_and_webhook_after_a_fail_name_the_concepts_to_work_on() -> None:
    scored = attempt_about_concepts(5)
    told = body(completed(ADDRESSEE, skills(2), scored))["data"]["conceptsToWorkOn"]
    assert [it["concept"] for it in told] == [it.concept for it in scored.concepts if not it.correct]
    text = body(result_mail(ADDRESSEE, skills(2), scored))["text"]
    assert text.partition("What to work on:\n")[2].splitlines() == [f"- Skill 0: {it['concept']}" for it in told]
    assert len(told) == 5


@pytest.mark.parametrize("scored", [attempt_about_concepts(6), attempt(3)], ids=["a pass", "no concepts"])
def test_without_concepts_and_after_a_pass_there_is_nothing_to_work_on(scored: Attempt) -> None:
    assert body(completed(ADDRESSEE, skills(2), scored))["data"]["conceptsToWorkOn"] == []
    assert "work on" not in body(result_mail(ADDRESSEE, skills(2), scored))["text"]
