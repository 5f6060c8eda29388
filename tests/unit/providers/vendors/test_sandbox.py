import pytest

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.items.novelty import signature
from assessment.items.rules import MAX_STEM_CHARACTERS, RuleContext, examine, is_askable
from assessment.models import (
    Brief,
    Concept,
    Difficulty,
    FormPlan,
    Item,
    Mode,
    Origin,
    OriginKind,
    SeenItem,
    Skill,
    Slot,
    SourceItem,
    SourceKind,
    WrittenSet,
)
from assessment.sets.blueprint import plan
from providers.build import build_vendors
from providers.config import built_in
from providers.protocol import Order
from providers.vendors.decode import decode
from providers.vendors.sandbox.bank import BankItem, bank_for, items_about
from providers.vendors.sandbox.samples import SAMPLES
from providers.vendors.sandbox.scenarios import SCENARIOS
from providers.vendors.sandbox.stems import SAMPLE, SeenStems, fill
from providers.vendors.sandbox.vendor import SandboxVendor
from providers.writing.candidates import CandidatePool
from providers.writing.orders import Refs
from providers.writing.rehearsal import RehearsalPool
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import answer_of, order

PROJECT = SourceItem("p", SourceKind.PROJECT, "Harbour map")
JOB = SourceItem("j", SourceKind.EXPERIENCE, "Data engineer")
CERTIFICATE = SourceItem("c", SourceKind.CERTIFICATE, "Applied statistics")
SAILING = Skill("sailing", "Sailing")
PYTHON = Skill("python", "Python")


def brief(*skills: Skill, seen: tuple[SeenItem, ...] = (), turn: int = 0, scenario: str | None = None) -> Brief:
    slots = plan(skills or (PYTHON, SAILING), (PROJECT, JOB, CERTIFICATE), FormPlan(), turn)
    return Brief(Mode.TEST, slots, seen=seen, seed=f"verification:{turn}", scenario=scenario)


def shown(item: Item) -> SeenItem:
    return SeenItem(item.skill_id, item.stem, signature(item))


async def write(brief: Brief, clock: FakeClock | None = None) -> WrittenSet:
    return await build_vendors(built_in()).write(brief, Deadline(clock or FakeClock(), 87))


def in_setting(item: BankItem, source: SourceItem) -> Item:
    return Item(SAILING.skill_id, source.source_id, fill(item, Slot(SAILING, source)), (item.key, *item.distractors), 0)


def bank_item(stem: str = "Which of these steps comes first in such a case?", *tags: str) -> BankItem:
    return BankItem("id", "concept", "easy", stem, "key", ("a", "b", "c"), "why", tags)


def test_a_bank_is_found_by_name_id_or_alias_in_any_case() -> None:
    for skill in (Skill("x", "PYTHON"), Skill("python", "Snakes"), Skill("x", " python 3 ")):
        assert bank_for(skill)
    assert not bank_for(SAILING)


def test_there_are_at_least_24_distinct_samples_and_each_may_be_asked() -> None:
    items = [in_setting(sample, PROJECT) for sample in SAMPLES]
    assert len({item.stem for item in items}) >= 24
    for item in items:
        assert is_askable(examine(item, RuleContext({"sailing"}, {"p"})))
        assert item.stem.startswith("[Sample] ")
        assert "Sailing" in item.stem
        assert "Harbour map" in item.stem


def test_no_sample_gives_its_key_away_by_length() -> None:
    for sample in SAMPLES:
        mean = sum(map(len, sample.distractors)) / 3
        assert 0.75 < len(sample.key) / mean < 1.25


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (PROJECT, "Project “Harbour map”\n"),
        (JOB, "Work experience “Data engineer”\n"),
        (CERTIFICATE, "Certificate “Applied statistics”\n"),
        (SourceItem("p", SourceKind.PROJECT, " \x00\u202e "), ""),
    ],
)
def test_a_line_above_the_question_names_the_source_by_its_kind(source: SourceItem, line: str) -> None:
    assert fill(bank_item("Why is that?"), Slot(SAILING, source)) == f"{line}Why is that?"


def test_a_hostile_title_is_cleaned_cut_and_not_read_as_a_template() -> None:
    title = "{skill}\x00 \u202eevil\n" + "x" * 900
    stem = fill(bank_item("Why is that?"), Slot(SAILING, SourceItem("p", SourceKind.PROJECT, title)))
    assert stem.startswith("Project “{skill} evil xxx")
    assert stem.endswith("…”\nWhy is that?")
    assert len(stem) < MAX_STEM_CHARACTERS


@pytest.mark.parametrize(
    ("facts", "fits"),
    [("Kept a MySQL database.", False), ("Kept a PostgreSQL database.", True), ("Kept PostgreSQLite.", False)],
)
def test_an_item_is_set_in_a_source_that_has_one_of_its_tags_as_a_word(facts: str, fits: bool) -> None:
    source = SourceItem("p", SourceKind.PROJECT, "Shop", (("description", facts),))
    stem = fill(bank_item("Why is that?", "postgres", "postgresql"), Slot(SAILING, source))
    assert stem == ("Project “Shop”\nWhy is that?" if fits else "Why is that?")


async def test_what_goes_with_the_source_is_asked_first() -> None:
    facts = (("description", "A store of loans in PostgreSQL."),)
    source = SourceItem("p", SourceKind.PROJECT, "Loans", facts)
    slots = tuple(Slot(Skill("sql", "SQL"), source) for _ in range(10))
    written = await write(Brief(Mode.TEST, slots, seed="any"))
    assert all(item.stem.startswith("Project “Loans”\n") for item in written.items)


def asked_for(concept_id: str, name: str = "") -> Concept:
    return Concept(concept_id, name, "what it tests", Difficulty.EASY, Origin(OriginKind.BANK))


@pytest.mark.parametrize(
    "concept", [asked_for("raise-from"), asked_for("con_17", "chaining exceptions with Raise From")]
)
async def test_a_slot_that_names_a_concept_gets_the_item_about_it(concept: Concept) -> None:
    about = items_about(PYTHON)["raise-from"]
    for part in range(3):  # whichever share of the stock a call has
        answer = decode((await answer_of(SandboxVendor(), naming(concept, part), Deadline(FakeClock(), 87)))[0])
        assert [draft.stem for draft in answer.drafts] == [about.stem]


async def test_a_slot_gets_another_item_where_the_bank_has_none_about_its_concept_or_it_was_seen() -> None:
    about = items_about(PYTHON)["raise-from"]
    seen = (SeenItem("python", f"Project “Quay”\n{about.stem}"),)
    for wanted in (naming(asked_for("pathlib-join"), 0), naming(asked_for("raise-from"), 0, seen)):
        answer = decode((await answer_of(SandboxVendor(), wanted, Deadline(FakeClock(), 87)))[0])
        assert len(answer.drafts) == 1
        assert answer.drafts[0].stem != about.stem


def naming(concept: Concept, part: int, seen: tuple[SeenItem, ...] = ()) -> Order:
    slot = Slot(PYTHON, PROJECT, concept=concept)
    return Order(wanted=(Refs(Brief(Mode.TEST, (slot,))).wanted(slot),), seen=seen, part=part, parts=3)


def test_a_question_is_known_again_in_another_setting_marked_or_in_the_wording_of_the_first_release() -> None:
    item = bank_item("A lock is held, and a second task waits. What comes next?")
    for stem in (
        item.stem,
        f"Project “A, b”\n{item.stem}",
        f"[Again, 2] Project “A”\n{item.stem}",
        f"In your project “A, b”, {item.stem[0].lower()}{item.stem[1:]}",
    ):
        assert SeenStems([stem]).in_any_setting(item, SAILING)
    assert not SeenStems([f"Project “A”\nNow {item.stem}"]).in_any_setting(item, SAILING)


async def test_the_same_order_gets_the_same_answer_and_another_seed_another_one() -> None:
    deadline = Deadline(FakeClock(), 87)
    one = await answer_of(SandboxVendor(seed="one"), order(), deadline)
    assert await answer_of(SandboxVendor(seed="one"), order(), deadline) == one
    assert await answer_of(SandboxVendor(seed="other"), order(), deadline) != one


async def test_parallel_calls_of_a_round_never_ask_the_same() -> None:
    vendor, deadline = SandboxVendor(), Deadline(FakeClock(), 87)
    replies = [await answer_of(vendor, order(4, part=part, parts=3), deadline) for part in range(3)]
    stems = [draft.stem for text, _ in replies for draft in decode(text).drafts]
    assert len(set(stems)) == 12


@pytest.mark.parametrize("skills", [(PYTHON,), (PYTHON, SAILING)], ids=lambda skills: str(len(skills)))
async def test_a_set_and_three_retakes_repeat_no_question_in_any_setting(skills: tuple[Skill, ...]) -> None:
    seen: tuple[SeenItem, ...] = ()
    for turn in range(4):
        written = await write(brief(*skills, seen=seen, turn=turn))
        assert len(written.items) == 10
        seen += tuple(shown(item) for item in written.items)
    questions = [item.stem.removeprefix(SAMPLE).partition("\n")[2] or item.stem for item in seen]
    assert len(set(questions)) == 40


async def test_scenario_slow_takes_five_seconds() -> None:
    clock = FakeClock()
    assert len((await write(brief(scenario="slow"), clock)).items) == 10
    assert clock.time == 1005


async def test_scenario_fail_fails_at_once() -> None:
    clock = FakeClock()
    with pytest.raises(GenerationFailed):
        await write(brief(scenario="fail"), clock)
    assert clock.time == 1000


async def test_scenario_partial_needs_a_second_round() -> None:
    written = await write(brief(scenario="partial"))
    assert (len(written.items), written.provenance.rounds) == (10, 2)


async def test_scenario_marked_shows_which_option_is_right() -> None:
    for item in (await write(brief(scenario="marked"))).items:
        assert [option.endswith(" (right)") for option in item.options].index(True) == item.key
        assert sum(option.endswith(" (right)") for option in item.options) == 1


async def test_without_a_scenario_nothing_is_marked() -> None:
    assert not any("(right)" in option for item in (await write(brief())).items for option in item.options)


def test_the_scenarios_are_known_by_name() -> None:
    assert {"slow", "fail", "partial", "marked"} == SCENARIOS


async def test_a_student_who_rehearses_for_long_gets_known_questions_marked_as_such() -> None:
    seen: tuple[SeenItem, ...] = ()
    for turn in range(30):  # more questions than there are
        written = await write(brief(PYTHON, seen=seen, turn=turn))
        assert {item.stem for item in written.items}.isdisjoint(item.stem for item in seen)
        seen += tuple(shown(item) for item in written.items)
    assert any(item.stem.startswith("[Again, 2] ") for item in seen)


async def test_what_one_client_rehearses_is_not_felt_by_the_next() -> None:
    snapshot = build_vendors(built_in())
    for turn in range(12):
        await snapshot.write(brief(turn=turn, scenario="slow"), Deadline(FakeClock(), 87))
    in_a_hurry = Deadline(FakeClock(), 2)
    assert len((await snapshot.write(brief(), in_a_hurry)).items) == 10


async def test_only_a_rehearsal_takes_what_a_stem_marks_as_coming_again() -> None:
    stem = "[Again, 2] In your project, which of these steps comes first in such a case?"
    item = Item("python", "p", stem, ("One step", "Another step", "A third step", "A fourth step"), 0)
    about = brief(PYTHON, seen=(shown(item),))
    assert RehearsalPool(about, Refs(about)).repetition(item) is None
    assert CandidatePool(about, Refs(about)).repetition(item) is not None


async def test_a_question_of_a_bank_is_as_hard_as_the_bank_says() -> None:
    written = await write(brief(PYTHON))
    by_key = {item.key: item.difficulty for item in bank_for(PYTHON)}
    assert [it.difficulty for it in written.items] == [by_key[it.options[it.key]] for it in written.items]
    assert {it.difficulty for it in written.items} == {"easy", "medium", "hard"}
