"""Result mails over real connections, on loopback."""

import asyncio

import msgspec
import pytest

from assessment.deadline import SystemClock
from assessment.notices import Channel, Event, Line, MailText, Message, result_mail
from delivery.mail import MailSender
from delivery.mail_settings import parse_smtp_url
from delivery.sending import Outcome, Verdict, delivered, failed, refused
from tests.integration.delivery.mail_server import MailServer, serving
from tests.unit.delivery.samples import SKILLS, addressee, attempt

TARGET = "zoe@example.org"


def message(subject: str = "Result", text: str = "Hello", target: str = TARGET) -> Message:
    return sealed(msgspec.json.encode(MailText(subject, text)).decode(), target)


def sealed(body: str, target: str = TARGET) -> Message:
    return Message("msg_42", Channel.MAIL, Event.COMPLETED, target, body, 0, Line(1, 1))


async def send(url: str, sent: Message, seconds: float = 5.0) -> Outcome:
    return await MailSender(parse_smtp_url(url), SystemClock(), seconds=seconds).send(sent)


async def test_result_mail_arrives_with_its_words_and_a_name_of_any_alphabet() -> None:
    notice = result_mail(addressee("Zoë Ångström 山田"), SKILLS, attempt())
    async with serving(MailServer()) as server:
        assert await send(server.url(), sealed(notice.body)) == delivered(250)
    [mail] = server.mails
    assert (mail.sender, mail.recipients) == ("no-reply@example.org", [TARGET])
    assert mail.message["Subject"] == "You passed your skill assessment"
    assert mail.message["From"] == "Retäke <no-reply@example.org>"
    assert mail.message["To"] == TARGET
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Date"].datetime.tzinfo is not None
    assert mail.text.replace("\r\n", "\n") == msgspec.json.decode(notice.body)["text"]
    assert "Hello Zoë Ångström 山田," in mail.text


async def test_repeated_mail_has_the_same_message_id() -> None:
    async with serving(MailServer()) as server:
        await send(server.url(), message())
        await send(server.url(), message())
    assert [mail.message["Message-ID"] for mail in server.mails] == ["<msg_42@example.org>"] * 2


async def test_newline_in_a_name_adds_no_header() -> None:
    notice = result_mail(
        addressee("Eve\r\nBcc: spam@example.org\r\n\r\n.\r\nRCPT TO:<x@y>"), SKILLS, attempt(correct=2)
    )
    async with serving(MailServer()) as server:
        assert await send(server.url(), sealed(notice.body)) == delivered(250)
    [mail] = server.mails
    assert mail.recipients == [TARGET]
    assert mail.message["Bcc"] is None
    assert "Bcc: spam@example.org" in mail.text
    assert "RCPT TO:<x@y>" in mail.text


@pytest.mark.parametrize(
    "subject", ["Result\r\nBcc: spam@example.org", "Result\nBcc: spam@example.org", "Result\u2028Bcc:\x00x"]
)
async def test_newline_in_a_subject_becomes_a_blank(subject: str) -> None:
    async with serving(MailServer()) as server:
        assert (await send(server.url(), message(subject=subject))).verdict is Verdict.DELIVERED
    [mail] = server.mails
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"].startswith("Result Bcc:")


@pytest.mark.parametrize("target", ["", "zoe", "zoe@example.org\r\nBcc: x@example.org", "a@b.example, c@d.example"])
async def test_malformed_address_is_refused_before_any_connection(target: str) -> None:
    assert await send("smtp://127.0.0.1:1?from=a@example.org", message(target=target)) == refused(
        "the recipient's address is malformed"
    )


@pytest.mark.parametrize(
    ("rcpt", "outcome"),
    [
        ("550 no such user zoe@example.org", refused("the recipient was refused", 550)),
        ("450 mailbox busy", failed("the recipient was refused", 450)),
    ],
)
async def test_refused_recipient_is_final_only_when_the_server_says_so(rcpt: str, outcome: Outcome) -> None:
    async with serving(MailServer(rcpt=rcpt)) as server:
        assert await send(server.url(), message()) == outcome
    assert server.mails == []


@pytest.mark.parametrize(
    ("data", "outcome"),
    [("554 spam", refused("the mail was refused", 554)), ("451 later", failed("the mail was refused", 451))],
)
async def test_refused_mail_is_final_only_when_the_server_says_so(data: str, outcome: Outcome) -> None:
    async with serving(MailServer(data=data)) as server:
        assert await send(server.url(), message()) == outcome


async def test_server_that_is_down_is_a_failed_try() -> None:
    async with serving(MailServer()) as server:
        url = server.url()
    assert await send(url, message()) == failed("the mail server cannot be used (SMTPConnectError)")


async def test_slow_server_is_not_waited_for() -> None:
    async with serving(MailServer(gate=asyncio.Event())) as server, asyncio.timeout(10):  # only so that a failure ends
        assert (await send(server.url(), message(), seconds=0.2)).verdict is Verdict.FAILED
    assert server.mails == []


async def test_login_is_used() -> None:
    async with serving(MailServer(login=True)) as server:
        assert await send(server.url("me:p%40ss@"), message()) == delivered(250)
    assert server.logins == [(b"me", b"p@ss")]


async def test_wrong_password_is_a_failed_try_that_an_operator_may_mend() -> None:
    async with serving(MailServer(login=True)) as server:
        assert await send(server.url("me:wrong@"), message()) == failed("the mail server answered 535", 535)


async def test_password_is_not_sent_in_the_clear_unless_the_operator_says_so() -> None:
    async with serving(MailServer(login=True)) as server:
        outcome = await send(server.url("me:p%40ss@", options=""), message())
    assert outcome == failed("the mail server cannot be used (SMTPException)")
    assert server.logins == []
