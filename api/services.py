"""What the controllers work with, put together once when the server starts."""

from typing import Any

import msgspec
from litestar.connection import ASGIConnection

from assessment.deadline import Clock
from db.accounts import Accounts
from db.ahead import Preparations
from db.assessment_store import PostgresAssessmentStore
from db.catalogue import Catalogue
from db.deliveries import Deliveries
from db.engine import RetakeEngine
from db.idempotency import IdempotencyStore
from db.persons import Persons
from db.progress import ProgressWatch
from db.rate_limit import RateLimiter
from db.readiness import ReadinessCheck
from db.verifications import Verifications


class Services(msgspec.Struct, frozen=True):
    """One instance per process; `preparations` follow the provider file when it is read again.

    Of the budget in seconds, the reserve is kept back from the writing of a set.

    `private_webhooks` says whether webhooks may go to private addresses.
    """

    engine: RetakeEngine
    clock: Clock
    accounts: Accounts
    verifications: Verifications
    catalogue: Catalogue
    deliveries: Deliveries
    persons: Persons
    store: PostgresAssessmentStore
    preparations: Preparations
    progress: ProgressWatch
    idempotency: IdempotencyStore
    search_limiter: RateLimiter
    verify_limiter: RateLimiter
    readiness: ReadinessCheck
    private_webhooks: bool
    budget_seconds: float
    reserve_seconds: float


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """Find the services of the app that a connection belongs to."""
    services: Services = connection.app.state.services
    return services
