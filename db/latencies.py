"""What was learned about the vendors' pace, kept over restarts."""

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec
import structlog

from db.engine import RetakeEngine
from db.sql import fetch, to_json

Learned = TypeVar("Learned", bound=msgspec.Struct)

log = structlog.get_logger(__name__)


class PostgresLatencyStore(Generic[Learned]):
    """One row per vendor; `kind` is what a row holds. Of several processes, the one that saves last wins."""

    def __init__(self, engine: RetakeEngine, kind: type[Learned]) -> None:
        self._engine = engine
        self._kind = kind

    async def load(self) -> dict[str, Learned]:
        """Give what was saved last; what another version saved in another shape counts as unknown."""
        rows = await fetch(self._engine, "SELECT vendor, learned FROM vendor_latency")
        known = {}
        for row in rows:
            try:
                known[row["vendor"]] = msgspec.json.decode(row["learned"], type=self._kind)
            except msgspec.ValidationError:
                log.warning("latency_not_understood", vendor=row["vendor"])
        return known

    async def save(self, learned: Mapping[str, Learned]) -> None:
        """Keep what is known now; in the order of the keys, so that two processes do not wait for each other."""
        rows = [{"vendor": vendor, "learned": known} for vendor, known in sorted(learned.items())]
        await fetch(
            self._engine,
            """
            INSERT INTO vendor_latency (vendor, learned, saved_at)
            SELECT vendor, learned, clock_timestamp()
            FROM jsonb_to_recordset({}::jsonb) AS r (vendor text, learned jsonb)
            ON CONFLICT (vendor) DO UPDATE SET learned = excluded.learned, saved_at = excluded.saved_at
            """,
            to_json(rows),
        )
