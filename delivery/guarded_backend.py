"""Connections that can only lead out of the house.

The name is resolved here, every address is checked, and the connection goes to exactly the address that was checked: a
name that answers differently a moment later (DNS rebinding) gains nothing. TLS still verifies the name.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import httpcore

from delivery.addresses import is_public
from delivery.shares import PLACES

# A few of a host's addresses are tried in turn, so that one dead address does not use up the whole try (10 s).
MAX_ADDRESSES = 3
CONNECT_SECONDS = 3.0
# A lookup that hangs keeps its thread for longer than its try lasts: as many as there are places, so that the names of
# one platform, which gets a quarter of these, leave threads to the others.
LOOKUP_THREADS = PLACES

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class ForbiddenAddress(Exception):
    """The host has no address that is globally routable."""


class Resolver:
    """Looks up names in threads of its own.

    The default threads, which a receiver's slow name server could otherwise fill, belong to the rest of the server.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="webhook-dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the host's addresses, the preferred one first. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port)
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Let go of the threads; a lookup that still runs ends unheard."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """A network backend for httpcore that refuses to connect to the operator's own network."""

    def __init__(
        self, resolve: Resolve, *, allow_private: bool = False, inner: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(  # noqa: PLR0917  # httpcore's signature
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a checked address. Raises ForbiddenAddress, OSError for the lookup, httpcore.ConnectError."""
        addresses = self._admitted(await self._resolve(host, port))
        seconds = CONNECT_SECONDS if timeout is None else min(timeout, CONNECT_SECONDS)
        connect = partial(
            self._inner.connect_tcp,
            port=port,
            timeout=seconds,
            local_address=local_address,
            socket_options=socket_options,
        )
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return _ClosedWhenCancelled(await connect(address))
        return _ClosedWhenCancelled(await connect(addresses[-1]))

    def _admitted(self, addresses: Sequence[str]) -> Sequence[str]:
        admitted = [address for address in addresses if self._allow_private or is_public(_parsed(address))]
        if not admitted:
            raise ForbiddenAddress
        return admitted[:MAX_ADDRESSES]


class _ClosedWhenCancelled(httpcore.AsyncNetworkStream):
    """A stream that is closed when its TLS handshake is cancelled: httpcore closes it after errors only."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(address)
