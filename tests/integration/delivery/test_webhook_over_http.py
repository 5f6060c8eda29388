"""Webhooks over real connections, on loopback."""

import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from assessment.deadline import Clock, SystemClock
from assessment.notices import Channel, Event, Line, Message
from delivery.sending import Outcome, Verdict, delivered, failed, refused
from delivery.webhook import WebhookSender
from tests.integration.delivery.receiver import OK, Receiver, listening
from tests.own_logs import own_logs
from tests.waiting import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"type":"verification.completed","data":{"name":"Zoë"}}'


def message(url: str, secret: str | None = SECRET) -> Message:
    return Message("msg_42", Channel.WEBHOOK, Event.COMPLETED, url, BODY, 0, Line(1, 1), secret)


async def send(
    url: str,
    *,
    allow_private: bool = True,
    seconds: float = 5.0,
    secret: str | None = SECRET,
    clock: Clock | None = None,
) -> Outcome:
    async with WebhookSender(clock or SystemClock(), allow_private=allow_private, seconds=seconds) as sender:
        return await sender.send(message(url, secret))


class EarlierClock(SystemClock):
    """A clock that was read some seconds ago."""

    def __init__(self, seconds: float) -> None:
        self._back = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() - self._back


async def test_receiver_can_verify_what_it_got() -> None:
    async with listening(Receiver()) as receiver:
        assert await send(receiver.url(path="/hook?key=1&b=%2F")) == delivered(200)
    got = receiver.got[0]
    assert got.line == "POST /hook?key=1&b=%2F HTTP/1.1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["webhook-id"] == "msg_42"
    assert Webhook(SECRET).verify(got.body, got.headers) == msgspec.json.decode(BODY)


async def test_changed_body_or_other_secret_does_not_verify() -> None:
    async with listening(Receiver()) as receiver:
        await send(receiver.url())
    got = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"completed", b"initiated"), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==").verify(got.body, got.headers)


async def test_every_try_has_the_same_id_and_a_fresh_signature() -> None:
    async with listening(Receiver(b"HTTP/1.1 500 No\r\n\r\n", OK)) as receiver:
        assert await send(receiver.url(), clock=EarlierClock(120)) == failed("answered 500", 500)
        assert await send(receiver.url()) == delivered(200)
    first, second = (got.headers for got in receiver.got)
    assert first["webhook-id"] == second["webhook-id"]
    assert 119 <= int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) <= 125
    for got in receiver.got:
        Webhook(SECRET).verify(got.body, got.headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(status: int) -> None:
    async with listening(Receiver(f"HTTP/1.1 {status} Fine\r\n\r\n".encode())) as receiver:
        assert await send(receiver.url()) == delivered(status)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 429, 500, 503])
async def test_any_other_status_is_a_failed_try(status: int) -> None:
    async with listening(Receiver(f"HTTP/1.1 {status} No\r\n\r\n".encode())) as receiver:
        assert await send(receiver.url()) == failed(f"answered {status}", status)


async def test_gone_is_taken_at_its_word() -> None:
    async with listening(Receiver(b"HTTP/1.1 410 Gone\r\n\r\n")) as receiver:
        assert await send(receiver.url()) == refused("the receiver says that it is gone", 410)


async def test_redirect_is_not_followed() -> None:
    async with listening(Receiver()) as elsewhere:
        answer = f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere.url()}\r\nContent-Length: 0\r\n\r\n"
        async with listening(Receiver(answer.encode())) as receiver:
            assert await send(receiver.url()) == failed("answered 307", 307)
    assert elsewhere.got == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_loopback_under_any_name_is_refused_without_a_connection(host: str) -> None:
    async with listening(Receiver()) as receiver:
        outcome = await send(receiver.url(host), allow_private=False)
    assert outcome == refused("the host has no public address")
    assert receiver.got == []


async def test_slow_receiver_is_not_waited_for() -> None:
    async with listening(Receiver(gate=asyncio.Event())) as receiver:
        async with asyncio.timeout(10):  # only so that a failure ends
            outcome = await send(receiver.url(), seconds=0.1)
    assert outcome == failed("no answer within 0.1 s")


async def test_slow_name_server_counts_too() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return [host]

    async with WebhookSender(SystemClock(), seconds=0.1, resolve=resolve) as sender:
        assert await sender.send(message("https://slow.example/")) == failed("no answer within 0.1 s")


async def test_endless_answer_is_not_read() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    async with listening(Receiver(head, endless=True)) as receiver:
        assert await send(receiver.url()) == delivered(200)
        await until(lambda: receiver.is_left)
    assert receiver.sent_bytes < 32 * 1024 * 1024  # what fits into the buffers of two sockets


async def test_endless_headers_are_a_failed_try() -> None:
    async with listening(Receiver(b"HTTP/1.1 200 OK\r\nx: ", endless=True)) as receiver:
        assert (await send(receiver.url())).verdict is Verdict.FAILED


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200"])
async def test_what_is_not_http_is_a_failed_try(answer: bytes) -> None:
    async with listening(Receiver(answer)) as receiver:
        outcome = await send(receiver.url())
    assert outcome == failed("no valid answer (RemoteProtocolError)")


async def test_closed_port_is_a_failed_try() -> None:
    async with listening(Receiver()) as receiver:
        url = receiver.url()
    assert await send(url) == failed("no valid answer (ConnectError)")


async def test_plain_text_where_tls_is_due_is_a_failed_try() -> None:
    async with listening(Receiver()) as receiver:
        outcome = await send(receiver.url().replace("http:", "https:"), seconds=0.2)
    assert outcome.verdict is Verdict.FAILED


@pytest.mark.parametrize("secret", [None, "", "whsec_", "whsec_a", "whsec_é"])
async def test_unusable_secret_is_refused(secret: str | None) -> None:
    assert await send("https://hooks.example/", secret=secret) == refused("the signing secret is unusable")


async def test_unusable_url_is_refused() -> None:
    assert await send("https://ada:hush@hooks.example/") == refused("the URL holds credentials")


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(Receiver()) as proxy, listening(Receiver()) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(path=""))
        assert await send(receiver.url()) == delivered(200)
    assert proxy.got == []


async def test_many_at_once_share_one_sender() -> None:
    gate = asyncio.Event()
    async with listening(Receiver(gate=gate)) as receiver, WebhookSender(SystemClock(), allow_private=True) as sender:
        sending = [asyncio.create_task(sender.send(message(receiver.url()))) for _ in range(16)]
        await until(lambda: len(receiver.got) == 16)
        gate.set()
        assert await asyncio.gather(*sending) == [delivered(200)] * 16


async def test_sender_logs_nothing_of_its_own() -> None:
    with own_logs() as lines:
        async with listening(Receiver()) as receiver:
            await send(receiver.url(path="/hook?key=hush"))
    assert lines == []
