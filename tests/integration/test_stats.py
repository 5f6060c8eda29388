"""`retake stats`: what the archive of one mode, and of one platform, says about the questions."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from assessment.credentials import new_id
from assessment.models import AnsweredQuestion, Author, Mode, Provenance, VendorShare
from piccolo_conf import DB
from tests.integration.deployment import Deployment, client_of, deployed
from tests.server_process import ONE_PROCESS, finished_retake, run_retake, serving

STEM = "In project {}, which join keeps every row of the first table, matched or not?"
OPTIONS = ("LEFT JOIN", "INNER JOIN", "CROSS JOIN", "SELF JOIN")
PROVENANCE = msgspec.json.encode(Provenance((VendorShare("only", "local/only", 2),), prompt_version="v3")).decode()
TAKERS = 20
LAST_TWO = [2, 3] * 5  # among the answers of CHOSEN, these would make every distractor function
CHOSEN = [0] * 14 + [1] * 5 + [2]  # the third option has 1 of 20, exactly 5%; the fourth nobody


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    """Live attempts of four platforms, some of them 40 days old, and test ones of `acme`."""
    async with deployed(DB) as deployment:
        for name, mode, chosen, age in (
            ("acme", Mode.LIVE, CHOSEN, timedelta(days=1)),
            ("acme", Mode.LIVE, LAST_TWO, timedelta(days=40)),
            ("umbrella", Mode.LIVE, LAST_TWO, timedelta(days=2)),
            ("skewed", Mode.LIVE, [0] * 20, timedelta(days=40)),
            ("older", Mode.LIVE, CHOSEN, timedelta(days=40)),
            ("acme", Mode.TEST, [1] * 40, timedelta(days=1)),
        ):
            await _archive(deployment, name, mode, chosen, age)
        yield deployment


async def _archive(deployment: Deployment, platform: str, mode: Mode, chosen: Sequence[int], age: timedelta) -> None:
    """Archive an attempt per choice, each of a student of its own: one item that all had, one that nobody else had."""
    database = deployment.database
    owner = await database.fetchval(
        "INSERT INTO platform (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING id", platform
    )
    key, students, verifications, attempts = new_id("key", mode), [], [], []
    for number, selected in enumerate(chosen):
        student, verification = new_id("usr", mode), new_id("ver", mode)
        students.append((student, owner, mode.value, f"{student}@example.com"))
        verifications.append((verification, owner, mode.value, student, key))
        attempts.append(
            (
                uuid4(),
                verification,
                _questions(0 if platform == "skewed" else number, selected),
                PROVENANCE,
                datetime.now(UTC) - age,
            )
        )
    await database.execute(
        "INSERT INTO api_key (id, platform, mode, name, digest, webhook_secret) VALUES ($1, $2, $3, '', $4, '')",
        *(key, owner, mode.value, uuid4().bytes),
    )
    await database.executemany("INSERT INTO student (id, platform, mode, email) VALUES ($1, $2, $3, $4)", students)
    await database.executemany(
        "INSERT INTO verification (id, platform, mode, student, api_key, external_student_id, callback_url, name, "
        "skill_ids) VALUES ($1, $2, $3, $4, $5, '', '', '', '[]')",
        verifications,
    )
    await database.executemany(
        "INSERT INTO attempt (id, verification, number, score, passed, correct, total, questions, skills, provenance, "
        "submitted_at) VALUES ($1, $2, 1, 0, false, 0, 2, $3, '[]', $4, $5)",
        attempts,
    )
    if platform == "older":
        await _forget_authors(database, owner)


async def _forget_authors(database: Any, platform: int) -> None:
    """Put attempts in the place of a platform's that look as they did before questions kept author and difficulty."""
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('retake.erasing', 'on', true)")
        await connection.execute(
            """
            WITH gone AS (
                DELETE FROM attempt a USING verification v WHERE v.id = a.verification AND v.platform = $1 RETURNING a.*
            )
            INSERT INTO attempt (id, verification, number, score, passed, correct, total, questions, skills,
                provenance, submitted_at)
            SELECT gen_random_uuid(), verification, number + 1, score, passed, correct, total,
                (SELECT jsonb_agg(q - 'author' - 'difficulty' - 'findings') FROM jsonb_array_elements(questions) q),
                skills, provenance, submitted_at
            FROM gone
            """,
            platform,
        )


def _questions(number: int, selected: int) -> str:
    """Two questions; how the options of the shared one stand differs from student to student."""
    order = [(place + number) % 4 for place in range(4)]
    shared = AnsweredQuestion(
        question_id=f"q_{uuid4().hex}",
        skill_id="sql",
        source_id="prj_1",
        stem=STEM.format(number),
        options=tuple(OPTIONS[option] for option in order),
        key=order.index(0),
        selected=order.index(selected),
        difficulty="hard",
        author=Author("mini", "openai/mini"),
    )
    own = msgspec.structs.replace(
        shared,
        skill_id="[bold]python",
        stem=f"Which answer fits table number {number}?",
        options=tuple(f"{number} {letter}" for letter in "abcd"),
        key=number % 4,
        selected=(number + number % 2) % 4,
    )
    return msgspec.json.encode([shared, own]).decode()


async def _groups(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    printed = await run_retake("stats", "--json", "--min-n", "10", *arguments, environment=deployment.environment)
    return {report["group"]["skill_id"]: report for report in json.loads(printed)}


async def test_a_platform_is_judged_by_its_own_attempts_of_one_mode_and_time(deployment: Deployment) -> None:
    both, acme, umbrella, test, longer = await asyncio.gather(
        _groups(deployment),
        _groups(deployment, "--platform", "acme"),
        _groups(deployment, "--platform", "umbrella"),
        _groups(deployment, "--mode", "test"),
        _groups(deployment, "--platform", "acme", "--since", "50d"),
    )
    counts = [groups["sql"]["answers"] for groups in (both, acme, umbrella, test, longer)]
    assert counts == [30, 20, 10, 40, 30]
    facility = [groups["sql"]["figures"]["facility"]["value"] for groups in (both, acme, umbrella, test, longer)]
    assert facility == pytest.approx([14 / 30, 14 / 20, 0, 0, 14 / 30])


async def test_an_item_that_many_had_is_judged_by_its_distractors_and_a_personal_one_is_not(
    deployment: Deployment,
) -> None:
    acme = await _groups(deployment, "--platform", "acme", "--min-n", str(TAKERS))
    shared, own = acme["sql"], acme["[bold]python"]
    assert shared["group"] == {
        "skill_id": "sql", "model": "openai/mini", "prompt_version": "v3", "difficulty": "hard",
    }  # fmt: skip  # as a row of the table
    assert shared["figures"]["distractors"] == {"items": 1, "total": 3, "non_functioning": 1}
    assert shared["figures"]["key_positions"] == {"shares": [0.25] * 4, "p_value": 1.0}
    assert (own["answers"], own["figures"]["distractors"]) == (TAKERS, None)


async def test_the_table_says_what_is_too_little_to_judge(deployment: Deployment) -> None:
    environment = deployment.environment
    table, few, nothing, older, skewed = await asyncio.gather(
        run_retake("stats", "--platform", "acme", "--min-n", "20", environment=environment),
        run_retake("stats", "--platform", "acme", environment=environment),
        run_retake("stats", "--since", "1h", environment=environment),
        run_retake("stats", "--platform", "older", "--since", "50d", "--min-n", "20", environment=environment),
        run_retake("stats", "--platform", "skewed", "--since", "50d", "--min-n", "20", environment=environment),
    )
    for text in (
        "openai/mini",
        "hard",
        "0.70",
        "0.48 to 0.85",
        "1 of 3",
        "25% / 25% / 25% / 25%",
        "1.000",
        "n/a",
        "in 20 attempts",
    ):
        assert text in table
    assert "[bold]python" in table
    assert few.count("too few (20)") == 2
    assert "no attempt was submitted in live mode" in nothing
    assert "unknown" in older
    assert "<0.001" in skewed
    assert not any(text in table for text in (*OPTIONS, "matched or not", "@example.com"))


async def test_an_unknown_platform_and_groups_too_small_to_judge_are_refused(deployment: Deployment) -> None:
    nobody, tiny = await asyncio.gather(
        finished_retake("stats", "--platform", "acne", environment=deployment.environment),
        finished_retake("stats", "--min-n", "9", environment=deployment.environment),
    )
    assert (nobody.code, nobody.stderr) == (1, "Error: no platform is named 'acne'\n")
    assert (tiny.code, "--min-n" in tiny.stderr) == (2, True)


async def test_a_submitted_set_is_grouped_by_its_model_prompt_and_difficulty(deployment: Deployment) -> None:
    async with serving(deployment.environment, *ONE_PROCESS) as server, client_of(server) as client:
        journey = deployment.journey(client)
        await journey.failed()
        waiting = deployment.journey(client)
        await waiting.ready()
    printed = await run_retake("stats", "--mode", "test", "--platform", "tests", "--json", "--since", "1h",
                               environment=deployment.environment)  # fmt: skip
    reports = json.loads(printed)
    assert {report["group"]["skill_id"] for report in reports} == {"python", "sql", "data-visualization"}
    assert {report["group"]["model"] for report in reports} == {"sandbox"}
    assert {report["group"]["difficulty"] for report in reports} == {"easy", "medium", "hard"}
    assert all(report["group"]["prompt_version"] for report in reports)
    assert sum(report["answers"] for report in reports) == 10  # of the submitted set only


async def test_questions_archived_without_their_author_go_by_the_model_of_their_set(deployment: Deployment) -> None:
    older = await _groups(deployment, "--platform", "older", "--since", "50d")
    assert older["sql"]["group"] == {
        "skill_id": "sql", "model": "local/only", "prompt_version": "v3", "difficulty": "",
    }  # fmt: skip  # as a row of the table
    assert older["sql"]["figures"]["facility"]["value"] == 0.7
    assert older["sql"]["figures"]["distractors"]["non_functioning"] == 1
