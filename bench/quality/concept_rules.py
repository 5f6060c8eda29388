"""How well the rules of concept maps find what was planted in a map, and what they say of clean ones."""

import msgspec

from assessment.concepts.cleaning import ConceptDraft, Fault, clean
from fakes.golden.concept_maps import PLANTED, GoldenMap, golden_maps

LANGUAGE = "en"


class ConceptFigures(msgspec.Struct, frozen=True):
    """Of one fault: concepts planted and found, concepts of clean maps and those that were dropped for it."""

    fault: Fault
    planted: int
    found: int
    clean: int
    alarms: int

    @property
    def recall(self) -> float:
        """Share of what was planted that was found."""
        return self.found / self.planted


def measure_concepts() -> list[ConceptFigures]:
    """Plant each faulty concept alone, behind a clean map."""
    maps = golden_maps()
    dropped = [it for golden in maps for it in clean(golden.concepts, golden.skill, LANGUAGE).dropped]
    concepts = sum(len(golden.concepts) for golden in maps)
    figures = []
    for fault, plantings in PLANTED.items():
        planted = [(golden, draft) for golden in maps for planting in plantings for draft in planting(golden)]
        found = sum(_is_dropped(golden, draft, fault) for golden, draft in planted)
        alarms = sum(it.fault is fault for it in dropped)
        figures.append(ConceptFigures(fault, len(planted), found, concepts, alarms))
    return figures


def _is_dropped(golden: GoldenMap, draft: ConceptDraft, fault: Fault) -> bool:
    """Tell whether it is dropped; a stray one for that reason alone, for any other could be chance."""
    faults = [it.fault for it in clean([*golden.concepts, draft], golden.skill, LANGUAGE).dropped if it.draft == draft]
    return faults == [fault] if fault is Fault.OFF_SUBJECT else bool(faults)
