"""Notices are stored with the change they tell of, and every one ends as delivered or with a reason why not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from standardwebhooks.webhooks import Webhook

from api.services import Services
from assessment.models import Mode
from assessment.notices import Channel, Line
from db.announcements import PlatformNotices
from db.outbox import PostgresOutbox
from db.queue import JobKind, enqueue
from jobs.vendors import Vendors
from piccolo_conf import DB
from providers.build import build_vendors
from providers.config import ProvidersConfig
from tests.integration.delivery.mail_server import MailServer
from tests.integration.delivery.mail_server import serving as mail_serving
from tests.integration.delivery.receiver import Receiver, listening
from tests.integration.deployment import client_of, deployed
from tests.journey import Journey
from tests.rows import fetch
from tests.server_process import serving
from tests.waiting import until

SANDBOX_CHAIN = "vendors: [{name: sandbox, model: sandbox}]\nchain: [sandbox]\n"


@pytest.fixture
def providers_file(tmp_path: Path) -> Path:
    """A provider configuration whose only vendor is the sandbox, so that live keys can generate."""
    file = tmp_path / "providers.yaml"
    file.write_text(SANDBOX_CHAIN)
    return file


@pytest.fixture
def live_writer(vendors: Vendors, providers_file: Path) -> None:
    config = ProvidersConfig.from_file(providers_file)
    vendors.current = msgspec.structs.replace(vendors.current, writer=build_vendors(config))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(Receiver()) as receiver:
        yield receiver


async def _messages(journey: Journey) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT * FROM outbox_message WHERE verification = {} ORDER BY created_at, channel", journey.verification_id
    )


async def _live_submitted(journey: Journey) -> None:
    """Submit as a live student, whose right options are not marked: the first option of every question."""
    await journey.prepared()
    generated = await journey.client.post("/assessment/generate", headers=journey.headers)
    questions = generated.json()["data"]["questions"]
    chosen = [{"questionId": question["questionId"], "selectedAnswer": 0} for question in questions]
    scored = await journey.client.post("/assessment/submit", json={"answers": chosen}, headers=journey.headers)
    scored.raise_for_status()


async def test_a_refused_submit_stores_no_notice(journey: Journey) -> None:
    await journey.ready()
    before = len(await _messages(journey))
    bodies: list[dict[str, Any]] = [{"answers": []}, {"answers": [{"questionId": "none", "selectedAnswer": 0}]}]
    for body in bodies:
        assert (await journey.client.post("/assessment/submit", json=body, headers=journey.headers)).is_client_error
    assert len(await _messages(journey)) == before == 1


async def test_a_submit_whose_notice_cannot_be_stored_scores_nothing(journey: Journey) -> None:
    await journey.ready()
    await fetch(
        """
        CREATE FUNCTION refuse_notice() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'refused'; END $$
        """
    )
    await fetch(
        f"""
        CREATE TRIGGER refuse BEFORE INSERT ON outbox_message FOR EACH ROW
        WHEN (NEW.verification = '{journey.verification_id}') EXECUTE FUNCTION refuse_notice()
        """
    )
    try:
        assert (await journey.submit(right=10)).status_code == 500
    finally:
        await fetch("DROP FUNCTION refuse_notice CASCADE")
    assert (await journey.state())["state"] == "ready"
    assert (await journey.state())["attempts"] == 0
    assert (await journey.submit(right=10)).json()["data"]["result"]["attemptNumber"] == 1


async def test_both_events_arrive_signed_and_are_recorded(
    services: Services, journey: Journey, receiver: Receiver, platform_name: str
) -> None:
    made = await services.accounts.create_key(Mode.TEST, "hooks", platform_name)
    journey.api_key = made.api_key
    journey.profile["verify"]["callbackWebhookUrl"] = receiver.url()
    await journey.locked()

    async def settled() -> bool:
        return all(message["state"] == "delivered" for message in await _messages(journey))

    await until(settled)
    assert [message["tries"] for message in await _messages(journey)] == [1, 1]
    webhook = Webhook(made.webhook_secret)
    bodies: list[Any] = [webhook.verify(delivery.body, delivery.headers) for delivery in receiver.got]
    assert sorted(received["type"] for received in bodies) == ["verification.completed", "verification.initiated"]


async def test_a_receiver_that_fails_is_tried_again_under_the_same_id(journey: Journey) -> None:
    failing = Receiver(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
    async with listening(failing):
        journey.profile["verify"]["callbackWebhookUrl"] = failing.url()
        await journey.ready()

        async def tried(times: int) -> bool:
            (message,) = await _messages(journey)
            return bool(message["tries"] == times)

        for times in range(1, 5):
            await until(partial(tried, times))
            (message,) = await _messages(journey)
            await fetch("UPDATE outbox_message SET due_at = now() WHERE id = {} AND state = 'pending'", message["id"])
            await enqueue(DB, JobKind.DELIVER, PlatformNotices(message["platform"]))
    assert (message["state"], message["outcome"]) == ("undeliverable", "answered 500")
    assert [delivery.headers["webhook-id"] for delivery in failing.got] == [message["id"]] * 4
    assert len({delivery.body for delivery in failing.got}) == 1


async def test_a_message_is_leased_to_one_process_at_a_time_and_again_when_the_lease_is_over(journey: Journey) -> None:
    await journey.ready()
    (message,) = await _messages(journey)
    # as if never tried, and out of the running deliveries' sight until all ask at once
    await fetch(
        "UPDATE outbox_message SET state = 'pending', tries = 0, due_at = now() - interval '1 day' WHERE id = {}",
        message["id"],
    )
    outbox = PostgresOutbox(DB)
    line = {Line(message["platform"], message["receiver_group"]): 100}
    taken = await asyncio.gather(*(outbox.take(line, 60.0) for _ in range(10)))
    assert sum(each.message_id == message["id"] for messages in taken for each in messages) <= 1
    assert message["id"] not in {each.message_id for each in await outbox.take(line, 60.0)}


async def test_a_live_result_without_a_mail_server_is_recorded_as_undeliverable(
    journey: Journey, live_key: str, live_writer: None
) -> None:
    journey.api_key = live_key
    await _live_submitted(journey)

    async def given_up() -> bool:
        mails = [message for message in await _messages(journey) if message["channel"] == Channel.MAIL]
        return [(mail["state"], mail["outcome"]) for mail in mails] == [
            ("undeliverable", "no mail server is configured")
        ]

    await until(given_up)


async def test_a_test_mode_result_makes_no_mail(journey: Journey) -> None:
    await journey.locked()
    assert {message["channel"] for message in await _messages(journey)} == {"webhook"}


async def test_a_live_result_is_mailed_by_the_server(app: Litestar, services: Services, providers_file: Path) -> None:
    async with AsyncExitStack() as stack:
        mails = await stack.enter_async_context(mail_serving(MailServer()))
        deployment = await stack.enter_async_context(deployed(services.engine, Mode.LIVE))
        environment = {"RETAKE_SMTP_URL": mails.url(), "RETAKE_PROVIDERS": str(providers_file)}
        server = await stack.enter_async_context(serving({**deployment.environment, **environment}))
        client = await stack.enter_async_context(client_of(server))
        journey = deployment.journey(client)
        await _live_submitted(journey)
        await until(lambda: len(mails.mails) == 1 and len(deployment.receiver.got) == 2)

        async def settled() -> bool:
            return not await deployment.rows("SELECT 1 FROM outbox_message WHERE state <> 'delivered'")

        await until(settled)
    (mail,) = mails.mails
    assert mail.recipients == [journey.profile["verify"]["email"]]
    assert "attempt 1 is scored" in mail.text
    events = [json.loads(delivery.body)["type"] for delivery in deployment.receiver.got]
    assert sorted(events) == ["verification.completed", "verification.initiated"]
