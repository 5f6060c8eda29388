"""One set can be followed through the log: from the request to the vendors' loop and to the courier."""

import asyncio
from typing import Any

import httpx
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.journey import Journey
from tests.rows import fetch, fetch_one
from tests.waiting import until

IDS = ("verification_id", "platform_id", "key_id")
Line = Any


async def ids_of(journey: Journey) -> dict[str, str | int]:
    """What the database knows of whose a verification is."""
    row = await fetch_one("SELECT id, platform, api_key FROM verification WHERE id = {}", journey.verification_id)
    assert row is not None
    return dict(zip(IDS, (row["id"], row["platform"], row["api_key"]), strict=True))


def told(line: Line) -> dict[str, str | int]:
    return {name: line.get(name) for name in IDS}


async def test_every_line_of_a_set_says_whose_it_is_and_which_request_asked_for_it(journey: Journey) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        await journey.prepared()
        await journey.generate(**{"x-request-id": "the-one-that-generates"})
    ids = await ids_of(journey)
    of_generate = [line for line in lines if line.get("request_id") == "the-one-that-generates"]
    events = [line["event"] for line in of_generate]
    assert {"vendor_attempt", "set_written", "request"} <= set(events)
    assert [told(line) for line in of_generate] == [ids] * len(of_generate)
    opened, *steps = [line for line in lines if line["event"] == "request"]
    assert [told(line) for line in (opened, *steps)] == [ids] * 5
    assert len({line["request_id"] for line in (opened, *steps)}) == 5


async def test_a_delivery_says_whose_it_is(journey: Journey) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        await journey.failed()
        ids = await ids_of(journey)
        await until(lambda: _all_tried(journey))
    of_this = [line for line in lines if line.get("verification_id") == ids["verification_id"]]
    notices = [line for line in of_this if line["event"] == "notice"]
    assert {line["notice"] for line in notices} == {"verification.initiated", "verification.completed"}
    assert [told(line) for line in notices] == [ids] * len(notices)
    assert not [line for line in notices if "request_id" in line]


async def _all_tried(journey: Journey) -> bool:
    waiting = "SELECT 1 FROM outbox_message WHERE verification = {} AND tries = 0"
    return not await fetch(waiting, journey.verification_id)


async def test_lines_of_students_who_come_at_the_same_time_are_not_mixed_up(
    client: httpx.AsyncClient, test_key: str
) -> None:
    journeys = [Journey(client, test_key) for _ in range(6)]
    with capture_logs(processors=[merge_contextvars]) as lines:
        await asyncio.gather(*(journey.failed() for journey in journeys))
    of_request: dict[str, set[str]] = {}
    for line in lines:
        if "request_id" in line and "verification_id" in line:
            of_request.setdefault(line["request_id"], set()).add(line["verification_id"])
    assert {verification for found in of_request.values() for verification in found} == {
        journey.verification_id for journey in journeys
    }
    assert all(len(found) == 1 for found in of_request.values())


async def test_no_line_names_a_person_a_credential_or_a_question(journey: Journey) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        await journey.failed()
    assert lines
    text = str(lines)
    person = journey.profile["verify"]
    secrets = [person["email"], person["name"], journey.token, journey.api_key, person["callbackWebhookUrl"]]
    secrets += [question["question"] for question in journey.questions]
    assert [secret for secret in secrets if secret in text] == []
