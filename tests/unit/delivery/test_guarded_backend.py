"""The connection goes to exactly the address that was checked, and TLS still asks for the name."""

# ruff: noqa: ARG002 - the stand-ins have httpcore's signatures and look at few of the arguments

import asyncio
import ssl
from collections.abc import Iterable, Sequence

import httpcore
import pytest

from assessment.deadline import SystemClock
from delivery.guarded_backend import MAX_ADDRESSES, ForbiddenAddress, GuardedBackend
from delivery.sending import Verdict
from delivery.webhook import WebhookSender
from tests.unit.delivery.fakes import make_message

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Stream(httpcore.AsyncMockStream):
    """Remembers the name that TLS was asked to verify; a `mute` one never ends the handshake."""

    def __init__(self, names: list[str | None], *, mute: bool = False) -> None:
        super().__init__([ANSWER])
        self._names = names
        self._mute = mute
        self.closed = False

    async def aclose(self) -> None:
        self.closed = True

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        self._names.append(server_hostname)
        if self._mute:
            await asyncio.sleep(60)
        return self


class Network(httpcore.AsyncNetworkBackend):
    """Remembers where it was asked to connect to; the `dead` addresses do not answer."""

    def __init__(self, *dead: str, mute: bool = False) -> None:
        self.dead = dead
        self.mute = mute
        self.streams: list[Stream] = []
        self.connected: list[str] = []
        self.verified: list[str | None] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        if host in self.dead:
            raise httpcore.ConnectTimeout
        self.streams.append(Stream(self.verified, mute=self.mute))
        return self.streams[-1]


class Names:
    """A name server that gives another answer each time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        return self.answers.pop(0)


async def test_name_is_resolved_once_and_its_checked_address_is_used() -> None:
    network = Network()
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    async with WebhookSender(SystemClock(), resolve=names, network=network) as sender:
        first = await sender.send(make_message())
        second = await sender.send(make_message())
    assert (first.verdict, second.verdict) == (Verdict.DELIVERED, Verdict.REFUSED)
    assert network.connected == ["8.8.8.8"]


async def test_certificate_is_verified_for_the_name_and_not_for_the_address() -> None:
    network = Network()
    async with WebhookSender(SystemClock(), resolve=Names(["8.8.8.8"]), network=network) as sender:
        await sender.send(make_message())
    assert network.verified == ["ada.example"]


async def test_connection_is_closed_when_time_runs_out_in_the_tls_handshake() -> None:
    network = Network(mute=True)
    async with WebhookSender(SystemClock(), seconds=0.02, resolve=Names(["8.8.8.8"]), network=network) as sender:
        outcome = await sender.send(make_message())
        assert outcome.reason == "no answer within 0.02 s"
        assert [stream.closed for stream in network.streams] == [True]


async def test_private_addresses_among_public_ones_are_passed_over() -> None:
    network = Network()
    backend = GuardedBackend(Names(["10.0.0.1", "::1", "8.8.8.8"]), inner=network)
    await backend.connect_tcp("hooks.example", 443)
    assert network.connected == ["8.8.8.8"]


async def test_next_address_is_tried_when_one_is_dead() -> None:
    network = Network("2606:4700::1")
    backend = GuardedBackend(Names(["2606:4700::1", "8.8.8.8"]), inner=network)
    await backend.connect_tcp("hooks.example", 443)
    assert network.connected == ["2606:4700::1", "8.8.8.8"]


async def test_dead_host_is_given_up_after_a_few_addresses() -> None:
    addresses = [f"8.8.8.{last}" for last in range(1, 9)]
    network = Network(*addresses)
    with pytest.raises(httpcore.ConnectTimeout):
        await GuardedBackend(Names(addresses), inner=network).connect_tcp("hooks.example", 443)
    assert network.connected == addresses[:MAX_ADDRESSES]


@pytest.mark.parametrize("addresses", [[], ["127.0.0.1"], ["10.0.0.1", "fe80::1%eth0", "::ffff:192.168.0.1"]])
async def test_host_without_a_public_address_is_refused_before_any_connection(addresses: list[str]) -> None:
    network = Network()
    with pytest.raises(ForbiddenAddress):
        await GuardedBackend(Names(addresses), inner=network).connect_tcp("hooks.example", 443)
    assert network.connected == []


async def test_operator_may_allow_the_own_network() -> None:
    network = Network()
    await GuardedBackend(Names(["10.0.0.1"]), allow_private=True, inner=network).connect_tcp("hooks.internal", 80)
    assert network.connected == ["10.0.0.1"]
