"""A skill that is stored for the first time gets its map in the background; `retake skills map write` extends it."""

from collections.abc import Mapping
from uuid import uuid4

import msgspec
import pytest

from assessment.concepts.cleaning import ConceptDraft
from assessment.concepts.writing import MapBrief
from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.models import Concept, Difficulty, MapKey, Mode, Origin, OriginKind
from assessment.use_cases.map_skill import map_skill
from db.concept_maps import PostgresConceptMaps, ask_for_maps
from db.engine import RetakeEngine
from tests.journey import Journey
from tests.rows import fetch
from tests.waiting import until

MODEL = Origin(OriginKind.MODEL, "openai/gpt-6-luna", "v3")
JOINS = ConceptDraft("Outer joins", "Which rows a left join keeps")
KEYS = ConceptDraft("Foreign keys", "Which delete of rows is refused")


class Scripted:
    """assessment.concepts.writing.ConceptWriter that names these."""

    def __init__(self, *drafts: ConceptDraft) -> None:
        self.drafts = drafts
        self.briefs: list[MapBrief] = []

    async def write_map(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:  # noqa: ARG002 - at once
        self.briefs.append(brief)
        return dict.fromkeys(self.drafts, MODEL)


@pytest.fixture
def key() -> MapKey:
    return MapKey(Mode.LIVE, None, f"skill-{uuid4().hex}", "en")


async def run(
    engine: RetakeEngine, key: MapKey, writer: Scripted, *, again: bool = False, is_last_try: bool = False
) -> tuple[Concept, ...]:
    maps = PostgresConceptMaps(engine)
    await map_skill(
        key=key,
        name="SQL",
        again=again,
        is_last_try=is_last_try,
        deadline=Deadline(SystemClock(), 10.0),
        maps=maps,
        writer=writer,
    )
    newest = await maps.newest(key)
    return newest.concepts if newest else ()


async def test_a_map_is_written_once_and_extended_when_that_is_asked_for(engine: RetakeEngine, key: MapKey) -> None:
    first = Scripted(JOINS)
    assert [it.name for it in await run(engine, key, first)] == ["Outer joins"]
    await run(engine, key, first)
    assert len(first.briefs) == 1
    more = Scripted(JOINS, KEYS)
    concepts = await run(engine, key, more, again=True)
    assert [(it.name, it.origin) for it in concepts] == [("Outer joins", MODEL), ("Foreign keys", MODEL)]
    assert more.briefs[0].holds == ("Outer joins",)


async def test_what_a_person_does_while_a_map_is_written_stays(engine: RetakeEngine, key: MapKey) -> None:
    by_hand = Concept("con_1", "Left and outer joins", "Mine", Difficulty.HARD, Origin(OriginKind.PERSON))

    class Slow(Scripted):
        async def write_map(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:
            await PostgresConceptMaps(engine).change(key, lambda held: (*held, by_hand))
            return await super().write_map(brief, deadline)

    concepts = await run(engine, key, Slow(JOINS, KEYS))
    assert concepts[0] == by_hand
    assert [it.name for it in concepts] == ["Left and outer joins", "Foreign keys"]


async def test_vendors_that_could_not_say_are_asked_again_and_leave_an_empty_map_at_last(
    engine: RetakeEngine, key: MapKey
) -> None:
    maps = PostgresConceptMaps(engine)
    with pytest.raises(GenerationFailed):
        await run(engine, key, Scripted())
    assert await maps.newest(key) is None
    assert await run(engine, key, Scripted(), is_last_try=True) == ()
    assert await maps.newest(key) is not None
    assert [it.name for it in await run(engine, key, Scripted(JOINS))] == ["Outer joins"]
    assert await run(engine, msgspec.structs.replace(key, mode=Mode.TEST), Scripted()) == ()


async def test_who_did_not_know_a_skill_is_asked_about_it_once_a_day(engine: RetakeEngine, key: MapKey) -> None:
    await fetch("INSERT INTO skill (skill_id, name, field) VALUES ({}, 'Nobody knows it', '')", key.skill_id)

    async def orders() -> int:
        await ask_for_maps(engine, 0, Mode.LIVE, [key.skill_id])
        waiting = "DELETE FROM jobs.pgqueuer WHERE entrypoint = 'map_skill' AND dedupe_key LIKE {} RETURNING 1"
        return len(await fetch(waiting, f"%{key.skill_id}"))

    async with engine.transaction():  # so that no worker takes it
        assert await orders() == 1
    await run(engine, key, Scripted(), is_last_try=True)
    assert await orders() == 0
    await fetch("UPDATE concept_map SET made_at = now() - interval '25 hours' WHERE skill_id = {}", key.skill_id)
    async with engine.transaction():
        assert await orders() == 1
    await run(engine, key, Scripted(JOINS))
    assert await orders() == 0


async def test_storing_skills_has_their_maps_written_in_the_background(engine: RetakeEngine, journey: Journey) -> None:
    own = f"own-{uuid4().hex}"
    await journey.verify()
    response = await journey.store_skills([{"skillId": "python"}, {"skillId": own, "name": "Python"}])
    response.raise_for_status()
    maps = PostgresConceptMaps(engine)

    async def has_map() -> bool:
        return await maps.newest(MapKey(Mode.TEST, None, "python", "en")) is not None

    await until(has_map)
    newest = await maps.newest(MapKey(Mode.TEST, None, "python", "en"))
    assert newest is not None
    assert len(newest.concepts) >= 36
    assert {it.origin.kind for it in newest.concepts} == {OriginKind.BANK}
    assert not await fetch("SELECT 1 FROM concept_map WHERE skill_id = {}", own), "a browser named it"
    assert not await fetch("SELECT 1 FROM jobs.pgqueuer WHERE dedupe_key LIKE {}", f"%{own}")

    (await journey.store_skills([{"skillId": "python"}])).raise_for_status()
    assert not await fetch("SELECT 1 FROM jobs.pgqueuer WHERE dedupe_key LIKE 'map_skill:%:python'")
