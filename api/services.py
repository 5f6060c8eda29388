"""What the controllers work with, put together once when the server starts."""

from typing import Any

import msgspec
from litestar.connection import ASGIConnection

from assessment.deadline import Clock
from assessment.models import FormPlan, Mode
from assessment.ports import QuestionWriter
from db.accounts import Accounts
from db.assessment_store import PostgresAssessmentStore
from db.engine import RetakeEngine
from db.idempotency import IdempotencyStore
from db.rate_limit import RateLimiter
from db.readiness import ReadinessCheck
from db.verifications import Verifications
from providers.snapshot import Snapshot


class Services(msgspec.Struct, frozen=True):
    """One instance per process, replaced whole when the vendors are configured anew.

    What stands after `snapshot` comes from it; `form` is what every set looks like.
    Budget and reserve are seconds; `can_generate` says which modes have a
    vendor; `private_webhooks` whether webhooks may go to private addresses.
    """

    engine: RetakeEngine
    clock: Clock
    accounts: Accounts
    verifications: Verifications
    store: PostgresAssessmentStore
    idempotency: IdempotencyStore
    search_limiter: RateLimiter
    verify_limiter: RateLimiter
    readiness: ReadinessCheck
    private_webhooks: bool
    snapshot: Snapshot
    writer: QuestionWriter
    can_generate: dict[Mode, bool]
    form: FormPlan
    budget_seconds: float
    reserve_seconds: float


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """Find the services of the app that a connection belongs to."""
    services: Services = connection.app.state.services
    return services
