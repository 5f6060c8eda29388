"""The whole way: from the outbox to a receiver that stumbles once."""

import asyncio

import msgspec
from standardwebhooks import Webhook

from assessment.deadline import SystemClock
from delivery.dispatcher import Dispatcher
from delivery.webhook import WebhookSender
from tests.integration.delivery.receiver import OK, Receiver, listening
from tests.unit.delivery.fakes import ManualClock, MemoryOutbox, make_message


async def test_receiver_that_fails_once_gets_the_message_on_the_second_try() -> None:
    clock = ManualClock()
    async with listening(Receiver(b"HTTP/1.1 500 No\r\n\r\n", OK)) as receiver:
        message = msgspec.structs.replace(make_message(), target=receiver.url())
        outbox = MemoryOutbox(clock, message)
        async with WebhookSender(SystemClock(), allow_private=True) as sender:
            dispatcher = Dispatcher(outbox, clock, sender, None)
            assert await dispatcher.deliver(1, asyncio.Event()) == 5.0
            clock.elapsed += 5.0
            assert await dispatcher.deliver(1, asyncio.Event()) is None
    assert outbox.reasons == ["answered 500"]
    assert outbox.ended == {"msg_1": "delivered"}
    assert [got.headers["webhook-id"] for got in receiver.got] == ["msg_1", "msg_1"]
    for got in receiver.got:
        Webhook(message.secret or "").verify(got.body, got.headers)
