"""Maps of concepts on PostgreSQL: every version is kept, and a new one is made of the newest under a lock."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from assessment.models import Concept, ConceptMap, MapKey, Mode
from db.engine import RetakeEngine
from db.queue import JobKind, wake
from db.retry import in_transaction
from db.sql import fetch, fetch_one, to_json

SHARED = 0  # in place of a platform's id

_CONCEPTS = msgspec.json.Decoder(tuple[Concept, ...])

# Those of the newest version; of a map that a platform has made for itself and a shared one, its own. A skill that the
# platform has named itself may be something else than the shared one of this id.
OF_SKILLS = """
    SELECT DISTINCT ON (asked.skill_id) asked.skill_id, m.language, m.version, m.concepts
    FROM unnest({}::text[]) AS asked (skill_id) JOIN concept_map m
        ON m.skill_id = asked.skill_id AND m.mode = {} AND m.language = {} AND (m.platform IS NULL OR m.platform = {})
    WHERE m.platform IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM skill s WHERE s.platform = {} AND s.skill_id = asked.skill_id)
    ORDER BY asked.skill_id, m.platform NULLS LAST, m.version DESC
"""
# An empty map says that nobody knew, and is tried again after a day. In one order, so that those who ask for several at
# once do not wait for each other in a ring.
WITHOUT_MAP = """
    SELECT asked.skill_id, s.platform FROM unnest({}::text[]) AS asked (skill_id) CROSS JOIN LATERAL (
        (SELECT 0 AS rank, k.platform FROM skill k WHERE k.platform = {} AND k.skill_id = asked.skill_id LIMIT 1)
        UNION ALL
        (SELECT 1, NULL FROM skill k WHERE k.platform IS NULL AND k.skill_id = asked.skill_id LIMIT 1)
        ORDER BY rank LIMIT 1
    ) s WHERE NOT EXISTS (
        SELECT 1 FROM concept_map m
        WHERE m.skill_id = asked.skill_id AND m.mode = {} AND m.platform IS NOT DISTINCT FROM s.platform
            AND (m.concepts <> '[]' OR m.made_at > statement_timestamp() - interval '1 day')
    ) ORDER BY asked.skill_id
"""
NEWEST = """
    SELECT skill_id, language, version, concepts FROM concept_map
    WHERE skill_id = {} AND mode = {} AND platform IS NOT DISTINCT FROM {}::int AND language = {}
    ORDER BY version DESC LIMIT 1
"""


class MapOrder(msgspec.Struct, frozen=True):
    """A job's order for a map; platform 0 is that of nobody, so of the shared skill.

    Without a language the deployment's is meant. With `again` a map that is there is extended.
    """

    mode: Mode
    platform_id: int
    skill_id: str
    language: str = ""
    again: bool = False


class PostgresConceptMaps:
    """assessment.ports.ConceptMaps on PostgreSQL."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def newest(self, key: MapKey) -> ConceptMap | None:
        row = await fetch_one(self._engine, NEWEST, *_values(key))
        return _map(row) if row else None

    async def of_skills(
        self, platform_id: int, mode: Mode, skill_ids: Sequence[str], language: str
    ) -> tuple[ConceptMap, ...]:
        values = (list(skill_ids), mode.value, language, platform_id, platform_id)
        return tuple(_map(row) for row in await fetch(self._engine, OF_SKILLS, *values))

    async def change(
        self, key: MapKey, decide: Callable[[tuple[Concept, ...]], tuple[Concept, ...]]
    ) -> ConceptMap | None:
        async def work() -> ConceptMap | None:
            # a map that is not there yet has no row to lock
            await fetch(self._engine, "SELECT pg_advisory_xact_lock(hashtextextended({}, 0))", str(_values(key)))
            before = await self.newest(key)
            held = before.concepts if before else ()
            decided = decide(held)
            if before and decided == held and decided:
                return before
            version = before.version + 1 if before else 1
            await fetch(
                self._engine,
                """
                INSERT INTO concept_map (skill_id, mode, platform, language, version, concepts)
                VALUES ({}, {}, {}, {}, {}, {})
                """,
                *_values(key),
                version,
                to_json(decided),
            )
            return ConceptMap(key.skill_id, key.language, version, decided)

        return await in_transaction(self._engine, work)


async def ask_for_maps(engine: RetakeEngine, platform_id: int, mode: Mode, skill_ids: Sequence[str]) -> None:
    """Have maps written, in the transaction that stores these skills, of those in the catalogue that have none.

    A skill that a session named belongs to its verification alone, and gets none: its name is a browser's.
    """
    for row in await fetch(engine, WITHOUT_MAP, list(skill_ids), platform_id, mode.value):
        await order_map(engine, MapOrder(mode, row["platform"] or SHARED, row["skill_id"]))


async def order_map(engine: RetakeEngine, order: MapOrder) -> None:
    """Have one written, once however often it is asked for."""
    key = f"{order.mode}:{order.platform_id}:{order.language}:{order.again}:{order.skill_id}"
    await wake(engine, JobKind.MAP_SKILL, key, order)


def _values(key: MapKey) -> tuple[str, str, int | None, str]:
    return key.skill_id, key.mode.value, key.platform_id, key.language


def _map(row: dict[str, Any]) -> ConceptMap:
    return ConceptMap(row["skill_id"], row["language"], row["version"], _CONCEPTS.decode(row["concepts"]))
