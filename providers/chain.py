"""Failover: one vendor after the other under one deadline. A chain is itself a vendor."""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from assessment.deadline import Deadline
from providers.base import AttemptTimedOut, ChainExhausted, Order, Outcome, Reply, Vendor, VendorError
from providers.bounded import bounded

log = structlog.get_logger(__name__)


class Rung:
    """A vendor with its limits: seconds for one attempt, and attempts at the same time in this process."""

    def __init__(self, vendor: Vendor, attempt_seconds: float, max_concurrency: int) -> None:
        self.vendor = vendor
        self.attempt_seconds = attempt_seconds
        self._places = asyncio.Semaphore(max_concurrency)

    async def attempt(self, order: Order, deadline: Deadline, rungs_left: int) -> Reply:
        """Ask the vendor once, waiting for a free place included. Raises VendorError.

        The attempt gets at most its fair share of the remaining time, so that a later rung can still be reached.
        """
        limit = deadline.capped(min(self.attempt_seconds, deadline.remaining / rungs_left))
        try:
            return await bounded(self._in_turn(order, limit), limit)
        except TimeoutError:
            raise AttemptTimedOut(self.vendor.name) from None

    async def _in_turn(self, order: Order, deadline: Deadline) -> Reply:
        async with self._places:
            return await self.vendor.write(order, deadline)


class Chain:
    """Vendors in order of preference; any failure moves on to the next one at once."""

    def __init__(self, rungs: Sequence[Rung], name: str = "chain") -> None:
        self.name = name
        self._rungs = tuple(rungs)

    async def write(self, order: Order, deadline: Deadline) -> Reply:
        """Give the first answer. Raises ChainExhausted with every failure when there is none in time."""
        rungs = [rung for rung in self._rungs if rung.vendor.name not in order.skip]
        failures: list[VendorError] = []
        for index, rung in enumerate(rungs):
            if deadline.expired:
                break
            started = deadline.elapsed
            try:
                reply = await rung.attempt(order, deadline, len(rungs) - index)
            except VendorError as error:
                failures.append(error)
                _log_attempt(error.vendor, error.outcome, order, deadline.elapsed - started)
            else:
                _log_attempt(reply.vendor, Outcome.OK, order, deadline.elapsed - started)
                return msgspec.structs.replace(reply, failures=(*failures, *reply.failures))
        raise ChainExhausted(self.name, tuple(failures))


def _log_attempt(vendor: str, outcome: Outcome, order: Order, seconds: float) -> None:
    log.info(
        "vendor_attempt",
        vendor=vendor,
        outcome=outcome.value,
        round=order.round_number,
        part=order.part,
        wanted=len(order.wanted),
        seconds=round(seconds, 3),
    )
