"""Reading the mail server's URL.

For instance `smtp://user:password@mail.example.org:587?from=Retake%20%3Cno-reply@example.org%3E&starttls=1`.
"""

from email.errors import MessageError
from email.headerregistry import Address
from email.utils import getaddresses
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

PORTS = {"smtp": 25, "smtps": 465}
SUBMISSION_PORT = 587  # where mail programs hand in mail, under STARTTLS


class BadMailSettings(ValueError):
    """The SMTP URL cannot be used; the message says why and never quotes a password."""


class BadAddress(ValueError):
    """Not one single e-mail address."""


class MailSettings(msgspec.Struct, frozen=True):
    """How mail leaves: `starttls` None means when the server offers it."""

    host: str
    port: int
    sender: Address
    username: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool | None = None

    def __repr__(self) -> str:
        """Leave the credentials out, for a log line or a traceback may show it."""
        return f"MailSettings({self.host}:{self.port})"


def parse_smtp_url(url: str) -> MailSettings:
    """Read an SMTP URL. Raises BadMailSettings.

    `smtps` speaks TLS from the start (port 465), `smtp` in the clear at first (port 25, or 587 with `starttls=1`).
    `starttls=1` insists on encryption, `starttls=0` never asks for it; without it, it is insisted on when there is a
    password to protect and used when offered otherwise.
    """
    parts, port = _split(url)
    options = _options(parts)
    tls = parts.scheme == "smtps"
    username, password = _credentials(parts)
    starttls = _starttls(options.get("starttls"), tls=tls, secret=password is not None)
    return MailSettings(
        host=parts.hostname or "",
        port=port or (SUBMISSION_PORT if starttls else PORTS[parts.scheme]),
        sender=_sender(options.get("from")),
        username=username,
        password=password,
        tls=tls,
        starttls=starttls,
    )


def mail_address(text: str, display_name: str = "") -> Address:
    """Read exactly one address; a non-ASCII domain is put into its ASCII form. Raises BadAddress."""
    try:
        spec = Address(addr_spec=text)
        return Address(display_name, spec.username, spec.domain.encode("idna").decode("ascii"))
    except (ValueError, IndexError, MessageError):  # the parser has an IndexError for an address that ends early
        raise BadAddress("not an e-mail address") from None


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:  # its message may quote the URL and with it the password
        raise BadMailSettings("the SMTP URL's host or port is malformed") from None
    if parts.scheme not in PORTS:
        raise BadMailSettings("the SMTP URL must begin with smtp:// or smtps://")
    if not parts.hostname or port == 0:
        raise BadMailSettings("the SMTP URL's host or port is malformed")
    if parts.path not in {"", "/"} or parts.fragment:
        raise BadMailSettings("the SMTP URL has a path or a fragment; is a character of the password not encoded?")
    return parts, port


def _options(parts: SplitResult) -> dict[str, str]:
    try:
        found = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise BadMailSettings("the SMTP URL's options are malformed") from None
    if unknown := sorted(found.keys() - {"from", "starttls"}):
        raise BadMailSettings(f"the SMTP URL has unknown options: {', '.join(unknown)}")
    if any(len(values) > 1 for values in found.values()):
        raise BadMailSettings("the SMTP URL has an option twice")
    return {name: values[0] for name, values in found.items()}


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if parts.username is None and parts.password is None:
        return None, None
    if not parts.username or not parts.password:
        raise BadMailSettings("the SMTP URL needs both a user and a password, or neither")
    return unquote(parts.username), unquote(parts.password)


def _starttls(option: str | None, *, tls: bool, secret: bool) -> bool | None:
    if option not in {None, "0", "1"}:
        raise BadMailSettings("the SMTP URL's option starttls must be 0 or 1")
    if tls and option == "1":
        raise BadMailSettings("smtps:// is encrypted from the start: leave starttls out")
    if tls:
        return False
    if option is None:
        return True if secret else None
    return option == "1"


def _sender(option: str | None) -> Address:
    if not option:
        raise BadMailSettings("the SMTP URL needs the option from, for instance ?from=no-reply@example.org")
    found = getaddresses([option]) if option.isprintable() else []
    try:
        [(display_name, spec)] = found
        return mail_address(spec, display_name)
    except ValueError:  # none or several, or BadAddress
        raise BadMailSettings("the SMTP URL's option from is not one e-mail address") from None
