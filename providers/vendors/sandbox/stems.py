"""From an item template to a stem: the student's own words are cleaned and cut before they are put in."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from assessment.items.text import fold
from assessment.models import Skill, Slot, SourceItem, SourceKind

MAX_TITLE_CHARACTERS = 80
MAX_SKILL_CHARACTERS = 60
SETTING_END = ","  # every template goes on with a comma after its setting

_PLACEHOLDER = re.compile(r"\{(setting|skill)\}")
_SETTINGS = {
    SourceKind.PROJECT: "In your project “{}”",
    SourceKind.EXPERIENCE: "In your work as {}",
    SourceKind.CERTIFICATE: "Building on your certificate “{}”",
}
_UNTITLED = {
    SourceKind.PROJECT: "In your project",
    SourceKind.EXPERIENCE: "In your work",
    SourceKind.CERTIFICATE: "Building on your certificate",
}


def fill(template: str, slot: Slot) -> str:
    """Put a slot's source and skill into a template's `{setting}` and `{skill}`."""
    words = {"setting": _setting(slot.source), "skill": _skill_name(slot.skill)}
    return _PLACEHOLDER.sub(lambda match: words[match[1]], template)


def again(stem: str, lap: int) -> str:
    """Mark a stem that comes again; the first time it comes as it is."""
    return stem if lap == 1 else f"[Again, {lap}] {stem}"


def may_repeat(stem: str) -> bool:
    """Tell whether a stem is marked as a sample, or as one that comes again; only test mode may show such."""
    return stem.startswith(("[Again, ", "[Sample] "))


class SeenStems:
    """The stems that must not come again, compared as options are: without regard to case and white space."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._stems = frozenset(fold(stem) for stem in stems)
        self._endings = frozenset(
            stem[index:] for stem in self._stems for index, character in enumerate(stem) if character == SETTING_END
        )

    def __contains__(self, stem: str) -> bool:
        return fold(stem) in self._stems

    def in_any_setting(self, template: str, skill: Skill) -> bool:
        """Tell whether a template was already shown, with whatever source it was filled."""
        return _question(template, _skill_name(skill)) in self._endings


def _setting(source: SourceItem) -> str:
    title = _clean(source.title, MAX_TITLE_CHARACTERS)
    return _SETTINGS[source.kind].format(title) if title else _UNTITLED[source.kind]


@lru_cache(maxsize=4096)
def _question(template: str, skill_name: str) -> str:
    """What follows the setting, in the form in which stems are compared."""
    return fold(template.rpartition("{setting}")[2].replace("{skill}", skill_name))


def _skill_name(skill: Skill) -> str:
    return _clean(skill.name, MAX_SKILL_CHARACTERS) or "this skill"


def _clean(text: str, limit: int) -> str:
    """Drop everything invisible (controls, surrogates, direction marks), collapse white space, cut to `limit`."""
    visible = text if text.isprintable() else "".join(map(_visible, text))
    words = " ".join(visible.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    return " " if unicodedata.category(character)[0] == "C" else character
