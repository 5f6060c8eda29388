"""A request as the controllers see it: authenticated, with its deadline and the services at hand."""

from typing import Any

from litestar import Request
from litestar.datastructures import State

from api.body import json_object
from api.context import deadline_of, root_path_of
from api.envelope import Data, Success, success
from api.guards import SCENARIO_HEADER
from api.services import Services, services_of
from assessment.credentials import Actor, PlatformAccess, StudentAccess
from assessment.deadline import Deadline
from assessment.models import Standing


class ApiRequest(Request[None, Any, State]):
    """Litestar's request with what every controller of ours needs."""

    @property
    def services(self) -> Services:
        return services_of(self)

    @property
    def root_path(self) -> str:
        """The path a proxy puts before ours; empty without one."""
        return root_path_of(self.scope)

    @property
    def platform_access(self) -> PlatformAccess:
        """What the API key opens, on a route that takes one."""
        access: PlatformAccess = self.auth
        return access

    @property
    def actor(self) -> Actor:
        """Who asks, for the audit log."""
        return Actor("key", self.platform_access.key_id, self.client.host if self.client else "")

    @property
    def student_access(self) -> StudentAccess:
        """What the session token opens, on a route that takes one."""
        access: StudentAccess = self.auth
        return access

    @property
    def standing(self) -> Standing:
        """How the session's verification stood when the request arrived."""
        return self.student_access.standing

    @property
    def deadline(self) -> Deadline:
        """When the client hangs up."""
        return deadline_of(self.scope, self.services.budget_seconds)

    @property
    def scenario(self) -> str | None:
        """The sandbox scenario a test-mode client rehearses."""
        return self.headers.get(SCENARIO_HEADER)

    async def fields(self) -> dict[str, Any]:
        """Read the body as a JSON object. Raises what json_object raises."""
        return await json_object(self)

    def success(self, data: Data, message: str) -> Success[Data]:
        """Wrap data for the client."""
        return success(data, message, self.deadline)
