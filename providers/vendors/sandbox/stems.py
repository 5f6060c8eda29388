"""From an item to a stem: the source stands in a line above it, the student's own words cleaned and cut."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from assessment.items.text import fold
from assessment.models import Skill, Slot, SourceItem, SourceKind
from providers.vendors.sandbox.bank import BankItem, goes_with

MAX_TITLE_CHARACTERS = 80
MAX_SKILL_CHARACTERS = 60
SAMPLE = "[Sample] "

_LABELS = {
    SourceKind.PROJECT: "Project",
    SourceKind.EXPERIENCE: "Work experience",
    SourceKind.CERTIFICATE: "Certificate",
}
# Where a question can begin in a stem: at once, behind a mark or a source's line, or behind the comma that ended the
# setting in release 0.1.0.
_BEGINNING = re.compile(r"^|\] |\n|, ")


def fill(item: BankItem, slot: Slot) -> str:
    """An item's stem, below a line that names the slot's source if the two go together."""
    mark = SAMPLE if item.stem.startswith(SAMPLE) else ""
    line = _line(slot.source) if goes_with(item, slot.source) else ""
    return f"{mark}{line}{_question(item.stem, slot.skill.name)}"


def again(stem: str, lap: int) -> str:
    """Mark a stem that comes again; the first time it comes as it is."""
    return stem if lap == 1 else f"[Again, {lap}] {stem}"


def may_repeat(stem: str) -> bool:
    """Tell whether a stem is marked as a sample, or as one that comes again; only test mode may show such."""
    return stem.startswith(("[Again, ", SAMPLE))


class SeenStems:
    """The stems that must not come again, compared as options are: without regard to case and white space."""

    def __init__(self, stems: Iterable[str]) -> None:
        seen = tuple(stems)
        self._stems = frozenset(map(fold, seen))
        self._questions = frozenset(
            fold(stem[beginning.end() :]) for stem in seen for beginning in _BEGINNING.finditer(stem)
        )

    def __contains__(self, stem: str) -> bool:
        return fold(stem) in self._stems

    def in_any_setting(self, item: BankItem, skill: Skill) -> bool:
        """Tell whether an item was already shown, in whatever source it was set."""
        return fold(_question(item.stem, skill.name)) in self._questions


def _line(source: SourceItem) -> str:
    title = _clean(source.title, MAX_TITLE_CHARACTERS)
    return f"{_LABELS[source.kind]} “{title}”\n" if title else ""


@lru_cache(maxsize=4096)
def _question(template: str, skill_name: str) -> str:
    name = _clean(skill_name, MAX_SKILL_CHARACTERS) or "this skill"
    return template.removeprefix(SAMPLE).replace("{skill}", name)


def _clean(text: str, limit: int) -> str:
    """Drop everything invisible (controls, surrogates, direction marks), collapse white space, cut to `limit`."""
    visible = text if text.isprintable() else "".join(map(_visible, text))
    words = " ".join(visible.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    return " " if unicodedata.category(character)[0] == "C" else character
