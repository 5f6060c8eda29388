"""The whole way: from the outbox to a receiver that stumbles once."""

import asyncio

import msgspec
from standardwebhooks import Webhook

from assessment.deadline import SystemClock
from delivery.courier import Courier
from delivery.webhook import WebhookSender
from tests.integration.delivery.receiver import OK, Receiver, listening
from tests.unit.delivery.fakes import ManualClock, MemoryOutbox, make_parcel


async def test_receiver_that_fails_once_gets_the_message_on_the_second_try() -> None:
    clock, stop = ManualClock(), asyncio.Event()
    async with listening(Receiver(b"HTTP/1.1 500 No\r\n\r\n", OK)) as receiver:
        parcel = msgspec.structs.replace(make_parcel(), target=receiver.url())
        outbox = MemoryOutbox(clock, parcel)
        async with WebhookSender(SystemClock(), allow_private=True) as sender:
            task = asyncio.create_task(Courier(outbox, clock, sender, None).run(stop, asyncio.Event()))
            await asyncio.wait_for(outbox.settled.wait(), 5)
            outbox.settled.clear()
            await clock.advance(7)
            await asyncio.wait_for(outbox.settled.wait(), 5)
            stop.set()
            await task
    assert outbox.reasons == ["answered 500"]
    assert outbox.ended == {"msg_1": "delivered"}
    assert [got.headers["webhook-id"] for got in receiver.got] == ["msg_1", "msg_1"]
    for got in receiver.got:
        Webhook(parcel.secret or "").verify(got.body, got.headers)
