"""The limits an operator sets, and what the open files of a user allow of them."""

import pytest

from api.settings import SettingsError
from serving.limits import VARIABLES, Limits, limits_from, within_files


def test_every_limit_can_be_set() -> None:
    assert set(VARIABLES.values()) == set(Limits.__struct_fields__)
    limits = limits_from(dict.fromkeys(VARIABLES, "7"))
    assert limits == Limits(7.0, 7.0, 7.0, 7, 7)
    assert limits_from({"RETAKE_HEAD_SECONDS": "0.5", "RETAKE_MAX_CONNECTIONS": ""}) == Limits(head_seconds=0.5)


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("value", ["0", "-1", "many", "nan", "1e"])
def test_a_limit_that_is_none_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} must be a number above 0"):
        limits_from({variable: value})


@pytest.mark.parametrize(("files", "connections"), [(20_000, 4096), (1024, 768), (256, 128), (4352, 4096)])
def test_some_files_are_kept_for_ourselves(files: int, connections: int) -> None:
    assert within_files(Limits(), files).connections == connections
