"""What docs/webhooks.md shows is what the program does."""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from assessment.notices import Notice, completed, initiated
from delivery.schedule import RETRY_PAUSES
from delivery.webhook import TRY_SECONDS
from tests.unit.delivery.samples import BEGUN, SKILLS, addressee, attempt

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOTICES = (initiated(addressee(), SKILLS, 10, BEGUN), completed(addressee(), SKILLS, attempt()))
BODY = NOTICES[1].body

Verify = Callable[[str, dict[str, str], bytes], dict[str, object]]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def verifiers() -> list[Verify]:
    found = []
    for source in blocks("python"):
        names: dict[str, Verify] = {}
        exec(source, names)  # noqa: S102 - the page's own example is what is tested
        found.append(names["verify"])
    return found


def signed(at: datetime) -> dict[str, str]:
    signature = Webhook(SECRET).sign("msg_1", at, BODY)
    stamp = str(int(at.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": f"v1,bm8= {signature}"}


@pytest.mark.parametrize(
    ("block", "notice"),
    list(zip(blocks("json"), NOTICES, strict=True)),
)
def test_example_body_is_what_is_sent(block: str, notice: Notice) -> None:
    assert json.loads(block) == json.loads(notice.body)


@pytest.mark.parametrize("verify", verifiers())
def test_example_accepts_what_is_genuine(verify: Verify) -> None:
    assert verify(SECRET, signed(datetime.now(UTC)), BODY.encode()) == json.loads(BODY)


@pytest.mark.parametrize("verify", verifiers())
def test_example_turns_down_what_is_forged_or_old(verify: Verify) -> None:
    other = f"whsec_{base64.b64encode(b'somebody else').decode()}"
    now, old = datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=6)
    for secret, at, body in ((other, now, BODY), (SECRET, now, BODY + " "), (SECRET, old, BODY)):
        with pytest.raises((WebhookVerificationError, ValueError)):
            verify(secret, signed(at), body.encode())


@pytest.mark.parametrize("verify", verifiers())
@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "é"])
def test_example_turns_down_headers_that_are_missing_or_no_good(verify: Verify, name: str, value: str | None) -> None:
    headers = signed(datetime.now(UTC))
    headers.pop(name)
    with pytest.raises((WebhookVerificationError, ValueError)):
        verify(SECRET, headers if value is None else {**headers, name: value}, BODY.encode())


def test_figures_are_those_of_the_program() -> None:
    first, second, third = (f"{pause:g} s" for pause in RETRY_PAUSES)
    assert f"tried again {first}, {second} and {third} later" in PAGE
    assert f"within {TRY_SECONDS:g} seconds" in PAGE
