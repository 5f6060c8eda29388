"""A case as it stands in its file."""

from functools import cache
from pathlib import Path

import msgspec
import yaml

FOLDER = Path(__file__).parent / "cases"


class Wait(msgspec.Struct, forbid_unknown_fields=True):
    """Silence of so many seconds; repeated so often, with `saying` before each."""

    wait: float
    times: int = 1
    saying: str = ""


class Reply(msgspec.Struct, forbid_unknown_fields=True):
    """What is sent. The first reply of a case whose conditions hold is taken."""

    body: str | list[str | Wait] = ""
    status: int = 200
    headers: dict[str, str] = {}
    line_end: str = "\n"
    breaks_off: bool = False  # the connection, behind the body
    # conditions
    formats: list[str] | None = None  # of the request: json_schema, tools, json_object, text
    streams: bool | None = None
    calls: int | None = None  # so many calls, from the first on
    seconds: float | None = None  # so long from the first call on
    every_other: bool = False  # the first call, the third, and so on

    @property
    def steps(self) -> list[str | Wait]:
        """The body, piece by piece."""
        return [self.body] if isinstance(self.body, str) else self.body


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """Where it was seen, what is sent, and what has to come of it.

    `alone` are the questions of a set with this vendor alone; with a sound vendor behind it there are always ten.
    `outcomes` are some that the ledger has to have for this vendor when it is alone.
    """

    source: str
    sent: str
    replies: list[Reply]
    alone: int = 10
    outcomes: list[str] = []
    model: str = "openai/scripted"
    name: str = ""

    @property
    def is_anthropic(self) -> bool:
        """Whether it speaks Anthropic's dialect."""
        return self.model.startswith("anthropic/")


CASES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def load(name: str) -> Case:
    """Read a case. Raises msgspec.ValidationError when its file is wrong."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return msgspec.structs.replace(msgspec.convert(yaml.safe_load(text), Case), name=name)
