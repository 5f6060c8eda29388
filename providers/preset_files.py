"""The provider files that come with Retake, and one file made of several of them.

They are put together as text, so that the comments, which say what is to be set and changed, come along.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent / "presets"

_PARTS = re.compile(
    r"(?P<comments>(?:#.*\n)+)\n(?P<settings>.*?)vendors:\n(?P<vendors>.*?)chain: \[(?P<chain>.*?)\]\n(?P<limits>.*)",
    re.DOTALL,
)
_REFERENCE = re.compile(r"\$\{(\w+)\}")


class PresetError(ValueError):
    """A preset that there is not, or several that do not go together."""


class _Preset(msgspec.Struct, frozen=True):
    """A file taken apart; what stands before and behind vendors and chain is taken from the first of several."""

    comments: str
    settings: str
    vendors: str
    chain: str
    limits: str

    @property
    def names(self) -> list[str]:
        return self.chain.split(", ")


def presets() -> dict[str, str]:
    """Every preset by its name, with the first line of its comments."""
    return {path.stem: path.read_text().split("\n", 1)[0].removeprefix("# ") for path in sorted(FOLDER.glob("*.yaml"))}


def provider_file(names: Sequence[str]) -> str:
    """The file of one preset, or of several: their vendors one after the other. Raises PresetError."""
    known = presets()
    if missing := [name for name in names if name not in known]:
        raise PresetError(f"there is no preset called {', '.join(missing)}; there are {', '.join(known)}")
    texts = [(FOLDER / f"{name}.yaml").read_text() for name in names]
    return texts[0] if len(texts) == 1 else _joined([_taken_apart(text) for text in texts])


def environment_of(text: str) -> list[str]:
    """The variables that a file takes its keys from."""
    return list(dict.fromkeys(_REFERENCE.findall(text)))


def _joined(parts: Sequence[_Preset]) -> str:
    names = [name for part in parts for name in part.names]
    if twice := _twice(names):
        raise PresetError(f"these presets do not go together: more than one has a vendor called {', '.join(twice)}")
    first = parts[0]
    comments = "#\n".join(part.comments for part in parts)
    vendors = "".join(part.vendors for part in parts)
    return f"{comments}\n{first.settings}vendors:\n{vendors}chain: [{', '.join(names)}]\n{first.limits}"


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _taken_apart(text: str) -> _Preset:
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise PresetError("a preset has another shape than comments, settings, vendors, chain and limits")
    return _Preset(**parts.groupdict())
