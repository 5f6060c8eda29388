"""Runs one job: bounded in time, logged, counted, tried again, and handed back when the worker has to stop."""

import asyncio
import time
import traceback
from datetime import timedelta
from enum import StrEnum

import structlog
from pgqueuer import models
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain.errors import RetryRequested

from jobs.kinds import Job, Kind
from jobs.metrics import JOBS, SECONDS, UNDER_WAY
from providers.routing.bounded import abandon

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """How one run of a job ended."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    HANDED_BACK = "handed_back"


class KindExecutor(AbstractEntrypointExecutor):
    """PgQueuer's executor for one kind. `hand_back` is set when the worker cannot wait for its jobs any longer."""

    def __init__(self, kind: Kind, hand_back: asyncio.Event) -> None:
        super().__init__(EntrypointExecutorParameters(concurrency_limit=0, func=_nothing))
        self._kind = kind
        self._hand_back = hand_back

    async def execute(self, job: models.Job, context: models.Context) -> None:  # noqa: ARG002  # PgQueuer's signature
        """Run the job. Raises RetryRequested, and nothing else: what a run raises is logged here."""
        mine = _job(job)
        with structlog.contextvars.bound_contextvars(job_id=mine.job_id, job=mine.kind, **(job.headers or {})):
            outcome = await self._run(mine)
            pause = self._pause_after(outcome, mine)
            if outcome is not Outcome.DONE and pause is None:
                log.error("job_given_up", outcome=outcome.value, tries=mine.tries + 1)
        if pause is not None:
            raise RetryRequested(timedelta(seconds=pause), reason=outcome.value)

    async def _run(self, job: Job) -> Outcome:
        began = time.monotonic()
        log.info("job_started", tries=job.tries)
        with UNDER_WAY.labels(job.kind).track_inprogress():
            outcome = await self._bounded(job)
        seconds = time.monotonic() - began
        JOBS.labels(job.kind, outcome).inc()
        SECONDS.labels(job.kind).observe(seconds)
        log.info("job_ended", outcome=outcome.value, seconds=round(seconds, 3))
        return outcome

    async def _bounded(self, job: Job) -> Outcome:
        run = asyncio.ensure_future(self._kind.run(job))
        handed_back = asyncio.ensure_future(self._hand_back.wait())
        try:
            await asyncio.wait({run, handed_back}, timeout=self._kind.seconds, return_when=asyncio.FIRST_COMPLETED)
            if not run.done():
                return Outcome.HANDED_BACK if handed_back.done() else Outcome.TIMED_OUT
            return _outcome_of(run)
        finally:
            handed_back.cancel()
            abandon(run)

    def _pause_after(self, outcome: Outcome, job: Job) -> float | None:
        """How long until the job is run again; None when it is not."""
        if outcome is Outcome.DONE:
            return None
        if outcome is Outcome.HANDED_BACK:
            return 0.0
        if job.tries < len(self._kind.pauses):
            return self._kind.pauses[job.tries]
        return None if self._kind.is_given_up else self._kind.pauses[-1]


def _job(job: models.Job) -> Job:
    age = (job.updated - job.created).total_seconds()
    return Job(
        job_id=int(job.id),
        kind=str(job.entrypoint),
        payload=job.payload or b"{}",
        tries=job.attempts,
        age_seconds=max(0.0, age),
    )


def _outcome_of(run: "asyncio.Future[None]") -> Outcome:
    error = None if run.cancelled() else run.exception()
    if error is None and not run.cancelled():
        return Outcome.DONE
    log.error("job_failed", error=type(error).__name__, where=_where(error))
    return Outcome.FAILED


def _where(error: BaseException | None) -> list[str]:
    """The places in our own code; not the message, which may quote what a student wrote."""
    frames = traceback.extract_tb(error.__traceback__) if error else ()
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in ours]


async def _nothing(_: models.Job) -> None:
    """Stand where PgQueuer keeps the function of its own executors."""
