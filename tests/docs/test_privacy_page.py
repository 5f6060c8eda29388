"""docs/privacy.md has a row for every table there is."""

import re
from pathlib import Path

from db.tables import TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()


def test_every_table_has_its_row() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([\w.]+)`", row.split("|")[1])}
    assert named == {table._meta.tablename for table in TABLES} | {"jobs.pgqueuer", "migration"}
