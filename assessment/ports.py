"""What the use cases need from the rooms around them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from assessment.deadline import Deadline
from assessment.models import Attempt, Brief, Dossier, Provenance, Question, QuestionSet, WrittenSet


class QuestionWriter(Protocol):
    """Writes a complete, checked set, or none."""

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot of the brief. Raises GenerationFailed, at the latest when the deadline is over."""


class Lease(msgspec.Struct, frozen=True):
    """The right to write the next set of one verification; it runs out unless it is kept."""

    verification_id: str
    lease_id: str


class Busy(msgspec.Struct, frozen=True):
    """Somebody else is writing the next set at this moment."""


class Finished(msgspec.Struct, frozen=True):
    """A generation that overlapped with this request has ended; `set_id` is None when it failed."""

    set_id: str | None


Claim = Lease | Busy | Finished


class StateChanged(Exception):
    """The verification is no longer what it was when the generation began, or the lease was lost."""


class AssessmentStore(Protocol):
    """The archive, the current question set, and the lease that makes overlapping generations one."""

    async def load(self, verification_id: str) -> Dossier:
        """Read all that a generation needs, in one consistent view."""

    async def current_set(self, verification_id: str) -> QuestionSet | None:
        """Read the set that is active or submitted, if there is one."""

    async def claim(self, verification_id: str, arrived_ago: float) -> Claim:
        """Ask for the lease; one that ended less than `arrived_ago` seconds ago overlapped: it is the answer."""

    def keep(self, lease: Lease) -> AbstractAsyncContextManager[None]:
        """Renew the lease in the background while the block runs."""

    async def give_up(self, lease: Lease) -> None:
        """End the generation as failed, so that those who wait for it know."""

    async def activate(
        self, lease: Lease, revision: int, questions: Sequence[Question], provenance: Provenance
    ) -> QuestionSet:
        """Replace the current set by a new one and end the generation, in one transaction. Raises StateChanged."""

    async def submit(self, verification_id: str, decide: Callable[[Dossier], Attempt]) -> tuple[Dossier, Attempt]:
        """Score the current set in one transaction.

        `decide` sees the locked state and gives the attempt to archive; what it raises leaves everything as it was.
        """
