"""All processes are killed while sets are ordered and written ahead: after the restart every student gets a set."""

import asyncio
from pathlib import Path

from db.engine import RetakeEngine
from tests.integration.ahead.conftest import PLAIN
from tests.integration.deployment import client_of, deployed
from tests.server_process import serving
from tests.waiting import until

FILE = """
vendors: [{name: sandbox, model: sandbox}]
chain: [sandbox]
ahead: {}
"""
STUDENTS = 6
LONGEST_SECONDS = 0.12  # from the submit to its set


async def test_a_kill_between_the_submit_and_the_set_loses_neither(engine: RetakeEngine, tmp_path: Path) -> None:
    providers = tmp_path / "providers.yaml"
    providers.write_text(FILE)
    async with deployed(engine) as deployment:
        environment = {**deployment.environment, "RETAKE_PROVIDERS": str(providers)}
        async with serving(environment) as server, client_of(server) as client:
            students = [await deployment.journey(client).ready() for _ in range(STUDENTS)]
            submits = []
            for student in students:
                submits.append(asyncio.create_task(student.submit(right=0)))
                await asyncio.sleep(LONGEST_SECONDS / STUDENTS)
            server.kill()
            answered = await asyncio.gather(*submits, return_exceptions=True)
        async with serving(environment) as server, client_of(server) as client:
            for student, answer in zip(students, answered, strict=True):
                student.client = client
                if not (await student.state())["attempts"]:
                    assert isinstance(answer, Exception), "what was acknowledged is kept"
                    (await student.submit(right=0)).raise_for_status()

            async def all_are_prepared() -> bool:
                rows = await deployment.rows("SELECT verification FROM question_set WHERE state = 'prepared'")
                return len(rows) == STUDENTS

            await until(all_are_prepared, seconds=30.0)  # one that was begun goes to another worker after some seconds
            for student in students:
                (await student.retake(**PLAIN)).raise_for_status()
            rows = await deployment.rows("SELECT state FROM question_set")
            assert [row["state"] for row in rows] == ["active"] * STUDENTS
            events = await deployment.rows("SELECT event FROM ahead_event")
            assert sorted(row["event"] for row in events) == ["prepared"] * STUDENTS + ["taken"] * STUDENTS
