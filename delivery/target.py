"""Reading a webhook's URL, once and in one place, so that no second parser can see another host in it."""

import ipaddress
import re
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

_PORTS = {"http": 80, "https": 443}
# urlsplit drops tabs and line ends without a word, a backslash is a slash to some parsers and not to others, and a
# lone surrogate cannot be encoded.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_KEPT = "/?%:@!$&'()*+,;=-._~"


class BadTarget(ValueError):
    """The URL is not one that a webhook can be sent to; the message says why and never quotes it."""


class Target(msgspec.Struct, frozen=True):
    """Where a webhook goes: `host` as ASCII without brackets, `path` with its query and percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The value of the Host header: the default port is left out, an IPv6 address is put in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Read an absolute http or https URL. Raises BadTarget."""
    if _AMBIGUOUS.search(url):
        raise BadTarget("the URL holds a blank, a backslash or an unprintable character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # urlsplit quotes the URL in its message, so that one is not kept
        raise BadTarget("the URL's host or port is malformed") from None
    if parts.scheme not in _PORTS:
        raise BadTarget("the URL is not http or https")
    if "@" in parts.netloc:
        raise BadTarget("the URL holds credentials")
    if port == 0:
        raise BadTarget("the URL's host or port is malformed")
    return Target(parts.scheme, _host(parts), port or _PORTS[parts.scheme], _path(parts))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc:
        return _literal(host)
    try:
        ascii_host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadTarget("the URL's host is not a valid name") from None
    if not _NAME.fullmatch(ascii_host):  # the encoding itself can make a blank or a slash of a wider character
        raise BadTarget("the URL's host is not a valid name")
    return ascii_host


def _literal(host: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise BadTarget("the URL's host is not a valid address") from None


def _path(parts: SplitResult) -> str:
    path = parts.path or "/"
    return quote(f"{path}?{parts.query}" if parts.query else path, safe=_KEPT)
