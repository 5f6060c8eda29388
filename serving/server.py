"""One process that serves."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from serving.connections import Connections
from serving.limits import Limits
from serving.listening import BACKLOG
from serving.protocol import BoundedProtocol

APP = "api.app:create_app"
GRACE_SECONDS = 100  # a generation under way may take its 90 seconds
TRUSTED_PROXIES = "FORWARDED_ALLOW_IPS"


def serve_web(
    started: Callable[[], None], *, limits: Limits, root_path: str, listening: Sequence[socket.socket]
) -> None:
    """Serve until SIGTERM or SIGINT; calls `started` when requests are answered."""
    Server(_config(limits, root_path), started).run(list(listening))


class Server(uvicorn.Server):
    """Refuses new connections from the moment of the signal on, so that a load balancer goes elsewhere at once."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._listening: Sequence[socket.socket] = ()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._listening = sockets or []
        self._loop = asyncio.get_running_loop()
        if self.should_exit:
            self._stop_listening()
        try:
            await super().startup(sockets)
        except (OSError, ValueError):  # the signal came first, and closed the sockets
            if not self.should_exit:
                raise
            await self.lifespan.shutdown()
            return
        self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._listening:
            self._loop.call_soon_threadsafe(self._stop_listening)

    def _stop_listening(self) -> None:
        for server in getattr(self, "servers", ()):
            server.close()
        for taken in self._listening:
            taken.close()


def _config(limits: Limits, root_path: str) -> uvicorn.Config:
    proxies = os.environ.get(TRUSTED_PROXIES)
    protocol: Any = partial(
        BoundedProtocol,
        limits=limits,
        open_connections=Connections(limits, _trusted(proxies)),
    )
    return uvicorn.Config(
        APP,
        factory=True,
        http=protocol,
        ws="none",
        lifespan="on",
        root_path=root_path,
        access_log=False,
        log_config=None,  # its warnings go through ours
        log_level="error",  # what strangers send is not worth a warning each
        server_header=False,
        backlog=BACKLOG,
        proxy_headers=proxies is not None,
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]  # given to call_later
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _trusted(proxies: str | None) -> Any:
    """The addresses of proxies, as uvicorn reads them; all clients come from one of them."""
    return () if proxies is None else ProxyHeadersMiddleware(_no_app, proxies).trusted_hosts


async def _no_app(*_: Any) -> None:
    """Stand in for the application where only the addresses are read."""
