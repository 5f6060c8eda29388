"""How long everything takes."""

import random

import msgspec

from assessment.deadline import Clock


class Pace(msgspec.Struct, forbid_unknown_fields=True):
    """Times in seconds, each multiplied by `scale`; a speed of 0 means at once."""

    latency: float = 0.0  # before anything is done with a request
    first_token_seconds: float = 0.0
    tokens_per_second: float = 0.0
    jitter: float = 0.0  # share by which latency and time to first token vary to both sides
    tokens_per_event: int = 1
    tick_seconds: float = 0.02  # what falls due within a tick is written in one go
    break_at: float = 0.5  # where in an answer a fault in its middle happens
    drip_seconds: float = 1.0
    stall_seconds: float = 60.0
    slow_first_token_seconds: float = 20.0
    retry_after: float = 60.0
    scale: float = 1.0

    def scaled(self, seconds: float) -> float:
        """Seconds of this server's time."""
        return seconds * self.scale

    def varied(self, seconds: float, dice: random.Random) -> float:
        """Scaled seconds with jitter."""
        wobble = 1.0 + self.jitter * dice.uniform(-1.0, 1.0) if self.jitter else 1.0
        return self.scaled(seconds) * wobble

    @property
    def speed(self) -> float:
        """Tokens in a second of the real clock; 0 means at once."""
        return self.tokens_per_second / self.scale if self.tokens_per_second else 0.0


async def pause(clock: Clock, seconds: float) -> None:
    """Sleep, unless there is nothing to sleep."""
    if seconds > 0:
        await clock.sleep(seconds)
