"""Which addresses and names a webhook may be sent to: those that anybody on the internet can reach.

A platform chooses its webhook's URL, so without this check it could have the server call the operator's own network.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")

# What `is_global` of some Python 3.11 releases still lets through, and tunnels that end at an address of the
# sender's choice. No receiver lives in any of them.
_NEVER = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, withdrawn
    IPv6Network("2001::/23"),  # IETF protocol assignments, among them Teredo tunnels
    IPv6Network("2002::/16"),  # 6to4 tunnels
    IPv6Network("3fff::/20"),  # documentation
)

# Names that are reserved for one host or one network (RFC 6761, 6762, 8375; ICANN for `internal`)
_INTERNAL_ZONES = ("localhost", "local", "internal", "home.arpa")
# What a resolver takes for an IPv4 address without asking anybody: 127.1, 2130706433, 0x7f.1
_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}")


def can_become_public(host: str) -> bool:
    """Whether this host may ever have a public address; what its name resolves to today does not count."""
    name = host.rstrip(".").lower()
    literal = _literal(name)
    if literal is not None:
        return is_public(literal)
    return "." in name and not any(name.endswith(f".{zone}") for zone in _INTERNAL_ZONES)


def is_public(address: Address) -> bool:
    """Whether this address, and the IPv4 address it may stand for, is globally routable unicast."""
    inner = _unwrapped(address)
    if isinstance(inner, IPv6Address) and inner not in _GLOBAL_UNICAST:
        return False
    return inner.is_global and not inner.is_multicast and not any(inner in network for network in _NEVER)


def _literal(host: str) -> Address | None:
    if _NUMBERS.fullmatch(host):
        try:
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that a mapped (::ffff:0:0/96) or translated (64:ff9b::/96) IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
