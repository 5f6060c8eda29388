"""The set that is about to be shown is looked at once more: it keeps every rule of sets, or is never shown."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, SetRefused
from assessment.models import Brief, FormPlan, Item, ItemConcept, Provenance, Question, SeenItem, WrittenSet
from assessment.ports import Ending, Finished, SetOrder
from assessment.sets.assembly import Assembly, assemble
from assessment.sets.blueprint import plan
from assessment.sets.rules import broken
from assessment.sets.shuffle import show
from assessment.use_cases.write_set import write_set
from fakes.item_maker import make
from tests.factories import PREPARED, skills, sources, verification
from tests.fakes import FakeMaps, FakeStore, ManualClock, written

Change = Callable[[tuple[Item, ...]], tuple[Item, ...]]


class OtherWriter:
    """assessment.ports.QuestionWriter that hands over something else than it should."""

    def __init__(self, change: Change) -> None:
        self._change = change

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:  # noqa: ARG002 - it answers at once
        return WrittenSet(self._change(written(brief).items), Provenance())


def keyed(item: Item, key: str) -> Item:
    options = list(item.options)
    options[item.key] = key
    return msgspec.structs.replace(item, options=tuple(options))


def in_one_source(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(msgspec.structs.replace(item, source_id="prj_0") for item in items)


def without_a_skill(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(msgspec.structs.replace(item, skill_id="skill-0") for item in items)


def with_long_keys(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(keyed(item, f"the longest of all {number}") for number, item in enumerate(items))


def with_a_key_in_a_stem(items: tuple[Item, ...]) -> tuple[Item, ...]:
    key = "close the inlet valve"
    return (keyed(items[0], key), msgspec.structs.replace(items[1], stem=f"Once you {key}, what comes?"), *items[2:])


def judging(item: Item, key: str) -> Item:
    """Two options say right and two say wrong."""
    words = ["right", "wrong"] * 2 if item.key % 2 == (key == "wrong") else ["wrong", "right"] * 2
    pairs = zip(words, item.options, strict=True)
    return msgspec.structs.replace(item, options=tuple(f"It is {word}: {option.lower()}" for word, option in pairs))


CHANGES: dict[str, Change] = {
    "coverage": in_one_source,
    "coverage of skills": without_a_skill,
    "robots": with_long_keys,
    "cross_cue": with_a_key_in_a_stem,
    "one_concept": lambda items: tuple(
        msgspec.structs.replace(item, concept=ItemConcept("c1", "Joins")) for item in items
    ),
    "one_verdict": lambda items: tuple(judging(item, "wrong") for item in items),
    "count": lambda items: items[:9],
    "count of different ones": lambda items: (*items[:9], items[0]),
}


async def begin(store: FakeStore, writer: OtherWriter, scenario: str | None = None) -> None:
    order = SetOrder(store.standing.verification_id, store.last.ended, store.standing.revision, 80.0, scenario)
    await store.ask(order)
    await write_set(
        order=order, form=FormPlan(), deadline=Deadline(store.clock, 80.0), store=store, maps=FakeMaps(), writer=writer
    )


@pytest.mark.parametrize("rule", CHANGES)
async def test_a_set_that_breaks_a_rule_is_refused_by_name_and_changes_nothing(rule: str) -> None:
    store = FakeStore(ManualClock(), verification(PREPARED))
    before = store.verification
    with pytest.raises(SetRefused) as refused:
        await begin(store, OtherWriter(CHANGES[rule]))
    assert rule.partition(" ")[0] in refused.value.rules
    assert isinstance(refused.value, GenerationFailed)
    assert (store.verification, store.last, store.is_under_way) == (before, Finished(Ending.FAILED, 1), False)


async def test_a_set_about_a_concept_of_an_earlier_set_is_refused() -> None:
    def about_joins(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return (msgspec.structs.replace(items[0], concept=ItemConcept("c1", "Joins")), *items[1:])

    seen = (SeenItem("skill-0", "Which join keeps unmatched rows?", concept=ItemConcept("c1", "Joins")),)
    for before, refused in (((), ()), (seen, ("concept_again",))):
        store = FakeStore(ManualClock(), verification(PREPARED, seen=before))
        with pytest.raises(SetRefused) if refused else nullcontext() as raised:
            await begin(store, OtherWriter(about_joins))
        assert not refused or (raised is not None and raised.value.rules == refused)


async def test_keys_that_stand_in_one_place_are_refused_whoever_shuffled_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_place(items: Sequence[Item], rng: Random) -> tuple[Question, ...]:
        shown = show(items, rng)
        turned = [question.options[question.key :] + question.options[: question.key] for question in shown]
        pairs = zip(shown, turned, strict=True)
        return tuple(msgspec.structs.replace(question, options=options, key=0) for question, options in pairs)

    monkeypatch.setattr("assessment.use_cases.write_set.show", first_place)
    store = FakeStore(ManualClock(), verification(PREPARED))
    with pytest.raises(SetRefused) as refused:
        await begin(store, OtherWriter(lambda items: items))
    assert refused.value.rules == ("key_positions",)


async def test_a_rehearsal_may_mark_its_right_options_and_break_no_other_rule() -> None:
    store = FakeStore(ManualClock(), verification(PREPARED))
    with pytest.raises(SetRefused) as refused:
        await begin(store, OtherWriter(lambda items: in_one_source(with_long_keys(items))), "marked")
    assert refused.value.rules == ("coverage",)
    await begin(store, OtherWriter(with_long_keys), "marked")
    assert store.verification.current_set is not None


@given(
    st.integers(1, 12),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 5),
    st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["", "", "right", "wrong"]), st.integers(0, 30)),
        max_size=40,
    ),
    st.integers(0, 10**6),
)
def test_whatever_is_assembled_breaks_no_rule_when_it_is_shown(
    total: int, skill_count: int, source_count: int, turn: int, traits: list[tuple[int, bool, str, int]], seed: int
) -> None:
    """Candidates in any source, some with a key that is a little the longest, some that judge work."""
    form = FormPlan(total)
    slots = plan(skills(skill_count), sources(source_count), form, turn)
    candidates = []
    for number, (source, is_longest, verdict, concept) in enumerate(traits):
        it = make(f"{seed}-{number}")
        item = Item(
            f"skill-{number % skill_count}",
            f"prj_{source % source_count}",
            it["stem"],
            tuple(it["options"]),
            it["key"],
            concept=ItemConcept(f"c{concept}", f"Concept {concept}") if concept else None,
        )
        item = keyed(item, f"{item.options[item.key]} again") if is_longest else item
        candidates.append(judging(item, verdict) if verdict else item)
    result = assemble(slots, candidates)
    if isinstance(result, Assembly):
        shown = show(result.items, Random(seed))  # noqa: S311 - repeatable on purpose
        skill_ids = {skill.skill_id for skill in skills(skill_count)}
        source_ids = {slot.source.source_id for slot in slots}
        assert broken(shown, total, "en", skill_ids=skill_ids, source_ids=source_ids) == []
