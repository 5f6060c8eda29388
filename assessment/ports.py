"""What the use cases need from the rooms around them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

import msgspec

from assessment.ahead import Making
from assessment.deadline import Deadline
from assessment.evidence import Evidence, EvidenceChange, NewVerification
from assessment.models import (
    Attempt,
    Brief,
    Concept,
    ConceptMap,
    MapKey,
    Mode,
    Provenance,
    Question,
    QuestionSet,
    Standing,
    Verification,
    WrittenSet,
)


class QuestionWriter(Protocol):
    """Writes a complete, checked set, or none."""

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot of the brief. Raises GenerationFailed, at the latest when the deadline is over."""


class SetOrder(msgspec.Struct, frozen=True):
    """What is asked of whoever writes the next set of a verification.

    It is for the verification as it was at `revision`, and its time is over in `seconds`. `ended` is how many
    generations of the verification had ended before: no clock says which of them is meant.
    """

    verification_id: str
    ended: int
    revision: int
    seconds: float
    scenario: str | None = None


class Lease(msgspec.Struct, frozen=True):
    """The right to end one generation; it goes to another when its work is given to another."""

    verification_id: str
    lease_id: str
    is_ahead: bool = False


class Ending(StrEnum):
    """How a generation ended: with a set, without, because the verification had changed, or over a fault of ours.

    A set that was prepared is shown to nobody yet. What was written ahead and came to nothing is outdated: nobody
    had asked for it.
    """

    WRITTEN = "written"
    PREPARED = "prepared"
    FAILED = "failed"
    OUTDATED = "outdated"
    BROKEN = "broken"


class Finished(msgspec.Struct, frozen=True):
    """A generation has ended, as the `ended`-th of its verification; `set_id` names what was written."""

    ending: Ending
    ended: int
    set_id: str | None = None


class StateChanged(Exception):
    """The verification is no longer what it was when the generation began, or the lease was lost."""


class AssessmentStore(Protocol):
    """The archive, the current question set, and the generations, of which a verification has one at a time."""

    async def load(self, verification_id: str) -> Verification:
        """Read all that a generation needs, in one consistent view."""

    async def look(self, verification_id: str) -> Standing:
        """Read how the verification stands. Raises InvalidSession when it was erased."""

    async def current_set(self, verification_id: str) -> QuestionSet | None:
        """Read the set that is active or submitted, if there is one."""

    def admitted(self, verification_id: str) -> AbstractContextManager[None]:
        """Count a request while it may wait for a set. Raises RateLimited when too many of one verification do."""

    async def ask(self, order: SetOrder) -> int | Finished:
        """Have a set written, or join those who have; gives the number by which to wait for its end.

        A generation that ended after the caller saw `order.ended` of them end overlapped: it is the answer. So is a
        set that was prepared for just this state; one that is being written ahead is joined.
        Raises TooManySets when no further one may begin, InvalidSession when the verification was erased.
        """

    async def end_of(self, verification_id: str, number: int, deadline: Deadline) -> Finished | None:
        """Wait until the generation of this number has ended; None when the deadline comes first."""

    async def cut_off(self, verification_id: str, number: int) -> Finished:
        """End the generation as failed unless it has ended: afterwards nothing can come of it any more."""

    async def begin(self, order: SetOrder) -> Lease | None:
        """Take the work on, from whoever may have had it before; None when the generation has ended."""

    async def give_up(self, lease: Lease, ending: Ending) -> None:
        """End the generation without a set; those who wait for it are told."""

    async def activate(
        self,
        lease: Lease,
        revision: int,
        questions: Sequence[Question],
        provenance: Provenance,
        *,
        making: Making | None = None,
    ) -> None:
        """Replace the current set by a new one and end the generation, in one transaction. Raises StateChanged.

        One that was written ahead, `making`, is only put aside as long as nobody waits for it.
        """

    async def note_failure(self, verification_id: str, reason: str, cost: float) -> None:
        """Count a set that was to be written ahead and was not."""

    async def start(self, verification_id: str, question_set: QuestionSet) -> QuestionSet:
        """Note that the set is sent now, if this is the first time: from then on its time runs."""

    async def seconds_left(self, verification_id: str, set_id: str) -> float | None:
        """How long the set may still be answered, by the database's clock; None when it does not wait for answers.

        While nobody could answer because the service was away, that is not the end of it.
        """

    async def save(self, verification_id: str, set_id: str, chosen: Mapping[str, int | None]) -> int | None:
        """Merge answers into those saved, and count these; None when the set does not take answers any more."""

    async def submit(
        self, verification_id: str, decide: Callable[[Verification], Attempt]
    ) -> tuple[Verification, Attempt]:
        """Score the current set in one transaction.

        `decide` sees the locked state and gives the attempt to archive; what it raises leaves everything as it was.
        """


class VerificationStore(Protocol):
    """Verifications and what is to be verified in them."""

    async def open(self, new: NewVerification) -> str:
        """Store a verification with its session; give the id of its student, who is found again or created."""

    async def change(self, verification_id: str, decide: Callable[[Evidence], EvidenceChange | None]) -> Evidence:
        """Store what `decide` answers to what is stored, in one transaction, and give what it decided on.

        Meanwhile nobody changes any verification of the same student. `decide` may be asked again, and what it raises
        leaves everything as it was. Raises InvalidSession when the verification was erased.
        """


class SkillNames(Protocol):
    """What skills are called."""

    async def names_of(self, platform_id: int, skill_ids: Sequence[str]) -> Mapping[str, str]:
        """Name those that the catalogue or this platform knows; the platform's own name comes first."""


class MapsOfSkills(Protocol):
    """What the skills of a student consist of."""

    async def of_skills(
        self, platform_id: int, mode: Mode, skill_ids: Sequence[str], language: str
    ) -> tuple[ConceptMap, ...]:
        """Read the newest maps for a platform's student: of each skill the platform's own, or else the shared one."""


class ConceptMaps(MapsOfSkills, Protocol):
    """What skills consist of, by skill and language, and how that is changed."""

    async def newest(self, key: MapKey) -> ConceptMap | None:
        """Read the newest version of a map, retired concepts among it."""

    async def change(
        self, key: MapKey, decide: Callable[[tuple[Concept, ...]], tuple[Concept, ...]]
    ) -> ConceptMap | None:
        """Store what `decide` makes of the newest concepts as a new version, if it changes any, and give the newest.

        Meanwhile nobody changes this map. `decide` may be asked again, and what it raises leaves everything as it was.
        """
