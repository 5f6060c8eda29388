"""Stand-ins for what surrounds the deliveries: time that moves by hand, an outbox in memory, senders with a script."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from assessment.notices import Channel, Event, Line, Message, Waiting
from delivery.sending import Outcome, delivered

START = datetime(2030, 1, 1, tzinfo=UTC)
ADA = Line(1, 1)


class ManualClock:
    """Stands still until a test advances it."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self.elapsed

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    async def sleep(self, seconds: float) -> None:
        due = asyncio.Event()
        self._sleepers.append((self.elapsed + seconds, due))
        await due.wait()

    async def advance(self, seconds: float) -> None:
        """Move time in steps of half a second, so that whoever wakes acts before the next one does."""
        for _ in range(round(seconds * 2)):
            self.elapsed += 0.5
            for moment, due in self._sleepers:
                if moment <= self.elapsed:
                    due.set()
            await turns()


class MemoryOutbox:
    """An outbox with leases; `broken` is raised by every call while it is set, `settled` set by each record."""

    def __init__(self, clock: ManualClock, *messages: Message) -> None:
        self.clock = clock
        self.messages = {message.message_id: message for message in messages}
        self.due_at = dict.fromkeys(self.messages, 0.0)
        self.ended: dict[str, str] = {}
        self.broken: Exception | None = None
        self.statuses: list[int | None] = []
        self.reasons: list[str] = []
        self.settled = asyncio.Event()

    def platforms(self) -> set[int]:
        return {message.line.platform_id for message in self.messages.values()}

    async def waiting(self, platform_id: int, most: int) -> Waiting:
        self._check()
        mine = [key for key, message in self.messages.items() if message.line.platform_id == platform_id]
        counts = Counter(message.line for message in self._ready() if message.message_id in mine)
        later = [self.due_at[key] - self.clock.elapsed for key in mine if self.due_at[key] > self.clock.elapsed]
        return Waiting({line: min(count, most) for line, count in counts.items()}, min(later, default=None))

    async def take(self, shares: Mapping[Line, int], lease_seconds: float) -> Sequence[Message]:
        self._check()
        left, taken = Counter(shares), []
        for message in self._ready():
            if left[message.line]:
                left[message.line] -= 1
                taken.append(message)
                self.due_at[message.message_id] = self.clock.elapsed + lease_seconds
        return taken

    def _ready(self) -> list[Message]:
        return [message for key, message in self.messages.items() if self.due_at[key] <= self.clock.elapsed]

    async def delivered(self, message_id: str, status: int | None) -> None:
        self.statuses.append(status)
        self._end(message_id, "delivered")

    async def try_again(self, message_id: str, after_seconds: float, reason: str, status: int | None) -> None:
        self.statuses.append(status)
        self._check()
        self.reasons.append(reason)
        self.settled.set()
        message = self.messages[message_id]
        self.messages[message_id] = msgspec.structs.replace(message, tries=message.tries + 1)
        self.due_at[message_id] = self.clock.elapsed + after_seconds

    async def undeliverable(self, message_id: str, reason: str, status: int | None) -> None:
        self.statuses.append(status)
        self._end(message_id, reason)

    def put(self, message: Message) -> None:
        self.messages[message.message_id] = message
        self.due_at[message.message_id] = self.clock.elapsed

    def _end(self, message_id: str, how: str) -> None:
        self._check()
        self.messages.pop(message_id)
        self.ended[message_id] = how
        self.settled.set()

    def _check(self) -> None:
        if self.broken:
            raise self.broken


class ScriptedSender:
    """Answers with what `script` says to the n-th call (0-based); `gate` holds every call back until it is set."""

    def __init__(self, script: Callable[[int], Outcome] = lambda _: delivered(204)) -> None:
        self.script = script
        self.gate = asyncio.Event()
        self.gate.set()
        self.sent: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message.message_id)
        number = len(self.sent) - 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        return self.script(number)


def make_message(
    message_id: str = "msg_1", channel: Channel = Channel.WEBHOOK, *, tries: int = 0, line: Line = ADA
) -> Message:
    return Message(
        message_id=message_id,
        channel=channel,
        event=Event.COMPLETED,
        target="https://ada.example/hook?key=hush" if channel is Channel.WEBHOOK else "ada@example.org",
        body='{"name":"Ada Lovelace"}',
        tries=tries,
        line=line,
        secret="whsec_aHVzaGh1c2hodXNoaHVzaGh1c2g=",
    )


async def turns(count: int = 12) -> None:
    """Let every task that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)
