"""`retake skills map`: taken out, edited and put back, in CSV and in JSON."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from piccolo_conf import DB
from tests.integration.deployment import Deployment, deployed
from tests.server_process import Finished, finished_retake, run_retake

NEW = "name,tests,level\nOuter joins,Which rows a left join keeps,easy\nWindow functions,Ranking rows,hard\n"


@pytest.fixture(scope="module")
async def deployment(app: object) -> AsyncIterator[Deployment]:
    async with deployed(DB) as deployment:
        yield deployment


async def run_map(deployment: Deployment, *arguments: str) -> str:
    return await run_retake("skills", "map", *arguments, environment=deployment.environment)


async def refused(deployment: Deployment, *arguments: str) -> Finished:
    finished = await finished_retake("skills", "map", *arguments, environment=deployment.environment)
    assert finished.code == 1, finished.stdout
    return finished


async def test_a_map_is_imported_shown_exported_edited_and_retired(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "sql.csv"
    file.write_text(NEW)
    assert await run_map(deployment, "import", "sql", str(file)) == "version 1, 2 concepts read\n"

    rows = list(csv.DictReader(io.StringIO(await run_map(deployment, "export", "sql"))))
    assert [(row["name"], row["level"], row["retired"]) for row in rows] == [
        ("Outer joins", "easy", "false"),
        ("Window functions", "hard", "false"),
    ]
    again = await run_map(deployment, "export", "sql", "--format", "json")
    file.write_text(again.replace("Outer joins", "Left joins"))
    assert await run_map(deployment, "import", "sql", str(file)) == "version 2, 2 concepts read\n"
    assert await run_map(deployment, "import", "sql", str(file)) == "version 2, 2 concepts read\n"

    assert await run_map(deployment, "retire", "sql", rows[1]["id"]) == f"{rows[1]['id']} is retired\n"
    shown = json.loads(await run_map(deployment, "show", "sql", "--json"))
    assert [(it["concept_id"], it["name"], it["is_retired"]) for it in shown] == [
        (rows[0]["id"], "Left joins", False),
        (rows[1]["id"], "Window functions", True),
    ]
    assert {it["origin"]["kind"] for it in shown} == {"person"}
    table = await run_map(deployment, "show", "sql")
    assert "sql, version 3" in table
    assert "person, retired" in table
    for other in (("--mode", "test"), ("--language", "de")):
        assert await run_map(deployment, "show", "sql", *other) == "there is no such map\n"


async def test_a_map_is_asked_of_a_worker(deployment: Deployment) -> None:
    asked = await run_map(deployment, "write", "react", "--mode", "test")
    assert asked == "asked for; a worker writes it\n"
    (job,) = await deployment.rows("SELECT * FROM jobs.pgqueuer WHERE dedupe_key LIKE 'map_skill:%:react'")
    assert json.loads(job["payload"]) == {
        "mode": "test",
        "platform_id": 0,
        "skill_id": "react",
        "language": "en",
        "again": True,
    }


async def test_what_cannot_be_taken_is_refused_with_a_reason(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    for content, reason in (
        ("name,tests,level\nJoins,,easy\n", "concept 1 ('Joins') cannot be taken"),
        ("name,tests,level\nJoins,Rows,simple\n", "the file cannot be read: Invalid enum value 'simple'"),
        ("name,tests,level\nJoins,Rows,easy,more\n", "a line has more fields"),
        ("title\nJoins\n", "the file cannot be read"),
    ):
        file.write_text(content)
        assert reason in (await refused(deployment, "import", "python", str(file))).stderr
    assert await run_map(deployment, "show", "python") == "there is no such map\n"
    assert "no skill has the id" in (await refused(deployment, "show", "no-such-skill")).stderr
    assert "no platform is named" in (await refused(deployment, "show", "sql", "--platform", "nobody")).stderr
    assert "no concept con_9" in (await refused(deployment, "retire", "python", "con_9")).stderr
