"""Test mode: sets by the sandbox, and what a client may rehearse with it."""

import msgspec

from assessment.deadline import Deadline
from assessment.findings import Finding
from assessment.models import Brief, Item, WrittenSet
from providers.config import Questions
from providers.ledger import Ledger
from providers.routing.chain import Chain
from providers.routing.upstream import FREE, Upstream
from providers.vendors.sandbox.scenarios import Scenario, ScenarioVendor
from providers.vendors.sandbox.stems import may_repeat
from providers.writing.candidates import CandidatePool
from providers.writing.writer import Writer

MARK = " (right)"
MAX_CONCURRENCY = 64


class RehearsalPool(CandidatePool):
    """Takes what the sandbox marks as coming again: a client may rehearse with one student for long."""

    def repetition(self, item: Item) -> Finding | None:
        return None if may_repeat(item.stem) else super().repetition(item)


class Rehearsal:
    """The writer of test mode. Every set has a sandbox of its own, so that no client's scenario is felt by another."""

    def __init__(self, questions: Questions, config_hash: str, *, ledger: Ledger | None, seconds: float) -> None:
        self._questions = questions
        self._config_hash = config_hash
        self._ledger = ledger
        self._seconds = seconds

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Write a set, and mark its right options if asked to, once all rules are kept. Raises GenerationFailed."""
        written = await self._writer(brief).write(brief, deadline)
        if brief.scenario != Scenario.MARKED:
            return written
        return msgspec.structs.replace(written, items=tuple(map(_marked, written.items)))

    def _writer(self, brief: Brief) -> Writer:
        sandbox = ScenarioVendor(brief.seed, brief.scenario)
        chain = Chain([Upstream(sandbox, self._seconds, MAX_CONCURRENCY, price=FREE)])
        return Writer(chain, self._questions, self._config_hash, ledger=self._ledger, make_pool=RehearsalPool)


def _marked(item: Item) -> Item:
    options = list(item.options)
    options[item.key] += MARK
    return msgspec.structs.replace(item, options=tuple(options))
