from assessment.models import Difficulty, Item, Skill, Slot, SourceItem, SourceKind
from assessment.sets.slot_matching import is_exact, is_of_skill, placed, slot_for

MAP, JOB = SourceItem("map", SourceKind.PROJECT, "Map"), SourceItem("job", SourceKind.EXPERIENCE, "Job")
SQL, PYTHON = Skill("sql", "SQL"), Skill("python", "Python")
SLOTS = (Slot(SQL, MAP), Slot(SQL, JOB), Slot(PYTHON, JOB), Slot(SQL, JOB, Difficulty.HARD))


def item(skill: str, source: str, difficulty: str = "") -> Item:
    return Item(skill, source, f"{skill} {source} {difficulty}", ("a", "b", "c", "d"), 0, difficulty=difficulty)


def test_an_item_goes_to_the_first_slot_that_it_fits() -> None:
    everywhere = range(len(SLOTS))
    assert slot_for(item("sql", "job"), SLOTS, everywhere, is_exact) == 1
    assert slot_for(item("sql", "job"), SLOTS, everywhere, is_of_skill) == 0
    assert slot_for(item("sql", "job"), SLOTS, (3, 2), is_exact) == 3
    assert slot_for(item("python", "map"), SLOTS, everywhere, is_exact) is None


def test_an_item_as_hard_as_asked_for_goes_before_one_in_its_source_and_that_before_one_of_its_skill() -> None:
    other, exact, hard = item("sql", "other"), item("sql", "job"), item("sql", "job", "hard")
    assert placed([other, exact, hard], SLOTS) == {0: other, 1: exact, 3: hard}


def test_an_item_of_a_skill_that_nobody_asks_for_has_no_slot() -> None:
    assert placed([item("go", "job")], SLOTS) == {}
