"""Whether the process is alive, and whether it has what it needs."""

from litestar import Controller, Response, get

from api.credential import for_operators
from api.openapi import Documented
from api.request import ApiRequest
from api.schemas import Alive, Readiness, VendorState
from db.workers import VendorReport, WorkerReport, alive


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
        """Say whether the database takes writes, is migrated, and a worker can use a provider; 503 when not."""
        found = await request.services.readiness.look()
        has_database = found.answers and found.is_current
        workers = await alive() if has_database else []
        ready = has_database and any(worker.serves_live or not worker.has_providers for worker in workers)
        providers = {"test": bool(workers), "live": any(worker.serves_live for worker in workers)}
        vendors = [VendorState(vendor.name, vendor.state, vendor.reason) for vendor in _vendors(workers)]
        readiness = Readiness("ready" if ready else "not_ready", found.answers, found.is_current, providers, vendors)
        return Response(readiness, status_code=200 if ready else 503)


def _vendors(workers: list[WorkerReport]) -> tuple[VendorReport, ...]:
    """How they stand with the worker that was heard of last."""
    return workers[0].vendors if workers else ()
