"""A webhook only ever goes to an address that anybody on the internet can reach."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.addresses import can_become_public, is_public

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",  # mapped
    "64:ff9b::8.8.8.8",  # what an IPv6-only network with DNS64 makes of 8.8.8.8
]
NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - refused here, not listened on
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",  # carrier-grade NAT
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # cloud metadata
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible, withdrawn
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.1",
    "::ffff:0:127.0.0.1",  # translated, RFC 2765
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",  # local NAT64
    "100::1",
    "2001::1",  # Teredo
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4 around 127.0.0.1
    "2002:808:808::",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
REACHABLE = [
    "platform.example",
    "hooks.example.com",
    "not-there-yet.test",
    "localhost.example.com",
    "8.8.8.8",
    "2606:4700:4700::1111",
    "xn--bcher-kva.example",
    "internal.example.com",
    "0x08080808",
]
NEVER_REACHABLE = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "app.localhost",
    "intranet",
    "printer.local",
    "db.internal",
    "nas.home.arpa",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "10.0.0.8",
    "169.254.169.254",
    "::1",
    "::ffff:10.1.2.3",
    "fd12:3456::1",
    "fe80::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_address_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_ipv4_address_gets_the_same_answer_in_every_disguise(address: IPv4Address) -> None:
    mapped = IPv6Address((0xFFFF << 32) | int(address))
    translated = IPv6Address((0x64FF9B << 96) | int(address))
    assert is_public(mapped) == is_public(translated) == is_public(address)


@given(st.ip_addresses(v=4))
def test_public_ipv4_address_has_none_of_the_special_properties(address: IPv4Address) -> None:
    if is_public(address):
        properties = (address.is_private, address.is_multicast, address.is_reserved, address.is_loopback)
        assert not any(properties)


@given(st.ip_addresses(v=6, network="::/3") | st.ip_addresses(v=6, network="4000::/2") | st.ip_addresses(v=6))
def test_public_ipv6_address_is_global_unicast_or_stands_for_ipv4(address: IPv6Address) -> None:
    if is_public(address):
        stands_for_ipv4 = address.ipv4_mapped is not None or int(address) >> 32 == 0x64FF9B << 64
        assert stands_for_ipv4 or int(address) >> 125 == 1


@pytest.mark.parametrize("host", REACHABLE)
def test_a_host_that_may_have_a_public_address_one_day_is_kept(host: str) -> None:
    assert can_become_public(host)


@pytest.mark.parametrize("host", NEVER_REACHABLE)
def test_a_host_that_can_never_have_one_is_not(host: str) -> None:
    assert not can_become_public(host)
