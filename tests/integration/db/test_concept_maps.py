"""Maps of concepts: versioned, a platform's own before the shared one, live and test apart, changed in turn."""

import asyncio
from uuid import uuid4

import msgspec
import pytest

from assessment.models import Concept, Difficulty, MapKey, Mode, Origin, OriginKind
from db.concept_maps import PostgresConceptMaps
from db.engine import RetakeEngine
from tests.journey import Journey
from tests.rows import fetch, fetch_one

BANK = Origin(OriginKind.BANK)


def concept(number: int) -> Concept:
    return Concept(f"con_{number}", f"Concept {number}", f"What {number} does", Difficulty.EASY, BANK)


@pytest.fixture
def maps(engine: RetakeEngine) -> PostgresConceptMaps:
    return PostgresConceptMaps(engine)


@pytest.fixture
def key() -> MapKey:
    return MapKey(Mode.LIVE, None, f"skill-{uuid4().hex}", "en")


@pytest.fixture
async def platform_id(journey: Journey) -> int:
    await journey.verify()
    row = await fetch_one("SELECT platform FROM verification WHERE id = {}", journey.verification_id)
    assert row is not None
    found: int = row["platform"]
    return found


async def test_every_change_is_a_version_and_none_is_no_version(maps: PostgresConceptMaps, key: MapKey) -> None:
    assert await maps.newest(key) is None
    for number in (1, 2):
        changed = await maps.change(key, lambda held, number=number: (*held, concept(number)))  # type: ignore[misc]  # bound at once
        assert changed is not None
        assert changed.version == number
    same = await maps.change(key, lambda held: held)
    assert same == await maps.newest(key)
    assert same is not None
    assert (same.version, same.concepts) == (2, (concept(1), concept(2)))
    kept = await fetch("SELECT version FROM concept_map WHERE skill_id = {} ORDER BY 1", key.skill_id)
    assert [row["version"] for row in kept] == [1, 2]


async def test_changes_at_the_same_time_lose_nothing(maps: PostgresConceptMaps, key: MapKey) -> None:
    async def add(number: int) -> None:
        await maps.change(key, lambda held: (*held, concept(number)))

    await asyncio.gather(*map(add, range(8)))
    newest = await maps.newest(key)
    assert newest is not None
    assert {it.concept_id for it in newest.concepts} == {f"con_{number}" for number in range(8)}
    assert newest.version == 8


async def test_what_a_decision_raises_leaves_the_map_as_it_was(maps: PostgresConceptMaps, key: MapKey) -> None:
    def refuse(held: tuple[Concept, ...]) -> tuple[Concept, ...]:
        raise ValueError(held)

    with pytest.raises(ValueError, match=r"\(\)"):
        await maps.change(key, refuse)
    assert await maps.newest(key) is None


async def test_a_platforms_own_map_comes_before_the_shared_one_and_is_seen_by_nobody_else(
    maps: PostgresConceptMaps, key: MapKey, platform_id: int
) -> None:
    own = msgspec.structs.replace(key, platform_id=platform_id)
    await maps.change(key, lambda _: (concept(1),))
    shared = await maps.of_skills(platform_id, Mode.LIVE, [key.skill_id], "en")
    await maps.change(own, lambda _: (concept(2),))
    await maps.change(own, lambda _: (concept(3),))
    for number, asked_by, mode, language in (
        (3, platform_id, Mode.LIVE, "en"),
        (1, platform_id + 1_000_000, Mode.LIVE, "en"),
        (None, platform_id, Mode.TEST, "en"),
        (None, platform_id, Mode.LIVE, "de"),
    ):
        found = await maps.of_skills(asked_by, mode, [key.skill_id, "another"], language)
        assert [it.concepts for it in found] == ([(concept(number),)] if number else [])
    assert [it.concepts for it in shared] == [(concept(1),)]


async def test_the_shared_map_says_nothing_of_a_skill_that_a_platform_named_itself(
    maps: PostgresConceptMaps, key: MapKey, platform_id: int
) -> None:
    await maps.change(key, lambda _: (concept(1),))
    await fetch("INSERT INTO skill (platform, skill_id, name) VALUES ({}, {}, 'Own')", platform_id, key.skill_id)
    assert await maps.of_skills(platform_id, Mode.LIVE, [key.skill_id], "en") == ()
    assert len(await maps.of_skills(platform_id + 1_000_000, Mode.LIVE, [key.skill_id], "en")) == 1
