"""Sends one webhook, signed as the Standard Webhooks specification says.

Neither the URL, nor the body, nor the secret is ever part of an outcome or a log line.
"""

import asyncio
from types import TracebackType
from typing import Self

import httpcore
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from assessment.deadline import Clock
from assessment.notices import Message
from delivery.guarded_backend import ForbiddenAddress, GuardedBackend, Resolve, Resolver
from delivery.sending import Outcome, delivered, failed, refused
from delivery.target import BadTarget, Target, parse_target

TRY_SECONDS = 10.0  # name lookup, connection, request and answer together; the contract names this figure
GONE = 410  # the one status by which a receiver says: never again

Headers = list[tuple[bytes, bytes]]


class WebhookSender:
    """Sends webhooks; safe to share among tasks. To be closed, or used as an async context manager."""

    def __init__(
        self,
        clock: Clock,
        *,
        allow_private: bool = False,
        seconds: float = TRY_SECONDS,
        resolve: Resolve | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """`allow_private` lets webhooks go to the operator's own network; `seconds` bounds one try."""
        self._clock = clock
        self._seconds = seconds
        self._resolver = Resolver()
        backend = GuardedBackend(resolve or self._resolver, allow_private=allow_private, inner=network)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpcore.default_ssl_context(),  # read once: loading the authorities takes a while
            max_connections=None,  # whoever calls bounds what is under way
            max_keepalive_connections=0,  # a kept connection would outlive its address check
            network_backend=backend,
        )

    async def send(self, message: Message) -> Outcome:
        """Try once. A 2xx delivers; a redirect is not followed; an unusable URL, address or secret is refused."""
        try:
            target = parse_target(message.target)
            headers = self._headers(message, target)
        except BadTarget as error:
            return refused(str(error))
        except (EmptyWebhookSecretError, ValueError):  # base64 raises a ValueError for a malformed secret
            return refused("the signing secret is unusable")
        return await self._try(target, headers, message.body.encode())

    async def aclose(self) -> None:
        """Close what is open."""
        await self._pool.aclose()
        self._resolver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _headers(self, message: Message, target: Target) -> Headers:
        now = self._clock.now()
        headers = {
            "Host": target.host_header,
            "User-Agent": "Retake",
            "Content-Type": "application/json",
            "Connection": "close",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(message.secret or "").sign(message.message_id, now, message.body),
        }
        return [(name.encode(), value.encode()) for name, value in headers.items()]

    async def _try(self, target: Target, headers: Headers, body: bytes) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                return _judged(await self._post(target, headers, body))
        except ForbiddenAddress:
            return refused("the host has no public address")
        except (TimeoutError, httpcore.TimeoutException):
            return failed(f"no answer within {self._seconds:g} s")
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return failed(f"no valid answer ({type(error).__name__})")

    async def _post(self, target: Target, headers: Headers, body: bytes) -> int:
        """Return the status. The answer's body is left unread: nothing in it matters, and it may have no end."""
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        async with self._pool.stream("POST", url, headers=headers, content=body) as response:
            return response.status


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return delivered(status)
    if status == GONE:
        return refused("the receiver says that it is gone", status)
    return failed(f"answered {status}", status)
