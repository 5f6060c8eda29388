"""Whether the process is alive, and whether it has what it needs."""

from typing import Literal

from litestar import Controller, Response
from msgspec import UNSET, UnsetType

from api.credential import for_operators
from api.request import ApiRequest
from api.routes import documented_get
from api.schemas import Alive, Readiness, VendorState

SPEND: dict[bool | None, Literal["within_limit", "limit_reached"] | UnsetType] = {
    None: UNSET,
    False: "within_limit",
    True: "limit_reached",
}


class HealthController(Controller):
    """Outside the versioned API: for load balancers and operators."""

    path = "/health"
    opt = {"credential": for_operators}  # noqa: RUF012  # Litestar reads this class attribute as it is

    @documented_get("/live", operation_id="getLiveness")
    async def live(self) -> Alive:
        """Say that the process answers."""
        return Alive()

    @documented_get("/ready", operation_id="getReadiness")
    async def ready(self, request: ApiRequest) -> Response[Readiness]:
        """Say whether the database takes writes, is migrated, and a worker can use a provider; 503 when not."""
        found = await request.services.readiness.look()
        has_database, workers = found.answers and found.is_current, found.workers
        ready = has_database and any(worker.serves_live or not worker.has_providers for worker in workers)
        providers = {"test": bool(workers), "live": any(worker.serves_live for worker in workers)}
        latest = workers[0].vendors if workers else ()
        readiness = Readiness(
            status="ready" if ready else "not_ready",
            database=found.answers,
            migrations=found.is_current,
            providers=providers,
            vendors=[VendorState(vendor.name, vendor.state, vendor.reason) for vendor in latest],
            spend=SPEND[found.spend_limit_reached],
        )
        return Response(readiness, status_code=200 if ready else 503)
