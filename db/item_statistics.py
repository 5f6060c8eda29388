"""The archive as item statistics need it: streamed, of one mode, and of one platform where one is named."""

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import msgspec

from assessment.models import Mode, Provenance
from assessment.scoring.statistics import GroupReport, ItemStatistics, JudgedAnswer
from db.engine import LOST, RetakeEngine
from db.platforms import platform_id_of
from db.sql import fetch, numbered

BATCH = 200  # attempts fetched at a time: about 2 MB

ATTEMPTS = """
    SELECT v.student, a.questions, a.provenance FROM attempt a JOIN verification v ON v.id = a.verification
    WHERE v.mode = {} AND v.platform = coalesce({}::int, v.platform)
        AND a.submitted_at >= now() - make_interval(secs => {})
    ORDER BY a.submitted_at
"""
# One way to read an archive needs neither memory nor disk, however large it is: along the index over time, with each
# verification by its key. Sorting and hashing a year of it would fill gigabytes.
NEITHER_SORTED_NOR_HASHED = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
        set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
"""

_ANSWERS = msgspec.json.Decoder(tuple[JudgedAnswer, ...])


async def item_statistics(
    engine: RetakeEngine, *, mode: Mode, platform: str | None, seconds: float, min_answers: int
) -> tuple[GroupReport, ...]:
    """Judge the items of the attempts submitted in the last `seconds`.

    Raises UnknownPlatform, and ServiceUnavailable when the database goes away.
    """
    platform_id = None if platform is None else await platform_id_of(engine, platform)
    found = ItemStatistics(min_answers)
    async with engine.unhurried_transaction():
        # both readings have to see one archive; the setting has to come before the first of them
        await fetch(engine, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await fetch(engine, NEITHER_SORTED_NOR_HASHED)
        sought = (mode.value, platform_id, seconds)
        async for row in _streamed(engine, ATTEMPTS, *sought):
            found.add(_ANSWERS.decode(row["questions"]), _provenance(row["provenance"]))
        if found.has_repeats:
            async for row in _streamed(engine, ATTEMPTS, *sought):
                answers = _ANSWERS.decode(row["questions"])
                found.add_choices(row["student"], answers, _provenance(row["provenance"]))
    return found.report()


@lru_cache(maxsize=1024)
def _provenance(text: str) -> Provenance:
    return msgspec.json.decode(text, type=Provenance)


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
