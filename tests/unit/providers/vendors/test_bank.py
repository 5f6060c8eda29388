"""The sandbox's items and the maps of their skills: every item may be asked, each about a concept of its own."""

import pytest
import yaml

from assessment.concepts.cleaning import ConceptDraft, clean
from assessment.items.novelty import Seen
from assessment.items.rules import RuleContext, examine, is_askable
from assessment.items.text import fold
from assessment.models import Difficulty, Item, Skill, Slot, SourceItem, SourceKind
from providers.vendors.sandbox.bank import FOLDER, bank_for, concepts_for, items_about, names
from providers.vendors.sandbox.stems import fill

ITEMS = 40
BANKS = [Skill("x", name) for name in names()]


def name_of(skill: Skill) -> str:
    return skill.name


def asked(skill: Skill) -> list[Item]:
    """The items of a bank below a source's line of the greatest length."""
    items = ((item, fill(item, Slot(skill, with_tags(item.tags)))) for item in bank_for(skill))
    return [Item("x", "p", stem, (item.key, *item.distractors), 0, item.rationale) for item, stem in items]


def with_tags(tags: tuple[str, ...]) -> SourceItem:
    return SourceItem("p", SourceKind.CERTIFICATE, "W" * 500, (("description", " ".join(tags)),))


@pytest.mark.parametrize("skill", BANKS, ids=name_of)
def test_every_item_of_a_bank_may_be_asked(skill: Skill) -> None:
    items = asked(skill)
    assert len(items) == ITEMS
    assert len({item.id for item in bank_for(skill)}) == ITEMS
    for item in items:
        assert item.stem.count("\n") == 1
        assert item.stem.partition("\n")[2][0].isupper() or item.stem.partition("\n")[2][0].isdigit()
        assert is_askable(examine(item, RuleContext({"x"}, {"p"}))), item.stem


@pytest.mark.parametrize("skill", BANKS, ids=name_of)
def test_no_two_items_of_a_bank_ask_the_same(skill: Skill) -> None:
    seen = Seen()
    for item in asked(skill):
        assert seen.find(item) is None, item.stem
        seen.add(item)


@pytest.mark.parametrize("skill", BANKS, ids=name_of)
def test_the_key_is_not_the_longest_option_more_often_than_by_chance(skill: Skill) -> None:
    options = [(item.key, *item.distractors) for item in bank_for(skill)]
    longest = [len(key) > max(map(len, others)) for key, *others in options]
    assert sum(longest) <= ITEMS / 4


@pytest.mark.parametrize("skill", BANKS, ids=name_of)
def test_a_map_holds_so_many_concepts_of_every_level(skill: Skill) -> None:
    concepts = concepts_for(skill)
    assert 40 <= len(concepts) <= 80
    assert len({concept.id for concept in concepts}) == len(concepts)
    assert {concept.level for concept in concepts} == {"easy", "medium", "hard"}


@pytest.mark.parametrize("skill", BANKS, ids=name_of)
def test_the_rules_for_written_maps_find_nothing_in_a_map_of_the_bank(skill: Skill) -> None:
    """Each name and meaning is short, safe and of the subject, and no two of them say the same."""
    drafts = [ConceptDraft(own.name, own.tests, Difficulty(own.level)) for own in concepts_for(skill)]
    assert clean(drafts, skill.name, "en").dropped == ()


@pytest.mark.parametrize("skill", BANKS, ids=name_of)
def test_each_item_asks_about_a_concept_of_its_own_and_is_as_hard_as_it(skill: Skill) -> None:
    levels = {concept.id: concept.level for concept in concepts_for(skill)}
    assert len(items_about(skill)) == ITEMS
    for concept, item in items_about(skill).items():
        assert levels[concept] == item.difficulty, item.id


def test_the_maps_have_the_form_that_is_agreed_on() -> None:
    for path in FOLDER.glob("concepts/*.yaml"):
        data = yaml.safe_load(path.read_text())
        assert data.keys() == {"skill", "language", "concepts"}
        assert data["language"] == "en"
        assert all(entry.keys() == {"id", "name", "tests", "level"} for entry in data["concepts"])


@pytest.mark.parametrize(
    "name",
    [
        "Kitchen hygiene",
        "HACCP",
        "PostgreSQL",
        "WCAG",
        "Technical SEO",
        "Newsletter marketing",
        "Bookkeeper",
        "Data Engineering",
    ],
)
def test_a_bank_is_not_taken_for_another_skill_than_its_own(name: str) -> None:
    assert not bank_for(Skill("x", name))


@pytest.mark.parametrize("name", ["PYTHON", " python 3 ", "a11y", "SEO", "React.js", "GD&T", "Data visualisation"])
def test_a_bank_is_found_by_its_name_or_one_that_means_the_same(name: str) -> None:
    assert bank_for(Skill("x", name))
    assert bank_for(Skill(fold(name), "Snakes"))


def test_an_unknown_skill_has_neither_items_nor_concepts() -> None:
    assert not bank_for(Skill("x", "Sailing"))
    assert concepts_for(Skill("x", "Sailing")) == ()
    assert items_about(Skill("x", "Sailing")) == {}
