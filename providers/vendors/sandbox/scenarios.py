"""What a test-mode client can rehearse with the sandbox."""

from enum import StrEnum

import msgspec

from assessment.deadline import Deadline
from providers.protocol import Ending, Listener, Order, Request, RequestRejected
from providers.vendors.sandbox.vendor import SandboxVendor

SLOW_SECONDS = 5.0


class Scenario(StrEnum):
    """The names of the rehearsals; `marked` is not the vendor's, but the writer's."""

    SLOW = "slow"
    FAIL = "fail"
    PARTIAL = "partial"
    MARKED = "marked"


SCENARIOS = frozenset(scenario.value for scenario in Scenario)


class ScenarioVendor(SandboxVendor):
    """A sandbox that behaves as its scenario says."""

    def __init__(self, seed: str, scenario: str | None) -> None:
        super().__init__(seed=seed)
        self._scenario = scenario

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:
        """Answer as the sandbox does, later or in part. Raises RequestRejected in the scenario `fail`."""
        if self._scenario == Scenario.FAIL:
            raise RequestRejected(self.name, "scenario fail")  # which nobody waits for to pass
        if self._scenario == Scenario.SLOW:
            await deadline.clock.sleep(SLOW_SECONDS)
        if self._scenario == Scenario.PARTIAL and isinstance(order, Order) and order.round_number == 1:
            order = msgspec.structs.replace(order, wanted=order.wanted[: (len(order.wanted) + 1) // 2])
        return await super().write(order, deadline, hear)
