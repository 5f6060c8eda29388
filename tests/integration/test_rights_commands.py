"""`retake audit`, `deliveries` and `person` as an operator uses them."""

import json
from collections.abc import AsyncIterator

import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, deployed
from tests.server_process import finished_retake, run_retake

STUDENT = "usr_test_00112233445566778899aabb"
VERIFICATION = "ver_test_00112233445566778899aabb"
DELIVERY = "msg_00112233445566778899aabb"
SOMEBODY = (
    "INSERT INTO student (id, platform, mode, email) SELECT $1::text, id, 'test', 'ada@example.com' FROM platform",
    """
    INSERT INTO verification (id, platform, mode, student, api_key, external_student_id, callback_url, name)
    SELECT $2, k.platform, 'test', $1, k.id, 'stu-1', 'http://127.0.0.1:9/', 'Ada' FROM api_key k LIMIT 1
    """,
    """
    INSERT INTO outbox_message (id, verification, platform, channel, event, target, body, state, settled_at)
    SELECT $2, id, platform, 'webhook', 'verification.initiated', '', '{}', 'undeliverable', now()
    FROM verification WHERE id = $1
    """,
)


@pytest.fixture
async def deployment(app: object) -> AsyncIterator[Deployment]:
    """With one student whose webhook was given up."""
    async with deployed(DB) as deployment:
        await deployment.rows(SOMEBODY[0], STUDENT)
        await deployment.rows(SOMEBODY[1], STUDENT, VERIFICATION)
        await deployment.rows(SOMEBODY[2], VERIFICATION, DELIVERY)
        yield deployment


async def test_a_person_is_exported_and_erased_and_the_log_says_so(deployment: Deployment) -> None:
    environment = deployment.environment
    exported = json.loads(await run_retake("person", "export", STUDENT, environment=environment))
    assert exported["student"]["email"] == "ada@example.com"
    assert [each["name"] for each in exported["verifications"]] == ["Ada"]
    erased = await run_retake("person", "erase", STUDENT, "--yes", environment=environment)
    assert "1\tverifications" in erased.splitlines()
    again = await finished_retake("person", "erase", STUDENT, "--yes", environment=environment)
    assert (again.code, again.stderr) == (1, f"Error: no student has the id '{STUDENT}'\n")
    shown = json.loads(await run_retake("audit", "show", "--json", environment=environment))
    assert [(entry["actor_kind"], entry["action"]) for entry in shown] == [
        ("cli", "person_erased"),
        ("cli", "person_exported"),
    ]
    assert "ada@example.com" not in json.dumps(shown)

    verdict = await run_retake("audit", "verify", environment=environment)
    head = verdict.split()[-1]
    assert verdict == f"2 entries fit; head {head}\n"
    assert (await finished_retake("audit", "verify", "--head", head, environment=environment)).code == 0
    cut_off = await finished_retake("audit", "verify", "--head", "0" * 64, environment=environment)
    assert (cut_off.code, "was cut off" in cut_off.stderr) == (1, True)


async def test_what_was_given_up_is_listed_and_sent_again(deployment: Deployment) -> None:
    environment = deployment.environment
    listed = json.loads(
        await run_retake("deliveries", "list", "--state", "undeliverable", "--json", environment=environment)
    )
    assert [each["delivery_id"] for each in listed] == [DELIVERY]
    neither = await finished_retake("deliveries", "replay", environment=environment)
    assert (neither.code, "name deliveries by their ids, or give --since" in neither.stderr) == (2, True)
    said = await run_retake("deliveries", "replay", "--since", "1h", "--per-minute", "60", environment=environment)
    assert said == "1 webhooks will be sent again, 60 a minute\n"
    (row,) = await deployment.rows("SELECT state, tries, settled_at FROM outbox_message")
    assert row == {"state": "pending", "tries": 0, "settled_at": None}
    unknown = await finished_retake("deliveries", "replay", "msg_nobody", environment=environment)
    assert (unknown.code, "no webhooks that are kept" in unknown.stderr) == (1, True)
