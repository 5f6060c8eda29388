"""The skill catalogue: shared skills that ship with the product, and what each platform names itself.

A name that comes with a session belongs to its verification alone: a student's browser sends it.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from assessment.models import Skill
from db.engine import RetakeEngine
from db.sql import fetch, to_json

CATALOGUE_FILE = Path(__file__).parent / "skill_catalogue.csv"


async def seed_catalogue(engine: RetakeEngine) -> None:
    """Bring the shared skills to what this version ships; skills that are gone from the file stay known."""
    with CATALOGUE_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    await fetch(
        engine,
        """
        INSERT INTO skill (skill_id, name, field)
        SELECT skill_id, name, field FROM jsonb_to_recordset({}::jsonb) AS s (skill_id text, name text, field text)
        ON CONFLICT (skill_id) WHERE platform IS NULL DO UPDATE SET name = excluded.name, field = excluded.field
        WHERE (skill.name, skill.field) IS DISTINCT FROM (excluded.name, excluded.field)
        """,
        to_json(rows),
    )


class Catalogue:
    """assessment.ports.SkillNames on PostgreSQL, and the search."""

    def __init__(self, engine: RetakeEngine) -> None:
        self._engine = engine

    async def names_of(self, platform_id: int, skill_ids: Sequence[str]) -> dict[str, str]:
        """Name those of the skills that the catalogue or this platform knows; the platform's own name comes first."""
        rows = await fetch(
            self._engine,
            """
            SELECT skill_id, name FROM skill WHERE skill_id = ANY({}) AND (platform IS NULL OR platform = {})
            ORDER BY platform NULLS FIRST
            """,
            list(skill_ids),
            platform_id,
        )
        return {row["skill_id"]: row["name"] for row in rows}  # of two, the later one

    async def name_own(self, platform_id: int, skill: Skill) -> None:
        """Name a skill for a platform alone, or rename it there; verifications keep the name they were given."""
        await fetch(
            self._engine,
            """
            INSERT INTO skill (platform, skill_id, name, field) VALUES ({}, {}, {}, '')
            ON CONFLICT (platform, skill_id) WHERE platform IS NOT NULL DO UPDATE SET name = excluded.name
            """,
            platform_id,
            skill.skill_id,
            skill.name,
        )

    async def search(self, keyword: str, *, limit: int, offset: int) -> list[Skill]:
        """Find shared skills whose name holds the keyword: whole names and beginnings first."""
        pattern = keyword.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = await fetch(
            self._engine,
            """
            SELECT skill_id, name FROM skill WHERE platform IS NULL AND name ILIKE {}
            ORDER BY lower(name) <> lower({}), name NOT ILIKE {}, lower(name), skill_id LIMIT {} OFFSET {}
            """,
            f"%{pattern}%",
            keyword,
            f"{pattern}%",
            limit,
            offset,
        )
        return [Skill(row["skill_id"], row["name"]) for row in rows]
