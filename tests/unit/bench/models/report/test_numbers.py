import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.models.figures import Measured
from bench.models.report import numbers

MINUS, SPACE = "\N{MINUS SIGN}", numbers.NO_BREAK


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (0.9312, "share", "93.1%"),
        (0.0, "share", "0.0%"),
        (-0.02, "share", f"{MINUS}2.0%"),
        (-0.0001, "share", "0.0%"),
        (12.345, "seconds", f"12.3{SPACE}s"),
        (0.00062, "usd", "$0.00062"),
        (0.5, "usd", "$0.50"),
        (1234.5, "usd", "$1,234.50"),
        (0.0, "usd", "$0.00"),
        (-0.0004, "usd", f"{MINUS}$0.00040"),
        (431.2, "count", "431"),
        (7.689, "count", "7.69"),
        (12345.0, "count", "12,345"),
        (8.44, "grade", "8.4"),
        (0.0312, "p", "0.031"),
        (0.0002, "p", "< 0.001"),
        (None, "usd", numbers.UNKNOWN),
        (math.nan, "count", numbers.UNKNOWN),
        (math.inf, "usd", numbers.UNKNOWN),
    ],
)
def test_a_figure_is_said_in_its_unit(figure: float | None, unit: str, text: str) -> None:
    assert numbers.value(figure, unit) == text


@pytest.mark.parametrize(
    ("estimate", "unit", "text"),
    [
        (Measured(0.9, 0.85, 0.95, 100), "share", "85.0 to 95.0%"),
        (Measured(0.004, 0.0038, 0.0043, 100), "usd", "$0.0038 to 0.0043"),
        (Measured(0.9), "share", ""),
        (Measured(None), "share", ""),
    ],
)
def test_an_interval_names_its_unit_once(estimate: Measured, unit: str, text: str) -> None:
    assert numbers.interval(estimate, unit) == text


def test_a_difference_of_shares_is_said_in_signed_points() -> None:
    said = numbers.difference(Measured(-0.031, -0.05, 0.012, 40), "share")
    assert said == (f"{MINUS}3.1 points", f"{MINUS}5.0 to +1.2 points")


def test_a_difference_of_nothing_has_no_sign() -> None:
    assert numbers.difference(Measured(0.0), "seconds") == (f"0.0{SPACE}s", "")


@given(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["share", "seconds", "usd", "count", "grade", "p"])
)
def test_every_number_can_be_said(figure: float, unit: str) -> None:
    assert numbers.value(figure, unit)
    assert numbers.difference(Measured(figure, figure, figure, 1), unit)[0]
    numbers.interval(Measured(figure, figure, figure, 1), unit)
