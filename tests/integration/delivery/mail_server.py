"""A real SMTP server on loopback that keeps what it is handed."""

# ruff: noqa: ARG002 - the handlers have aiosmtpd's signatures and look at few of the arguments

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mail(NamedTuple):
    """A mail as it came over the wire."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        body = self.message.get_body()
        assert body is not None
        return str(body.get_content())


class MailServer:
    """`rcpt` and `data` are what it answers to these commands, it accepts no mail before `gate` opens."""

    def __init__(
        self, *, rcpt: str = "250 OK", data: str = "250 OK", gate: asyncio.Event | None = None, login: bool = False
    ) -> None:
        self.rcpt = rcpt
        self.data = data
        self.gate = gate
        self.login = login
        self.port = 0
        self.mails: list[Mail] = []
        self.logins: list[tuple[bytes, bytes]] = []

    def url(self, credentials: str = "", options: str = "&starttls=0") -> str:
        sender = "from=Ret%C3%A4ke%20%3Cno-reply@example.org%3E"
        return f"smtp://{credentials}127.0.0.1:{self.port}?{sender}{options}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.gate:
            await self.gate.wait()
        assert isinstance(envelope.content, bytes)
        self.mails.append(Mail(str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        return self.data

    def check(self, server: SMTP, session: Session, envelope: Envelope, kind: str, proof: object) -> AuthResult:
        assert isinstance(proof, LoginPassword)
        self.logins.append((proof.login, proof.password))
        return AuthResult(success=proof.password == b"p@ss", handled=False)

    def protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="mail.example",
            loop=asyncio.get_running_loop(),
            auth_require_tls=False,
            authenticator=self.check if self.login else None,
        )


@asynccontextmanager
async def serving(mail_server: MailServer) -> AsyncIterator[MailServer]:
    server = await asyncio.get_running_loop().create_server(mail_server.protocol, "127.0.0.1", 0)
    mail_server.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield mail_server
        finally:
            if mail_server.gate:
                mail_server.gate.set()
