"""The kind of job that writes a set."""

import msgspec
import structlog

from assessment.deadline import Clock, Deadline
from assessment.errors import SetRefused
from assessment.ports import AssessmentStore, MapsOfSkills, SetOrder
from assessment.use_cases.write_set import write_set
from db.queue import JobKind
from jobs.kinds import Job, Kind
from jobs.metrics import SETS_REFUSED
from jobs.progress import ProgressReports
from jobs.vendors import Vendors

LONGEST_SECONDS = 3600.0  # the longest budget a deployment may have; an order ends by its own deadline before
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # for a database that was away for a moment

log = structlog.get_logger(__name__)

_ORDER = msgspec.json.Decoder(SetOrder)


def writing(
    vendors: Vendors, store: AssessmentStore, clock: Clock, *, maps: MapsOfSkills, reports: ProgressReports
) -> Kind:
    """Write what was ordered, with the vendors that are configured now."""

    async def run(job: Job) -> None:
        order = _ORDER.decode(job.payload)
        current = vendors.current
        deadline = Deadline(clock, order.seconds - job.age_seconds)
        try:
            await write_set(
                order=order,
                form=current.form,
                deadline=deadline,
                store=store,
                maps=maps,
                writer=current.writer,
                on_progress=reports.of(order.verification_id, current.form.total),
            )
        except SetRefused as error:
            tell(error)

    return Kind(JobKind.WRITE_SET, run, LONGEST_SECONDS, PAUSES)


def tell(error: SetRefused) -> None:
    """A rule had to stop what should never come so far."""
    log.error("set_refused", rules=error.rules)
    for rule in error.rules:
        SETS_REFUSED.labels(rule).inc()
