"""Kills web processes, workers and supervisors at random moments, checks what is left, and writes docs/kills.md."""

import argparse
import asyncio
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import httpx

from bench.kills import report
from bench.kills.receiver import Receiver, receiving
from bench.kills.stands import HITS, ONE_PROCESS, SUPERVISED, WORKER, Stand, Victim
from bench.kills.students import Seen, Student, lost_answers
from bench.kills.watch import Kill, Watch
from bench.page import facts
from bench.rows import print_rows
from bench.service.processes import Role, key
from db.embedded import EmbeddedServer

PAGE = Path(__file__).parent.parent.parent / "docs" / "kills.md"
HALVES = {"pair": (SUPERVISED, SUPERVISED), "mixed": (SUPERVISED, ONE_PROCESS, WORKER)}
PAUSES = (0.5, 1.6)  # seconds between two kills, at random
WEIGHTS = {Victim.WEB: 35, Victim.WORKER: 35, Victim.BOTH: 20, Victim.ALL: 10}
REQUEST_SECONDS = 100.0
READY_SECONDS = 90.0
LOOK_SECONDS = 0.1


class Run:
    """One run: what it has to do with, and what it has seen so far."""

    def __init__(self, arguments: argparse.Namespace, url: str, api_key: str, receiver: Receiver, watch: Watch) -> None:
        self.kills: list[Kill] = []
        self.victims: Counter[str] = Counter()
        self.seen = Seen()
        self.half: set[str] = set()
        self._students: int = arguments.students
        self._logs: Path | None = arguments.logs
        self._rng = Random(arguments.seed)  # noqa: S311  # repeatable on purpose, nothing secret
        self._url, self._api_key, self._receiver, self._watch = url, api_key, receiver, watch

    async def half_of(self, name: str, kills: int) -> None:
        """Kill so often in one of the two arrangements, while students go on."""
        stands = self._stands(name)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=REQUEST_SECONDS, limits=limits) as client:
            try:
                for stand in stands:
                    stand.start()
                await self._kill_beside_students(stands, client, kills)
                await self._watch.events()  # what is left is delivered by these
            finally:
                for stand in stands:
                    stand.stop()

    def _stands(self, name: str) -> list[Stand]:
        stands = []
        for number, command in enumerate(HALVES[name]):
            user = f"{name}_{number}"
            environment = {
                "RETAKE_DATABASE_URL": self._url.replace("//postgres:", f"//{user}:", 1),
                "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1",
                "RETAKE_VERIFY_PER_MINUTE": "1000000",
            }
            stands.append(Stand(user, command, environment, self._logs and self._logs / f"{user}.log"))
        return stands

    async def _kill_beside_students(self, stands: list[Stand], client: httpx.AsyncClient, kills: int) -> None:
        stop, self.seen.last_kill = asyncio.Event(), math.inf
        ports = [stand.port for stand in stands if stand.port]
        living = [asyncio.create_task(self._live(client, ports, stop)) for _ in range(self._students)]
        try:
            for _ in range(kills):
                await asyncio.sleep(self._rng.uniform(*PAUSES))
                await self._kill_one(stands, client)
                self.half |= await self._watch.half()
        finally:
            self.seen.last_kill = time.monotonic()
            stop.set()
            await asyncio.gather(*living)
        self.half |= await self._watch.half()

    async def _live(self, client: httpx.AsyncClient, ports: list[int], stop: asyncio.Event) -> None:
        while not stop.is_set():
            rng = Random(self._rng.random())  # noqa: S311  # as above
            await Student(client, ports, self._api_key, self._receiver.url, self._watch, self.seen, rng).live()

    async def _kill_one(self, stands: list[Stand], client: httpx.AsyncClient) -> None:
        choices = await self._choices(stands, client)
        ((stand, victim),) = self._rng.choices(choices, [WEIGHTS[victim] for _, victim in choices])
        at = time.time()
        roles = stand.kill(victim)
        self.kills.append(Kill(at, stand.name, roles))
        self.victims[victim if stand.command == SUPERVISED else f"retake {' '.join(stand.command)}"] += 1

    async def _choices(self, stands: list[Stand], client: httpx.AsyncClient) -> list[tuple[Stand, Victim]]:
        """Who may be hit: whoever is not just coming back. Raises TimeoutError when nobody does."""
        async with asyncio.timeout(READY_SECONDS):
            while True:
                ready = {stand: await self._ready_roles(stand, client) for stand in stands}
                found = [
                    (stand, victim) for stand in stands for victim in stand.victims if HITS[victim] <= ready[stand]
                ]
                if found:
                    return found
                await asyncio.sleep(LOOK_SECONDS)

    async def _ready_roles(self, stand: Stand, client: httpx.AsyncClient) -> frozenset[Role]:
        last = max((kill.at for kill in self.kills if kill.stand == stand.name and Role.JOBS in kill.roles), default=0)
        return await stand.ready_roles(stand.name in await self._watch.workers_since(last), client)

    async def outcome(self) -> report.Outcome:
        """Add it all up, when everything has ended."""
        stored, bodies = await self._watch.events(), self._receiver.bodies
        return report.Outcome(
            victims=self.victims,
            seen=self.seen,
            lost_answers=len(await lost_answers(self.seen, self._watch)),
            half=len(self.half),
            stored_events=len(stored),
            lost_events=len(stored - bodies.keys()),
            unknown_events=len(bodies.keys() - stored),
            two_bodies=sum(len(set(came)) > 1 for came in bodies.values()),
            repeated=sum(len(came) > 1 for came in bodies.values()),
            take_overs=await self._watch.take_overs(self.kills),
        )


def main() -> int:
    """Run it all; exits with 1 when a goal was missed."""
    arguments = _parser().parse_args()
    began = time.monotonic()
    found = asyncio.run(_run(arguments))
    goals = report.rows(found, arguments.kills)
    arguments.output.write_text(
        report.page(facts("bench.kills", began, students=f"{arguments.students} at once"), goals, found)
    )
    print_rows("Retake, killed", goals)
    return 0 if all(goal[3] for goal in goals) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="in both halves together")
    parser.add_argument("--students", type=int, default=12, help="at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, help="an existing folder for what the servers log")
    parser.add_argument("--output", type=Path, default=PAGE)
    return parser


async def _run(arguments: argparse.Namespace) -> report.Outcome:
    rng = Random(arguments.seed)  # noqa: S311  # repeatable on purpose, nothing secret
    async with _database() as url, asyncpg.create_pool(url, min_size=1, max_size=8) as database, receiving(rng) as hook:
        api_key = await asyncio.to_thread(key, {"RETAKE_DATABASE_URL": url}, "test")
        watch = Watch(database)
        await watch.begin([f"{name}_{number}" for name, commands in HALVES.items() for number in range(len(commands))])
        run = Run(arguments, url, api_key, hook, watch)
        first = arguments.kills // 2
        for name, kills in zip(HALVES, (first, arguments.kills - first), strict=True):
            await run.half_of(name, kills)
        return await run.outcome()


@asynccontextmanager
async def _database() -> AsyncIterator[str]:
    """A migrated database on a server that no kill reaches."""
    with tempfile.TemporaryDirectory(prefix="rtb-") as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        url = await asyncio.to_thread(server.uri)
        command = (sys.executable, "-m", "cli", "db", "upgrade")
        environment = {**os.environ, "RETAKE_DATABASE_URL": url}
        await asyncio.to_thread(subprocess.run, command, env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            yield url
        finally:
            await asyncio.to_thread(server.close)


if __name__ == "__main__":
    sys.exit(main())
