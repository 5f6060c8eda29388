"""Use case of the workers: have it written what a skill consists of."""

from assessment.concepts.editing import extended
from assessment.concepts.writing import ConceptWriter, MapBrief
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import MapKey, Mode, Skill
from assessment.ports import ConceptMaps

ASKED = 60  # concepts asked of each writer: two of them fill a map


async def map_skill(
    *,
    key: MapKey,
    name: str,
    again: bool,
    is_last_try: bool,
    deadline: Deadline,
    maps: ConceptMaps,
    writer: ConceptWriter,
) -> None:
    """Write a map where there is none, or, `again`, extend one that is there; nothing that is in it changes.

    No transaction is open while it is written. Raises GenerationFailed when nobody could say, so that it is tried
    again; after the last try, and in test mode, where the sandbox will never know, the map is empty.
    """
    held = await maps.newest(key)
    if held is not None and held.concepts and not again:
        return
    known = tuple(concept.name for concept in held.concepts) if held else ()
    skill = Skill(key.skill_id, name)
    written = await writer.write_map(MapBrief(key.mode, skill, key.language, ASKED, known), deadline)
    if not written and key.mode is Mode.LIVE and not is_last_try:
        raise GenerationFailed
    await maps.change(key, lambda concepts: extended(concepts, written, skill=name, language=key.language))
