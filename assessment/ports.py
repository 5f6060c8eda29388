"""What the use cases need from the rooms around them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol

import msgspec

from assessment.deadline import Deadline
from assessment.models import Attempt, Brief, Dossier, Provenance, Question, QuestionSet, WrittenSet


class QuestionWriter(Protocol):
    """Writes a complete, checked set, or none."""

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot of the brief. Raises GenerationFailed, at the latest when the deadline is over."""


class Lease(msgspec.Struct, frozen=True):
    """The right to write the next set of one verification; it is taken away when its heartbeat stands still.

    `ended` is how many generations of the verification had ended when this one began.
    """

    verification_id: str
    lease_id: str
    ended: int


class Busy(msgspec.Struct, frozen=True):
    """Somebody else is writing the next set at this moment, and has renewed the lease so many times."""

    lease_id: str
    heartbeat: int


class Finished(msgspec.Struct, frozen=True):
    """A generation that overlapped with this request has ended, as the `ended`-th; `set_id` is None when it failed."""

    set_id: str | None
    ended: int


Claim = Lease | Busy | Finished


class StateChanged(Exception):
    """The verification is no longer what it was when the generation began, or the lease was lost."""


class AssessmentStore(Protocol):
    """The archive, the current question set, and the lease that makes overlapping generations one."""

    async def load(self, verification_id: str) -> Dossier:
        """Read all that a generation needs, in one consistent view."""

    async def current_set(self, verification_id: str) -> QuestionSet | None:
        """Read the set that is active or submitted, if there is one."""

    def admitted(self, verification_id: str) -> AbstractContextManager[None]:
        """Count a request while it may wait for a set. Raises RateLimited when too many of one verification do."""

    async def claim(self, verification_id: str, ended: int, silent: Busy | None) -> Claim:
        """Ask for the lease.

        A generation that ended after the caller saw `ended` of them end overlapped: it is the answer. `silent` is a
        lease whose holder was not heard of for long: it is taken away if that is still so.
        Raises TooManySets when no further one may begin, InvalidSession when the verification was erased.
        """

    async def look(self, verification_id: str) -> Busy | None:
        """See who is writing the next set at this moment."""

    async def generation(self, verification_id: str) -> Busy | Finished | None:
        """See how the last generation stands; None when there was none."""

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
