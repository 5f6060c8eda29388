"""Marked secrets, and eyes on everything that leaves the service."""

import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Item, Provenance, WrittenSet
from tests.journey import Json

ROOMS = ("api", "assessment", "cli", "db", "delivery", "jobs", "providers", "serving")

_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def canary() -> str:
    """A word that stands nowhere else in the world; without a figure, by which a robot could tell it from others."""
    return f"canary{secrets.token_hex(10).translate(_LETTERS)}"


class CanaryWriter:
    """Writes items whose right option comes first and whose every text is a canary.

    Right and wrong options look alike, so that only their place or company could tell them apart.
    """

    def __init__(self) -> None:
        self.sets: list[tuple[Item, ...]] = []
        self.breaks = False
        self.fails = False

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        items = tuple(
            Item(
                skill_id=slot.skill.skill_id,
                source_id=slot.source.source_id,
                stem=f"{canary()}?",
                options=(canary(), canary(), canary(), canary()),
                key=0,
                rationale=canary(),
            )
            for slot in brief.slots
        )
        self.sets.append(items)
        if self.breaks:
            raise ValueError(f"a bug that quotes what it worked on: {items}, {deadline.remaining}")
        if self.fails:
            raise GenerationFailed
        return WrittenSet(items, Provenance(rounds=1))

    @property
    def rationales(self) -> list[str]:
        return [item.rationale for items in self.sets for item in items]

    @property
    def options(self) -> list[str]:
        return [option for items in self.sets for item in items for option in item.options]

    @property
    def stems(self) -> list[str]:
        return [item.stem for items in self.sets for item in items]

    @property
    def right(self) -> list[str]:
        return [item.options[item.key] for items in self.sets for item in items]


class Sighting(msgspec.Struct, frozen=True):
    """One response; `sets_scored` says how many sets had been submitted when it was asked for."""

    path: str
    status: int
    head: str
    body: str
    sets_scored: int

    @property
    def questions(self) -> list[Json]:
        """The questions it shows to be answered."""
        try:
            data = msgspec.json.decode(self.body).get("data")
        except (msgspec.DecodeError, AttributeError):
            return []
        return data.get("questions", []) if isinstance(data, dict) and "/attempts/" not in self.path else []

    @property
    def text_beside_questions(self) -> str:
        """All of it but the stems and options that a student has to see."""
        body = self.body
        for question in self.questions:
            for shown in (question["question"], *question["options"]):
                body = body.replace(f'"{shown}"', '""', 1)
        return f"{self.head}\n{body}"


class ResponseLog:
    """Keeps every response that a client gets."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.sightings: list[Sighting] = []
        self.sets_scored = 0
        client.event_hooks["response"].append(self._see)

    async def _see(self, response: httpx.Response) -> None:
        await response.aread()
        head = f"{response.status_code} {response.reason_phrase}\n{response.headers.multi_items()}"
        sighting = Sighting(response.request.url.path, response.status_code, head, response.text, self.sets_scored)
        self.sightings.append(sighting)


class _Lines(logging.Handler):
    """What the libraries log."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.getLogger().level)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@contextmanager
def every_log_line() -> Iterator[list[str]]:
    """The finished lines of all loggers, as they are written."""
    lines: list[str] = []

    def keep(_: object, __: str, line: Any) -> Any:
        lines.append(line.decode() if isinstance(line, bytes) else str(line))
        return line

    chains = _processor_chains()
    handler = _Lines(lines)
    logging.getLogger().addHandler(handler)
    for chain in chains:
        chain.append(keep)
    try:
        yield lines
    finally:
        for chain in chains:
            chain.remove(keep)
        logging.getLogger().removeHandler(handler)


def _processor_chains() -> list[list[Any]]:
    """The processors of every logger in our modules: loggers that were used keep those of their first use."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in ROOMS]
    loggers = [module.log for module in modules if hasattr(module, "log")]
    chains = {id(chain): chain for chain in (logger.bind()._processors for logger in loggers)}
    return list(chains.values())
