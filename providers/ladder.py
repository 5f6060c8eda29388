"""How strictly a vendor can be held to the form of the answer: learned by going down when it refuses."""

from collections.abc import Sequence
from enum import StrEnum


class Rung(StrEnum):
    """From the strictest form to none at all; the prompt carries the schema, and the rules check, on every one."""

    JSON_SCHEMA = "json_schema"
    TOOL = "tool"
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"


class Ladder:
    """The rungs one vendor may stand on; it keeps what it has learned until the configuration changes."""

    def __init__(self, rungs: Sequence[Rung] = tuple(Rung)) -> None:
        self._rungs = tuple(rungs)
        self._place = 0

    @property
    def rung(self) -> Rung:
        """Where the vendor stands."""
        return self._rungs[self._place]

    def refused(self, rung: Rung) -> bool:
        """Note that the vendor cannot do `rung`; tells whether another one is left to ask on.

        Of parallel requests that were refused on the same rung only the first goes down.
        """
        if rung is not self.rung:
            return True
        if self._place + 1 == len(self._rungs):
            return False
        self._place += 1
        return True
