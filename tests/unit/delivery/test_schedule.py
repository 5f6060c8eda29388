"""What follows from a try."""

import msgspec
import pytest

from delivery.schedule import Settlement, Step, settlement
from delivery.sending import Outcome, delivered, failed, refused

TABLE = [
    (delivered(200), 0, Settlement(Step.DELIVERED)),
    (delivered(250), 3, Settlement(Step.DELIVERED)),
    (failed("answered 500"), 0, Settlement(Step.TRY_AGAIN, "answered 500", 5.0)),
    (failed("answered 500"), 1, Settlement(Step.TRY_AGAIN, "answered 500", 60.0)),
    (failed("answered 500"), 2, Settlement(Step.TRY_AGAIN, "answered 500", 600.0)),
    (failed("answered 500"), 3, Settlement(Step.UNDELIVERABLE, "answered 500")),
    (failed("answered 500"), 4, Settlement(Step.UNDELIVERABLE, "answered 500")),
    (refused("no"), 0, Settlement(Step.UNDELIVERABLE, "no")),
    (refused("no"), 3, Settlement(Step.UNDELIVERABLE, "no")),
]


@pytest.mark.parametrize(("outcome", "tries", "expected"), TABLE)
def test_settlement(outcome: Outcome, tries: int, expected: Settlement) -> None:
    assert settlement(outcome, tries) == msgspec.structs.replace(expected, status=outcome.status)
