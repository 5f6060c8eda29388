"""What an item is judged against: the verification it belongs to, and the language it was asked for in."""

from collections.abc import Collection
from functools import cache, cached_property

import msgspec

from assessment.items.language import Language, language_of
from assessment.items.text import as_phrase, runs, words
from assessment.models import Brief

COPIED_WORDS = 6


class RuleContext(msgspec.Struct, frozen=True, dict=True):
    """The skills and sources an item may name; `own_text` is what the student wrote: titles, skill names, facts.

    `told` is what the writer was told by us.
    """

    skill_ids: Collection[str]
    source_ids: Collection[str]
    own_text: tuple[str, ...] = ()
    language_code: str = "en"
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, brief: Brief, told: tuple[str, ...] = ()) -> "RuleContext":
        """The context of an order, whose writer was told so much in fixed words."""
        sources = {slot.source.source_id: slot.source for slot in brief.slots}
        own_text = [
            text for source in sources.values() for text in (source.title, *(value for _, value in source.facts))
        ]
        return cls(
            skill_ids=frozenset(slot.skill.skill_id for slot in brief.slots),
            source_ids=frozenset(sources),
            own_text=tuple(own_text),
            language_code=brief.language,
            told=told,
        )

    @cached_property
    def language(self) -> Language:
        """The words of the language."""
        return language_of(self.language_code)

    @cached_property
    def own_runs(self) -> frozenset[tuple[str, ...]]:
        """Every six words in a row that the student wrote."""
        return frozenset().union(*(runs(words(text), COPIED_WORDS) for text in self.own_text))

    @cached_property
    def told_runs(self) -> frozenset[tuple[str, ...]]:
        """Every six words in a row that the writer was told."""
        return _runs_of(self.told)

    @cached_property
    def own_phrases(self) -> str:
        """All that the student wrote, so that whole words can be looked for in it (see as_phrase)."""
        return "\n".join(as_phrase(words(text)) for text in self.own_text)


@cache
def _runs_of(texts: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset().union(*(runs(words(text), COPIED_WORDS) for text in texts))
