"""A request repeated with the same Idempotency-Key gets the first answer again."""

import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from litestar import Request
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.context import deadline_of, header_of
from api.credential import Access
from api.services import services_of
from assessment.deadline import Deadline
from assessment.errors import Detail, IdempotencyKeyInUse, InvalidInput, ServiceUnavailable
from db.idempotency import IdempotencyStore, Lease, StoredAnswer, Underway

HEADER = b"idempotency-key"
VALID_KEY = re.compile(r"[\x21-\x7e]{1,255}")
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
FIRST_SERVER_ERROR = 500

log = structlog.get_logger(__name__)


class IdempotencyMiddleware(ASGIMiddleware):
    """Keeps first answers, for every POST route; one that failed on our side (5xx) is not kept but tried again."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        key = header_of(scope, HEADER)
        access: Access | None = scope.get("auth")
        if key is None or access is None:
            await next_app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        if not VALID_KEY.fullmatch(key):
            raise InvalidInput(Detail(HEADER.decode(), "must be 1 to 255 visible ASCII characters"))
        services = services_of(request)
        fingerprint = _fingerprint(scope, await request.body())
        deadline = deadline_of(scope, services.budget_seconds).shortened(services.reserve_seconds)
        found = await claim(services.idempotency, access, key=key, fingerprint=fingerprint, deadline=deadline)
        if isinstance(found, StoredAnswer):
            await _replay(found, send)
            return
        async with services.idempotency.keep(found):
            held = await _answer_first_time(services.idempotency, access, found, partial(next_app, scope, receive))
        for message in held:
            await send(message)


async def claim(
    store: IdempotencyStore, access: Access, *, key: str, fingerprint: bytes, deadline: Deadline
) -> StoredAnswer | Lease:
    """Get the first answer, waiting while it is worked on, or the lease under which the request is ours to answer.

    A holder whose heartbeat stands still for some seconds on this process's own clock is dead, whatever time the
    database thinks it is. Raises IdempotencyKeyInUse when the first answer does not come in time.
    """
    pause, last_seen, since, silent = FIRST_PAUSE_SECONDS, None, deadline.elapsed, None
    # also where the budget is short it has to be found out whether the holder lives
    patience = deadline.lasting(max(deadline.seconds, store.silence_seconds + 2 * LONGEST_PAUSE_SECONDS))
    while True:
        found = await store.begin(access.digest, access.sealing_key, key=key, fingerprint=fingerprint, silent=silent)
        if not isinstance(found, Underway):
            return found
        if found != last_seen:
            last_seen, since = found, deadline.elapsed
        silent = found if deadline.elapsed - since >= store.silence_seconds else None
        if patience.remaining <= pause:
            raise IdempotencyKeyInUse
        await deadline.clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _answer_first_time(
    store: IdempotencyStore, access: Access, lease: Lease, answer: Callable[[Send], Awaitable[None]]
) -> list[Message]:
    """Hold the answer back until it is kept, so that whoever got it can get it again."""
    held: list[Message] = []

    async def hold(message: Message) -> None:
        held.append(message)

    kept = False
    try:
        await answer(hold)
        kept = await _keep(store, access, lease, _answer_in(held))
    finally:
        if not kept:
            with contextlib.suppress(ServiceUnavailable):
                await store.forget(lease)
    return held


async def _keep(store: IdempotencyStore, access: Access, lease: Lease, answer: StoredAnswer) -> bool:
    """Keep an answer that is not our own failure; False when it was not kept.

    What was done is done: when the database goes away just now, the client still learns of it.
    """
    if answer.status >= FIRST_SERVER_ERROR:
        return False
    try:
        kept = await store.finish(lease, access.sealing_key, answer)
    except ServiceUnavailable:
        kept = False
    if not kept:
        log.warning("answer_not_kept", status=answer.status)
    return kept


def _answer_in(messages: list[Message]) -> StoredAnswer:
    status = next(message["status"] for message in messages if message["type"] == "http.response.start")
    body = b"".join(message["body"] for message in messages if message["type"] == "http.response.body")
    return StoredAnswer(status, body)


async def _replay(answer: StoredAnswer, send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    return hashlib.sha256(scope["path"].encode() + b"\x00" + body).digest()
