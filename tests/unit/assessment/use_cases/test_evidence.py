"""Opening a verification and choosing what is to be verified, without a database."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
import pytest

from assessment.credentials import SESSION_LIFETIME, PlatformAccess, digest
from assessment.errors import (
    AssessmentAlreadyPassed,
    DuplicateSkillsInBundle,
    InvalidInput,
    MaxSkillsPerSource,
    RetakeError,
    UnknownItem,
    VerificationMethodNotSet,
)
from assessment.evidence import (
    ChosenSkill,
    Evidence,
    EvidenceChange,
    ItemRecord,
    NamedSkill,
    NewVerification,
    Opening,
    Person,
)
from assessment.models import ClaimedSkills, Method, Mode, SourceKind, Standing
from assessment.use_cases.attach import NAMED, attach
from assessment.use_cases.choose_method import choose_method
from assessment.use_cases.choose_skills import choose_skills
from assessment.use_cases.open import open_verification
from tests.factories import LOCKED, PREPARED, standing
from tests.fakes import ManualClock

ONE, TWO = (SourceKind.PROJECT, "one"), (SourceKind.PROJECT, "two")
WITHOUT_METHOD = standing(PREPARED, method=None)


class FakeVerifications:
    """assessment.ports.VerificationStore and SkillNames of one verification in memory."""

    def __init__(self, at: Standing = PREPARED, claimed: Sequence[ClaimedSkills] = ()) -> None:
        items = tuple(
            ItemRecord(f"prj_{key}", kind, key, f'{{"projectId":"{key}"}}', is_attached=(kind, key) == ONE)
            for kind, key in (ONE, TWO)
        )
        self.evidence = Evidence(standing=at, skill_ids=frozenset({"sql"}), items=items, claimed=tuple(claimed))
        self.opened: list[NewVerification] = []
        self.changes: list[EvidenceChange | None] = []

    async def open(self, new: NewVerification) -> str:
        self.opened.append(new)
        return "usr_test_1"

    async def change(self, verification_id: str, decide: Callable[[Evidence], EvidenceChange | None]) -> Evidence:
        assert verification_id == self.evidence.standing.verification_id
        self.changes.append(decide(self.evidence))
        return self.evidence

    async def names_of(self, platform_id: int, skill_ids: Sequence[str]) -> Mapping[str, str]:
        assert platform_id == self.evidence.standing.platform_id
        return {skill_id: "SQL" for skill_id in skill_ids if skill_id == "sql"}

    async def choose_skills(self, *skills: ChosenSkill) -> None:
        await choose_skills(standing=self.evidence.standing, skills=skills, store=self, names=self)

    async def choose_method(self, method: Method) -> None:
        await choose_method(verification_id=self.evidence.standing.verification_id, method=method, store=self)

    async def attach(self, *keys: tuple[SourceKind, str]) -> list[ItemRecord]:
        chosen = {key: f"projectIds[{place}]" for place, key in enumerate(keys)}
        return await attach(verification_id=self.evidence.standing.verification_id, chosen=chosen, store=self)


def chosen(skill_id: str, name: str | None = None) -> ChosenSkill:
    return ChosenSkill(skill_id, name, ())


def verified_elsewhere(skill_id: str, method: Method = Method.ASSESSMENT) -> ClaimedSkills:
    return ClaimedSkills(ONE, method, frozenset({skill_id}), frozenset({skill_id}))


async def test_a_verification_is_opened_with_a_token_of_which_only_the_digest_is_stored() -> None:
    store, clock = FakeVerifications(), ManualClock()
    access = PlatformAccess(b"digest", b"sealing", "key_1", 1, Mode.TEST)
    opening = Opening("student", "http://127.0.0.1:9/", Person("Ada", "ada@example.com", None), ())
    opened = await open_verification(access=access, opening=opening, store=store, clock=clock)
    (new,) = store.opened
    assert (opened.verification_id, opened.student_id) == (new.verification_id, "usr_test_1")
    assert (new.token_digest, new.expires_at) == (digest(opened.session_token), clock.now() + SESSION_LIFETIME)
    assert opened.session_token not in repr(new)
    assert opened.expires_at == new.expires_at


async def test_the_catalogue_names_a_skill_before_the_session_does() -> None:
    store = FakeVerifications()
    await store.choose_skills(chosen("sql", "my SQL"), chosen("own", "Own"))
    named = (NamedSkill("sql", "SQL", ()), NamedSkill("own", "Own", ()))
    assert store.changes == [EvidenceChange(discards_set=True, skills=named)]


async def test_the_same_evidence_again_discards_no_set() -> None:
    store = FakeVerifications()
    await store.choose_skills(chosen("sql"))
    await store.choose_method(Method.ASSESSMENT)
    attached = await store.attach(ONE)
    assert [change and change.discards_set for change in store.changes] == [False, None, False]
    assert [item.payload for item in attached] == [{"projectId": "one"}]


async def test_other_evidence_discards_a_set_that_waits() -> None:
    store = FakeVerifications()
    await store.choose_method(Method.HUMAN)
    attached = await store.attach(TWO, ONE)
    assert [change and change.discards_set for change in store.changes] == [True, True]
    assert [item.external_id for item in attached] == ["one", "two"], "in the order they were sent to /verify"


@pytest.mark.parametrize(
    ("store", "call", "error"),
    [
        (FakeVerifications(LOCKED), lambda it: it.choose_skills(chosen("nameless")), AssessmentAlreadyPassed),
        (FakeVerifications(), lambda it: it.choose_skills(chosen("nameless")), InvalidInput),
        (
            FakeVerifications(),
            lambda it: it.choose_skills(*(chosen(f"s{number}", "a name") for number in range(11))),
            MaxSkillsPerSource,
        ),
        (
            FakeVerifications(claimed=[verified_elsewhere("sql")]),
            lambda it: it.choose_skills(chosen("sql")),
            DuplicateSkillsInBundle,
        ),
        (FakeVerifications(LOCKED), lambda it: it.choose_method(Method.HUMAN), AssessmentAlreadyPassed),
        (
            FakeVerifications(claimed=[verified_elsewhere("sql", Method.HUMAN)]),
            lambda it: it.choose_method(Method.HUMAN),
            DuplicateSkillsInBundle,
        ),
        (FakeVerifications(WITHOUT_METHOD), lambda it: it.attach((SourceKind.PROJECT, "no")), VerificationMethodNotSet),
        (FakeVerifications(LOCKED), lambda it: it.attach((SourceKind.PROJECT, "no")), UnknownItem),
        (FakeVerifications(LOCKED), lambda it: it.attach(TWO), AssessmentAlreadyPassed),
        (
            FakeVerifications(claimed=[verified_elsewhere("sql")]),
            lambda it: it.attach(ONE),
            DuplicateSkillsInBundle,
        ),
    ],
)
async def test_what_is_refused_changes_nothing_and_the_first_reason_is_told(
    store: FakeVerifications, call: Callable[[FakeVerifications], object], error: type[RetakeError]
) -> None:
    with pytest.raises(error):
        await call(store)  # type: ignore[misc]  # each of them gives a coroutine
    assert store.changes == []


async def test_of_many_unknown_items_some_are_named() -> None:
    with pytest.raises(UnknownItem) as refused:
        await FakeVerifications().attach(*((SourceKind.PROJECT, f"no-{number}") for number in range(NAMED + 5)))
    assert [msgspec.structs.asdict(detail)["field"] for detail in refused.value.details] == [
        f"projectIds[{place}]" for place in range(NAMED)
    ]
