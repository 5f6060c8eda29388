"""What of a written map is kept, on the golden maps and case by case."""

import pytest

from assessment.concepts.cleaning import (
    MAX_NAME_WORDS,
    MAX_TESTS_WORDS,
    ConceptDraft,
    Fault,
    clean,
    merged,
    traits,
)
from bench.quality.concept_rules import ConceptFigures, measure_concepts
from fakes.golden.concept_maps import PLANTED, GoldenMap, golden_maps

FIGURES = measure_concepts()
SQL = next(golden for golden in golden_maps() if golden.skill == "SQL")


def test_the_golden_maps_are_large_and_every_fault_is_planted() -> None:
    assert sum(len(golden.concepts) for golden in golden_maps()) >= 70
    assert sum(len(golden.again) for golden in golden_maps()) >= 30
    assert set(PLANTED) == set(Fault)


@pytest.mark.parametrize("figures", FIGURES, ids=lambda figures: figures.fault)
def test_a_rule_finds_what_was_planted_and_drops_few_clean_concepts(figures: ConceptFigures) -> None:
    wanted = 0.8 if figures.fault is Fault.OFF_SUBJECT else 0.95  # two skills of one trade share many words
    assert figures.recall >= wanted
    assert figures.alarms <= (0.06 * figures.clean if figures.fault is Fault.OFF_SUBJECT else 0)


@pytest.mark.parametrize("golden", golden_maps(), ids=lambda golden: golden.skill)
def test_most_concepts_are_known_again_in_the_words_of_another_writer(golden: GoldenMap) -> None:
    known = [traits(concept, "en") for concept in golden.concepts]
    found = [any(traits(draft, "en").is_same(it) for it in known) for draft in golden.again]
    assert sum(found) >= 0.85 * len(found)


def test_of_two_that_say_the_same_the_first_is_kept() -> None:
    first, second = ConceptDraft("Window functions", "Ranking rows"), ConceptDraft("Functions of a window", "Numbers")
    cleaned = clean([first, second], "SQL", "en")
    assert cleaned.kept == (first,)
    assert [(it.draft, it.fault) for it in cleaned.dropped] == [(second, Fault.SAME)]


def test_what_the_map_holds_already_is_not_taken_again() -> None:
    cleaned = clean(SQL.again, "SQL", "en", held=SQL.concepts)
    assert cleaned.kept == ()


def test_a_name_of_eight_words_and_a_meaning_of_twenty_are_kept_and_one_more_is_not() -> None:
    name = " ".join(f"join{number}" for number in range(MAX_NAME_WORDS))
    tests = " ".join(f"row{number}" for number in range(MAX_TESTS_WORDS))
    assert clean([ConceptDraft(name, tests)], "SQL", "en").dropped == ()
    for draft in (ConceptDraft(f"{name} more", tests), ConceptDraft(name, f"{tests} more")):
        assert [it.fault for it in clean([draft], "SQL", "en").dropped] == [Fault.TOO_LONG]


def test_a_map_in_another_script_than_was_asked_for_is_refused() -> None:
    draft = ConceptDraft("Внешние соединения таблиц", "Какие строки остаются без пары")
    assert [it.fault for it in clean([draft], "SQL", "en").dropped] == [Fault.UNSAFE]


def test_few_concepts_are_no_subject_to_stray_from() -> None:
    drafts = [ConceptDraft("Joins", "Which rows stay"), ConceptDraft("Moist healing", "Why moisture helps")]
    assert clean(drafts, "SQL", "en").kept == tuple(drafts)


def test_what_two_writers_name_comes_first_and_the_rest_in_turn() -> None:
    joins, again = ConceptDraft("Outer joins", "a"), ConceptDraft("Outer join", "b")
    null, keys, forms = (ConceptDraft(name, name) for name in ("Null values", "Foreign keys", "Normal forms"))
    assert merged([[null, joins], [keys, again, forms]], "en") == (joins, again, null, keys, forms)
    assert clean(merged([[null, joins], [keys, again, forms]], "en"), "SQL", "en").kept == (joins, null, keys, forms)
