"""Sends one mail through the operator's SMTP server."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib
import msgspec

from assessment.deadline import Clock
from assessment.notices import MailText, Message
from delivery.mail_settings import BadAddress, MailSettings, mail_address
from delivery.sending import Outcome, delivered, failed, refused

TRY_SECONDS = 10.0  # as long as a webhook has
QUIT_SECONDS = 1.0  # a courtesy after the mail was accepted
ACCEPTED = 250
PERMANENT = 500  # SMTP: a 4xx may be tried again, a 5xx never


class MailSender:
    """Sends mails, each over a connection of its own; safe to share among tasks."""

    def __init__(self, settings: MailSettings, clock: Clock, *, seconds: float = TRY_SECONDS) -> None:
        """`seconds` bounds one try."""
        self._settings = settings
        self._clock = clock
        self._seconds = seconds

    async def send(self, message: Message) -> Outcome:
        """Try once. A malformed address, and what the server refuses for good, is refused."""
        try:
            mail = self._mail(message)
        except BadAddress:
            return refused("the recipient's address is malformed")
        client = self._client()
        try:
            return await self._hand_over(client, mail)
        finally:
            client.close()

    def _mail(self, message: Message) -> EmailMessage:
        words = msgspec.json.decode(message.body, type=MailText)
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = self._settings.sender
        mail["To"] = mail_address(message.target)
        mail["Subject"] = _one_line(words.subject)
        mail["Date"] = format_datetime(self._clock.now())
        # The same over all tries: a mail that arrives twice is recognised as one.
        mail["Message-ID"] = f"<{message.message_id}@{self._settings.sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # keeps holiday notices from answering
        mail.set_content(words.text, cte="quoted-printable")
        return mail

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            use_tls=settings.tls,
            start_tls=settings.starttls,
            timeout=self._seconds,
        )

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: EmailMessage) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.send_message(mail)
        except aiosmtplib.SMTPException as error:
            return _judged(error)
        except TimeoutError:
            return failed(f"no answer within {self._seconds:g} s")
        except OSError as error:
            return failed(f"the mail server cannot be reached ({type(error).__name__})")
        with suppress(aiosmtplib.SMTPException):  # the mail is accepted already
            await client.quit(timeout=QUIT_SECONDS)
        return delivered(ACCEPTED)


def _judged(error: aiosmtplib.SMTPException) -> Outcome:
    """Keep the code only: servers like to quote the address in their message.

    A refused login or greeting is the operator's affair and may be mended before the next try.
    """
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _by_code("the recipient was refused", first.code)
        case aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPDataError():
            return _by_code("the mail was refused", error.code)
        case aiosmtplib.SMTPResponseException():
            return failed(f"the mail server answered {error.code}", error.code)
        case _:
            return failed(f"the mail server cannot be used ({type(error).__name__})")


def _by_code(reason: str, code: int) -> Outcome:
    return refused(reason, code) if code >= PERMANENT else failed(reason, code)


def _one_line(text: str) -> str:
    """Blanks for line ends and other control characters: what is one header stays one header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
