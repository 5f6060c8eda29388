"""The question writer: orders what is missing, keeps what is good, and asks again for the rest."""

import asyncio
from uuid import uuid4

import structlog

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Provenance, WrittenSet
from providers import prompts
from providers.board import Board
from providers.call import Call, Writing
from providers.chain import Chain
from providers.config import Questions
from providers.ledger import Ledger, NoLedger, Recorder
from providers.orders import Refs, split

log = structlog.get_logger(__name__)


class Writer:
    """Writes complete sets with one chain of vendors."""

    def __init__(self, chain: Chain, questions: Questions, config_hash: str, ledger: Ledger | None = None) -> None:
        self.chain = chain
        self._questions = questions
        self._config_hash = config_hash
        self._ledger = ledger or NoLedger()

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot. Raises GenerationFailed when the time or the vendors are used up before.

        The set is split over calls that run at the same time, each with its own failover. All of them stop when the
        last slot is filled.
        """
        refs = Refs(brief)
        board = Board(brief, refs)
        recorder = Recorder(self._ledger, uuid4().hex, brief.mode, self._config_hash)
        writing = Writing(brief, refs, board, self.chain, deadline, recorder)
        parts = split(len(brief.slots), self._questions)
        calls = [Call(writing, part, number, len(parts)) for number, part in enumerate(parts)]
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(call.run())
        rounds = max((call.rounds for call in calls), default=0)
        _log_end(board, rounds, deadline)
        if not board.is_full:
            raise GenerationFailed
        return WrittenSet(board.items, self._provenance(board, rounds))

    def _provenance(self, board: Board, rounds: int) -> Provenance:
        return Provenance(
            vendors=board.shares,
            prompt_version=prompts.VERSION,
            config_hash=self._config_hash,
            rounds=rounds,
            rejected=dict(board.rejected),
        )


def _log_end(board: Board, rounds: int, deadline: Deadline) -> None:
    log.info(
        "set_written" if board.is_full else "generation_failed",
        rounds=rounds,
        items=len(board.items),
        missing=len(board.slots) - len(board.items),
        rejected=dict(board.rejected),
        seconds=round(deadline.elapsed, 3),
    )
