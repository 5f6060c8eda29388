"""A set is drawn from maps of concepts: what a vendor is asked, and what of its answer is taken."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from assessment.concepts.drawing import draw
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Concept, ConceptMap, Difficulty, ItemConcept, Origin, OriginKind, SeenItem
from providers import prompts
from providers.config import Questions
from providers.protocol import Order, Wanted
from providers.writing.orders import Refs
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import SKILLS, ScriptedVendor, Text, brief, chain_of, good, slots, text_of

BANK = Origin(OriginKind.BANK)
MAPS = tuple(
    ConceptMap(
        skill.skill_id,
        "en",
        1,
        tuple(
            Concept(f"{skill.skill_id}-{n}", f"Idea {n} of it", f"Tests {n}", Difficulty.EASY, BANK) for n in range(12)
        ),
    )
    for skill in SKILLS
)


def drawn(seen: tuple[SeenItem, ...] = (), spares: int = 4) -> Brief:
    found = draw(slots(10), MAPS, seen, spares=spares)
    return brief(slots=found.slots, spares=found.spare_slots, seen=seen)


def naming(choose: Callable[[Wanted, int], object]) -> Text:
    """A good answer whose items say that they test what `choose` says of their line and its number."""

    def answer(order: Order) -> str:
        items = json.loads(good(order))["items"]
        return text_of(
            [
                {**it, "concept": choose(wanted, n)}
                for n, (it, wanted) in enumerate(zip(items, order.wanted, strict=True))
            ]
        )

    return answer


as_asked = naming(lambda wanted, _: wanted.concept_ref)
as_different = naming(lambda wanted, n: f"{wanted.skill_ref} other idea {n}")


async def write(about: Brief, *vendors: ScriptedVendor, questions: Questions | None = None) -> list[ItemConcept]:
    written = await Writer(chain_of(*vendors), questions or Questions(), "hash").write(
        about, Deadline(FakeClock(), 87.0)
    )
    return [item.concept for item in written.items if item.concept]


async def test_every_item_of_a_set_carries_the_concept_of_its_slot() -> None:
    about = drawn()
    found = await write(about, ScriptedVendor("one", as_asked), questions=Questions(spare=0))
    assert [it.concept_id for it in found] == [slot.concept.concept_id for slot in about.slots if slot.concept]


async def test_parallel_calls_and_spare_items_are_about_concepts_of_their_own() -> None:
    vendor = ScriptedVendor("one", as_asked)
    await write(drawn(), vendor)
    asked = Counter(wanted.concept_ref for order in vendor.orders for wanted in order.wanted)
    assert len(vendor.orders) == 2
    assert len(asked) == asked.total() == 12


def test_the_plan_names_the_concepts_the_data_says_what_they_test_and_the_schema_allows_no_other() -> None:
    about = drawn()
    order = Order(wanted=tuple(map(Refs(about).wanted, about.slots[:2])))
    user = prompts.build(order).user
    assert "- skill s1, source p1, concept c1, easy" in user
    concept = about.slots[0].concept
    assert concept is not None
    assert f'"c1":{{"name":"{concept.name}","tests":"{concept.tests}"}}' in user
    schema = prompts.schema(order)["properties"]["items"]["items"]["properties"]
    assert schema["concept"] == {"type": "string", "enum": ["c1", "c2"]}


@pytest.mark.parametrize("stated", ["c99", "", None, 7])
async def test_an_item_about_none_of_the_concepts_asked_for_is_refused_and_asked_of_another(stated: object) -> None:
    stray = ScriptedVendor("stray", naming(lambda _, __: stated))
    found = await write(drawn(), stray, ScriptedVendor("sound", as_asked))
    assert len({it.concept_id for it in found}) == 10


async def test_a_vendor_that_asks_about_one_concept_all_the_time_makes_no_set_alone() -> None:
    about_one = ScriptedVendor("one", naming(lambda _, __: "c1"))
    with pytest.raises(GenerationFailed):
        await write(drawn(), about_one)
    found = await write(drawn(), about_one, ScriptedVendor("sound", as_asked))
    assert len({it.concept_id for it in found}) == 10


async def test_without_a_map_the_writer_names_concepts_and_none_comes_twice() -> None:
    named = ScriptedVendor("one", naming(lambda wanted, n: f"{wanted.skill_ref} idea {n // 2 % 3}"), as_different)
    found = await write(brief(10), named, questions=Questions(per_call=20, spare=0))
    assert len({it.name for it in found}) == len(found) == 10
    assert {it.concept_id for it in found} == {""}


async def test_without_a_map_what_this_student_was_asked_before_is_refused_by_its_name() -> None:
    before = tuple(SeenItem(skill.skill_id, "a stem", concept=ItemConcept("", "Old idea")) for skill in SKILLS)
    repeats = ScriptedVendor("one", naming(lambda _, n: "OLD  idea" if n < 2 else f"idea {n}"), as_different)
    found = await write(brief(10, seen=before), repeats, questions=Questions(per_call=20, spare=0))
    assert "OLD idea" not in {it.name for it in found}


async def test_what_is_asked_again_stands_in_the_plan_with_its_earlier_stem_and_is_allowed() -> None:
    everything = tuple(
        SeenItem(its.skill_id, f"Which star is number {n} here?", concept=ItemConcept(it.concept_id, it.name))
        for its in MAPS
        for n, it in enumerate(its.concepts)
    )
    vendor = ScriptedVendor("one", as_asked)
    found = await write(drawn(everything), vendor)
    assert len({it.concept_id for it in found}) == 10
    user = prompts.build(vendor.orders[0]).user
    assert "concept c1 again" in user
    assert "Which star is number 0 here?" in user
    assert "Which star is number 11 here?" not in user


def test_where_the_plan_names_concepts_nothing_else_that_was_asked_goes_out() -> None:
    before = (SeenItem("skill-a", "Which star is it?", concept=ItemConcept("skill-a-0", "Idea 0 of it")),)
    about = drawn(before)
    order = Order(wanted=tuple(map(Refs(about).wanted, about.slots)), seen=before)
    assert "Which star is it?" not in prompts.build(order).user
