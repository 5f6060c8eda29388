"""API keys and session tokens: made here, recognised here, stored only as digests.

A key looks like `sk_live_` + 30 base62 characters + 6 of checksum, so that a mistyped or invented key is refused
without asking the database, and secret scanners can find a leaked one.
"""

import base64
import hashlib
import hmac
import secrets
import string
import zlib
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from assessment.models import Mode, Standing

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_CHARACTERS = 30
CHECKSUM_CHARACTERS = 6
TOKEN_BYTES = 32
ID_BYTES = 12
WEBHOOK_SECRET_BYTES = 32
SESSION_LIFETIME = timedelta(days=40)

KEY_PREFIXES = {mode: f"sk_{mode}_" for mode in Mode}


class Actor(msgspec.Struct, frozen=True):
    """Who does something that is written down: a command's user or the holder of a key, from a host or address."""

    kind: Literal["cli", "key", "system"]
    name: str
    source: str = ""


SYSTEM = Actor("system", "retake")


class PlatformAccess(msgspec.Struct, frozen=True):
    """What an API key opens. `sealing_key` comes from the key itself and is never stored."""

    digest: bytes
    sealing_key: bytes
    key_id: str
    platform_id: int
    mode: Mode


class StudentAccess(msgspec.Struct, frozen=True):
    """What a session token opens: one verification, as it stood when the request arrived.

    `sealing_key` comes from the token itself and is never stored; `key_id` is the API key that opened the session.
    """

    digest: bytes
    sealing_key: bytes
    key_id: str
    expires_at: datetime
    standing: Standing


def new_api_key(mode: Mode) -> str:
    """Make a key of about 178 bits of randomness."""
    secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_CHARACTERS))
    return f"{KEY_PREFIXES[mode]}{secret}{_checksum(KEY_PREFIXES[mode] + secret)}"


def is_well_formed(api_key: str) -> bool:
    """Tell a possible key from a mistyped one, by prefix, length, alphabet and checksum."""
    prefix = next((prefix for prefix in KEY_PREFIXES.values() if api_key.startswith(prefix)), None)
    if prefix is None or len(api_key) != len(prefix) + SECRET_CHARACTERS + CHECKSUM_CHARACTERS:
        return False
    body, checksum = api_key[:-CHECKSUM_CHARACTERS], api_key[-CHECKSUM_CHARACTERS:]
    return set(api_key[len(prefix) :]) <= set(ALPHABET) and hmac.compare_digest(checksum, _checksum(body))


def new_session_token(mode: Mode) -> str:
    """Make a token of 256 bits."""
    return f"st_{mode}_{secrets.token_urlsafe(TOKEN_BYTES)}"


def new_webhook_secret() -> str:
    """Make a signing secret in the form of the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()


def new_id(prefix: str, mode: Mode | None = None) -> str:
    """Make an identifier that clients see, such as `ver_live_…`."""
    middle = f"{mode}_" if mode else ""
    return f"{prefix}_{middle}{secrets.token_hex(ID_BYTES)}"


def digest(credential: str) -> bytes:
    """Hash a credential for storing and look-up; it is random enough to need neither salt nor stretching."""
    return hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()


def sealing_key(credential: str) -> bytes:
    """Derive 32 bytes that only the holder of the credential can bring again; they tell nothing about the digest."""
    return hashlib.sha256(b"retake: sealed answers\x00" + credential.encode("utf-8", "surrogateescape")).digest()


def same_digest(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one, other)


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
