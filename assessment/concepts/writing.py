"""What is asked of whoever writes a map, and who that is."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from assessment.concepts.cleaning import ConceptDraft
from assessment.deadline import Deadline
from assessment.models import Mode, Origin, Skill


class MapBrief(msgspec.Struct, frozen=True):
    """An order for so many concepts of a skill, beside those that its map `holds` already, by name."""

    mode: Mode
    skill: Skill
    language: str
    count: int
    holds: tuple[str, ...] = ()


class ConceptWriter(Protocol):
    """Says what skills consist of."""

    async def write_map(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:
        """Give what was written, cleaned, and where each concept comes from; nothing where nobody could say."""
