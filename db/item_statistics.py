"""The archive as item statistics need it: streamed, of one mode, and of one platform where one is named."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from assessment.item_statistics import GroupReport, ItemStatistics
from assessment.models import AnsweredQuestion, Mode, Provenance
from db.engine import LOST, RetakeEngine
from db.sql import fetch, fetch_one, numbered

BATCH = 200  # attempts fetched at a time: about 2 MB

ATTEMPTS = """
    SELECT a.questions, a.provenance FROM attempt a JOIN verification v ON v.id = a.verification
    WHERE v.mode = {} AND v.platform = coalesce({}::int, v.platform)
        AND a.submitted_at >= now() - make_interval(secs => {})
"""

# Two items with the same options and the same key may still have different stems: these are candidates.
CHOICES = """
    WITH asked AS (
        SELECT v.student, a.submitted_at, a.provenance, q AS question,
            q ->> 'skill_id' AS skill_id, q -> 'options' ->> (q ->> 'key')::int AS key,
            (SELECT array_agg(o ORDER BY o) FROM jsonb_array_elements_text(q -> 'options') o) AS options
        FROM attempt a JOIN verification v ON v.id = a.verification, jsonb_array_elements(a.questions) q
        WHERE v.mode = {} AND v.platform = coalesce({}::int, v.platform)
            AND a.submitted_at >= now() - make_interval(secs => {})
    ), repeated AS (
        SELECT skill_id, key, options FROM asked GROUP BY 1, 2, 3 HAVING count(DISTINCT student) >= {}
    )
    SELECT student, question, provenance FROM asked JOIN repeated USING (skill_id, key, options)
    ORDER BY submitted_at
"""

_QUESTIONS = msgspec.json.Decoder(tuple[AnsweredQuestion, ...])
_QUESTION = msgspec.json.Decoder(AnsweredQuestion)
_PROVENANCE = msgspec.json.Decoder(Provenance)


class UnknownPlatform(LookupError):
    """No platform has this name."""


async def item_statistics(
    engine: RetakeEngine, mode: Mode, platform: str | None, seconds: float, min_answers: int
) -> tuple[GroupReport, ...]:
    """Judge the items of the attempts submitted in the last `seconds`.

    Raises UnknownPlatform, and ServiceUnavailable when the database goes away.
    """
    platform_id = await _platform_id(platform)
    found = ItemStatistics(min_answers)
    async with engine.unhurried_transaction():
        # both queries have to see one archive; the setting has to come before the first of them
        await fetch("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        async for row in _streamed(engine, ATTEMPTS, mode.value, platform_id, seconds):
            found.add(_QUESTIONS.decode(row["questions"]), _PROVENANCE.decode(row["provenance"]))
        async for row in _streamed(engine, CHOICES, mode.value, platform_id, seconds, min_answers):
            question, provenance = _QUESTION.decode(row["question"]), _PROVENANCE.decode(row["provenance"])
            found.add_choice(row["student"], question, provenance)
    return found.report()


async def _platform_id(name: str | None) -> int | None:
    if name is None:
        return None
    row = await fetch_one("SELECT id FROM platform WHERE name = {}", name)
    if row is None:
        raise UnknownPlatform(name)
    found: int = row["id"]
    return found


async def _streamed(engine: RetakeEngine, statement: str, *values: Any) -> AsyncIterator[Any]:
    """The rows of a statement in the current transaction, a batch at a time."""
    transaction = engine.current_transaction.get()
    assert transaction is not None  # a cursor lives in one
    try:
        async for row in transaction.connection.cursor(numbered(statement), *values, prefetch=BATCH):
            yield row
    except LOST as error:
        engine.raise_translated(error)
        raise
