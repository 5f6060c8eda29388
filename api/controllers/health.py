"""Whether the process is alive, and whether it has what it needs."""

from litestar import Controller, Response, get

from api.credential import for_operators
from api.openapi import Documented
from api.request import ApiRequest
from api.schemas import Alive, Readiness, VendorState
from assessment.models import Mode
from providers.routing.breaker import State


class HealthController(Controller):
    """Outside the versioned API: for load balancers and operators."""

    path = "/health"
    opt = {"credential": for_operators}  # noqa: RUF012  # Litestar reads this class attribute as it is

    @get("/live", operation_id="getLiveness", operation_class=Documented)
    async def live(self) -> Alive:
        """Say that the process answers."""
        return Alive()

    @get("/ready", operation_id="getReadiness", operation_class=Documented)
    async def ready(self, request: ApiRequest) -> Response[Readiness]:
        """Say whether the database takes writes, is migrated, and the live chain, if there is one, has a vendor left.

        The status is 503 when not. Only a change of the configuration brings a vendor back that is out.
        """
        services = request.services
        found = await services.readiness.look()
        chain = services.snapshot.status()
        live = services.can_generate[Mode.LIVE] and any(vendor.state is not State.OUT for vendor in chain)
        ready = found.answers and found.is_current and (live or not chain)
        providers = {"test": services.can_generate[Mode.TEST], "live": live}
        vendors = [
            VendorState(vendor.name, vendor.state.value, vendor.reason and vendor.reason.value) for vendor in chain
        ]
        readiness = Readiness("ready" if ready else "not_ready", found.answers, found.is_current, providers, vendors)
        return Response(readiness, status_code=200 if ready else 503)
