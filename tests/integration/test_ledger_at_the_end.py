"""A set that is abandoned because the server ends is on record: what the vendors may bill is in the ledger."""

import asyncio
import sys
from pathlib import Path

from piccolo_conf import DB
from tests.integration.live_server import live_deployment
from tests.server_process import environment_of
from tests.waiting import until

# The application as it runs, told to end while a set is written; a server waits a hundred seconds before it does that.
ENDING = """
import asyncio, sys
from api.app import create_app
from assessment.deadline import Deadline, SystemClock
from tests.unit.providers.fakes import brief

async def main():
    app = create_app()
    async with app.lifespan():
        writing = asyncio.create_task(app.state.vendors.current.writer.write(brief(), Deadline(SystemClock(), 60.0)))
        await asyncio.to_thread(sys.stdin.readline)
    await asyncio.wait({writing}, timeout=5)

asyncio.run(main())
"""


async def test_attempts_that_the_end_of_the_server_cuts_off_are_in_the_ledger(app: object, tmp_path: Path) -> None:
    async with live_deployment(DB, tmp_path / "providers.yaml") as live:
        live.first.reset("hang")
        environment = environment_of(live.environment)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ENDING, env=environment, stdin=asyncio.subprocess.PIPE
        )
        await until(lambda: live.first.calls == 2, seconds=60)
        async with asyncio.timeout(60):
            await process.communicate(b"end\n")
        rows = await live.deployment.rows("SELECT vendor, outcome FROM vendor_attempt")
    assert [(row["vendor"], row["outcome"]) for row in rows] == [("first", "abandoned")] * 2
