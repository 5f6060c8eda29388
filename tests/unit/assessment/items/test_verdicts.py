"""Options that begin with a verdict, in every language with a table."""

import pytest

from assessment.items.verdicts import majority, verdict, verdicts


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ("It is right, because the seat takes the load", True),
        ("It is not right, because the seat presses", False),
        ("Incorrect: the credit belongs in liabilities", False),
        ("The query is right, because NULL is skipped", True),
        ("It fails, because state arrays are frozen", False),
        ("It is unsafe since the compiler trusts the guard", False),
        ("Yes", True),
        ("No, the rope is too thin", False),
        ("The amount is right, but the sides should be swapped", False),
        ("No number of rows, as windowed tables lose their role", None),
        ("A right join of both tables", None),
        ("The right valve", None),
        ("It gives no rows, because a NULL stands in the list", None),
        ("Fine sand and coarse gravel", None),
        ("The colleague who looked after the garden was right, since it rained", None),
    ],
)
def test_a_verdict_is_read_from_how_an_option_begins(
    option: str, found: bool | None
) -> None:  # a parameter of the test
    assert verdict(option, "en") is found


@pytest.mark.parametrize(
    ("language", "sound", "faulty"),
    [
        ("de", "Das ist richtig, weil die Dichtung neu ist", "Falsch: Die Dichtung ist alt"),
        ("fr", "C'est correct, car le joint est neuf", "Faux : le joint est usé"),
        ("es", "Es correcto, porque la junta es nueva", "Incorrecto: la junta es vieja"),
    ],
)
def test_other_languages_have_verdicts_too(language: str, sound: str, faulty: str) -> None:
    assert (verdict(sound, language), verdict(faulty, language)) == (True, False)


def test_a_language_without_a_table_has_none() -> None:
    assert verdict("Right, because it is new", "pl") is None


def test_three_options_with_a_verdict_ask_for_one() -> None:
    three = ("It is right, as it fits", "It is wrong, as it is old", "It is wrong, as it is wet", "The seal leaks")
    assert verdicts(three, "en") == (True, False, False, None)
    assert verdicts((*three[:2], *three[3:], "The pump is old"), "en") == ()


def test_the_majority_is_the_verdict_of_more_options() -> None:
    assert majority((True, False, False, None)) is False
    assert majority((True, True, False, True)) is True
    assert majority((True, False, False, True)) is None
