"""What real wires were seen to do, replayed over HTTP: each case alone, and before a sound vendor."""

import pytest

from bench.chaos.plan import Scale
from bench.chaos.wire import run
from fakes.wire_cases import CASES, load

SCALE = Scale(1 / 15)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def _alone(name: str) -> object:
    case = load(name)
    return pytest.param(name, marks=() if case.held else pytest.mark.xfail(strict=True, reason=case.because))


@pytest.mark.parametrize("name", [_alone(name) for name in CASES])
async def test_a_case_alone_comes_to_what_its_file_says(name: str) -> None:
    case = load(name)
    result = await run(case, SCALE, alone=True)
    assert result.keeps_to(case, alone=True), result


@pytest.mark.parametrize("name", CASES)
async def test_a_case_before_a_sound_vendor_costs_no_set(name: str) -> None:
    case = load(name)
    result = await run(case, SCALE, alone=False)
    assert result.keeps_to(case, alone=False), result


@pytest.mark.parametrize("name", CASES)
def test_a_case_that_is_not_held_says_why(name: str) -> None:
    case = load(name)
    assert case.held == (not case.because)
