"""The question writer: orders what is missing, keeps what is good, and asks again until it makes a set."""

import asyncio
from uuid import uuid4

import msgspec
import structlog

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Item, KeyCheck, Provenance, WrittenSet
from providers import prompts
from providers.config import Questions
from providers.ledger import Ledger, NoLedger
from providers.routing.chain import Chain
from providers.vendors.decode import Reject
from providers.writing.candidates import Board, Witness
from providers.writing.group_filler import Call, Writing
from providers.writing.key_check import KeyChecker
from providers.writing.orders import Refs, split
from providers.writing.recorder import Recorder

# A set is put together so often at most; models that go on giving the key away by its length do not learn in more.
MAX_ASSEMBLIES = 6
DOUBTED = Reject("key_doubted", "key_doubted: somebody who knows the subject would choose another option")

log = structlog.get_logger(__name__)


class Writer:
    """Writes complete sets with one chain of vendors."""

    def __init__(
        self,
        chain: Chain,
        questions: Questions,
        config_hash: str,
        ledger: Ledger | None = None,
        checker: KeyChecker | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.chain = chain
        self._questions = questions
        self._config_hash = config_hash
        self._ledger = ledger or NoLedger()
        self._checker = checker
        self._witness = witness

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot. Raises GenerationFailed when the time or the vendors are used up before."""
        refs = Refs(brief)
        board = Board(brief, refs, self._witness)
        recorder = Recorder(self._ledger, uuid4().hex, brief.mode, self._config_hash)
        writing = Writing(brief, refs, board, self.chain, deadline, recorder)
        pen = _Pen(writing, self._questions)
        await pen.write_set()
        check = await self._check_keys(pen, recorder) if board.is_full else None
        _log_end(board, pen.rounds, deadline)
        if not board.is_full:
            raise GenerationFailed
        return WrittenSet(board.items, self._provenance(brief, board, pen.rounds, check))

    async def _check_keys(self, pen: "_Pen", recorder: Recorder) -> KeyCheck | None:
        """Replace what solvers doubt as long as there is time, and leave the complete set with the fewest doubts.

        A set is given up only for another complete one: somebody doubts a key, which may be wrong; without a set the
        student has nothing.
        """
        board = pen.writing.board
        if self._checker is None:
            return None
        best = latest = await self._checked(self._checker, pen, recorder, 0)
        while latest.doubted:
            board.drop(latest.doubted, DOUBTED)
            await pen.write_set()
            if not board.is_full:
                break
            dropped = latest.check.dropped + len(latest.doubted)
            latest = await self._checked(self._checker, pen, recorder, dropped)
            best = min(best, latest, key=lambda it: len(it.doubted))
        board.restore(best.items)
        return best.check

    async def _checked(self, checker: KeyChecker, pen: "_Pen", recorder: Recorder, dropped: int) -> "_Checked":
        items = pen.writing.board.items
        doubts = await checker.check(items, pen.writing.deadline, recorder)
        check = KeyCheck(checker.names, doubts.is_complete, dropped, len(doubts.items))
        return _Checked(items, doubts.items, check)

    def _provenance(self, brief: Brief, board: Board, rounds: int, check: KeyCheck | None) -> Provenance:
        return Provenance(
            vendors=board.shares,
            prompt_version=prompts.VERSION,
            config_hash=self._config_hash,
            rounds=rounds,
            rejected=dict(board.rejected),
            language=brief.language,
            key_check=check,
        )


class _Checked(msgspec.Struct, frozen=True):
    """A complete set, which of its items are doubted, and what is kept of that."""

    items: tuple[Item, ...]
    doubted: frozenset[int]
    check: KeyCheck


class _Pen:
    """Fills the open slots of one board, again after every assembly that needs other items."""

    def __init__(self, writing: Writing, questions: Questions) -> None:
        self.writing = writing
        self.rounds = 0
        self._questions = questions
        self._assemblies = 0

    async def write_set(self) -> None:
        """Leave the board full with a set that satisfies the rules, or not full."""
        while await self._fill() and not await asyncio.to_thread(self.writing.board.assemble):
            self._assemblies += 1
            if self._assemblies >= MAX_ASSEMBLIES:
                return

    async def _fill(self) -> bool:
        """Split the open slots over calls that run at the same time, each with its own failover.

        All of them stop when the last slot is filled; tells whether it is.
        """
        board = self.writing.board
        parts = split(board.open_slots, self._questions)
        calls = [Call(self.writing, part, number, len(parts), self.rounds) for number, part in enumerate(parts)]
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(call.run())
        self.rounds = max((call.rounds for call in calls), default=self.rounds)
        return board.is_full


def _log_end(board: Board, rounds: int, deadline: Deadline) -> None:
    log.info(
        "set_written" if board.is_full else "generation_failed",
        rounds=rounds,
        items=len(board.items),
        missing=len(board.slots) - len(board.items),
        rejected=dict(board.rejected),
        seconds=round(deadline.elapsed, 3),
    )
