"""How a map grows and is changed: a person's word stays, whatever a model writes later."""

import msgspec
import pytest

from assessment.concepts.cleaning import ConceptDraft
from assessment.concepts.editing import MOST_CONCEPTS, BadMap, ConceptRow, edited, extended, retired, rows_of
from assessment.models import Concept, Difficulty, Origin, OriginKind
from tests.factories import NOON

MODEL = Origin(OriginKind.MODEL, "openai/gpt-6-luna", "map-v1", NOON)
JOINS = Concept("con_1", "Outer joins", "Which rows without a match a join keeps", Difficulty.EASY, MODEL)
NULLS = Concept("con_2", "Null in comparisons", "What a condition with null returns", Difficulty.MEDIUM, MODEL)


def extend(held: tuple[Concept, ...], *written: ConceptDraft) -> tuple[Concept, ...]:
    return extended(held, dict.fromkeys(written, MODEL), skill="SQL", language="en")


def test_what_is_written_is_added_with_its_origin_and_ids_of_its_own() -> None:
    added = extend(
        (JOINS,), ConceptDraft("Foreign keys", "Which delete is refused"), ConceptDraft("Views", "What stays")
    )
    assert added[0] == JOINS
    assert [(it.name, it.origin, it.is_retired) for it in added[1:]] == [
        ("Foreign keys", MODEL, False),
        ("Views", MODEL, False),
    ]
    assert len({it.concept_id for it in added}) == 3


def test_a_later_map_overwrites_nothing_that_a_person_changed_and_brings_back_nothing_retired() -> None:
    row = msgspec.structs.replace(rows_of([JOINS])[0], tests="Which rows survive a left join", level=Difficulty.HARD)
    by_hand = retired(edited((JOINS, NULLS), [row], NOON), "con_2")
    again = extend(
        by_hand,
        ConceptDraft("Outer joins", "Something else"),
        ConceptDraft("Comparisons with null", "What a condition with null returns", Difficulty.EASY),
    )
    assert again == by_hand
    assert (again[0].tests, again[0].level, again[0].origin) == (
        "Which rows survive a left join",
        Difficulty.HARD,
        Origin(OriginKind.PERSON, at=NOON),
    )
    assert again[1].is_retired


def test_a_map_is_full_at_eighty_concepts_and_retired_ones_leave_room() -> None:
    many = tuple(
        msgspec.structs.replace(NULLS, concept_id=f"con_{it}", name=f"Name{it}") for it in range(MOST_CONCEPTS)
    )
    draft = ConceptDraft("Foreign keys", "Which delete a condition refuses")
    assert extend(many, draft) == many
    assert len(extend(retired(many, "con_7"), draft)) == MOST_CONCEPTS + 1


def test_what_a_person_leaves_as_it_is_keeps_its_origin_and_what_is_not_named_stays() -> None:
    assert edited((JOINS, NULLS), rows_of([NULLS]), NOON) == (JOINS, NULLS)


def test_a_row_without_an_id_is_new_and_a_persons() -> None:
    *_, new = edited((JOINS,), [ConceptRow(" Views ", "What a view shows", Difficulty.HARD)], NOON)
    assert (new.name, new.origin.kind, new.level) == ("Views", OriginKind.PERSON, Difficulty.HARD)
    assert new.concept_id not in ("", "con_1")


def test_a_person_retires_and_brings_back_with_a_row() -> None:
    gone = edited((JOINS,), [msgspec.structs.replace(rows_of([JOINS])[0], retired=True)], NOON)
    assert gone[0].is_retired
    assert not edited(gone, rows_of([JOINS]), NOON)[0].is_retired


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([ConceptRow("", "Something", Difficulty.EASY)], "concept 1 ('') cannot be taken: empty"),
        ([ConceptRow("a b c d e f g h i", "Something", Difficulty.EASY)], "too_long"),
        ([ConceptRow("Views <script>x</script>", "Something", Difficulty.EASY)], "unsafe"),
        ([ConceptRow("Views", "Something", Difficulty.EASY, "con_9")], "has the id con_9, which the map does not have"),
        ([ConceptRow("Views", "a", Difficulty.EASY), ConceptRow("VIEWS", "b", Difficulty.EASY)], "concept 2 ('VIEWS')"),
        ([ConceptRow("outer joins", "a", Difficulty.EASY)], "is there twice"),
        ([*rows_of([JOINS]), ConceptRow("Views", "a", Difficulty.EASY, "con_1")], "is there twice"),
    ],
)
def test_a_map_with_a_fault_is_refused_with_its_line(rows: list[ConceptRow], reason: str) -> None:
    with pytest.raises(BadMap) as refused:
        edited((JOINS, NULLS), rows, NOON)
    assert reason in str(refused.value)


def test_retiring_what_is_not_there_is_refused() -> None:
    with pytest.raises(BadMap, match="no concept con_9"):
        retired((JOINS,), "con_9")
