"""The question writer: orders what is missing, keeps what is good, and asks again for the rest."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog

from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Provenance, WrittenSet
from providers import prompts
from providers.base import ChainExhausted, Order, Reply, Vendor, VendorError
from providers.board import Board
from providers.bounded import bounded
from providers.config import Questions
from providers.orders import Refs, split

log = structlog.get_logger(__name__)


class _Answer(msgspec.Struct, frozen=True):
    """What became of one order: a reply, or none; and the failures on the way."""

    reply: Reply | None = None
    failures: tuple[VendorError, ...] = ()


class _Progress(msgspec.Struct):
    """Where a writing stands after its rounds so far."""

    rounds: int = 0
    skip: frozenset[str] = frozenset()
    complaints: tuple[str, ...] = ()
    stuck: bool = False


class Writer:
    """Writes complete sets with one vendor, which usually is a chain."""

    def __init__(self, vendor: Vendor, questions: Questions, config_hash: str) -> None:
        self._vendor = vendor
        self._questions = questions
        self._config_hash = config_hash

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot. Raises GenerationFailed when the time or the vendors are used up before.

        A vendor of whose answers nothing could be used in a round is left out for the rest of this writing. So every
        round either places an item or loses a vendor, and the loop ends.
        """
        refs = Refs(brief)
        board = Board(brief, refs)
        progress = _Progress()
        while board.open_slots:
            if progress.stuck or deadline.expired:
                _log_end("generation_failed", board, progress, deadline)
                raise GenerationFailed
            progress.rounds += 1
            orders = self._orders(brief, board, refs, progress)
            answers = await asyncio.gather(*(self._ask(order, deadline) for order in orders))
            _note(answers, board, progress)
        _log_end("set_written", board, progress, deadline)
        return WrittenSet(board.items, self._provenance(board, progress))

    def _orders(self, brief: Brief, board: Board, refs: Refs, progress: _Progress) -> list[Order]:
        calls = split([refs.wanted(slot) for slot in board.open_slots], self._questions)
        seen = (*brief.seen, *(item.stem for item in board.items))
        return [
            Order(
                wanted=wanted,
                seen=seen,
                complaints=progress.complaints,
                seed=brief.seed,
                round_number=progress.rounds,
                part=part,
                parts=len(calls),
                scenario=brief.scenario,
                skip=progress.skip,
            )
            for part, wanted in enumerate(calls)
        ]

    async def _ask(self, order: Order, deadline: Deadline) -> _Answer:
        try:
            reply = await bounded(self._vendor.write(order, deadline), deadline)
        except ChainExhausted as error:
            return _Answer(failures=error.failures)
        except VendorError as error:
            return _Answer(failures=(error,))
        except TimeoutError:
            return _Answer()
        return _Answer(reply, reply.failures)

    def _provenance(self, board: Board, progress: _Progress) -> Provenance:
        return Provenance(
            vendors=board.shares,
            prompt_version=prompts.VERSION,
            config_hash=self._config_hash,
            rounds=progress.rounds,
            rejected=dict(board.rejected),
        )


def _note(answers: Sequence[_Answer], board: Board, progress: _Progress) -> None:
    """Place a round's items, in the order of its calls, and decide whom to ask next."""
    placed: Counter[str] = Counter()
    reasons: list[str] = []
    for answer in answers:
        placed.update({failure.vendor: 0 for failure in answer.failures})
        if answer.reply is not None:
            count, rejects = board.take(answer.reply)
            placed[answer.reply.vendor] += count
            reasons.extend(reject.reason for reject in rejects)
    barren = frozenset(vendor for vendor, count in placed.items() if not count)
    progress.stuck = not any(placed.values()) and barren <= progress.skip
    progress.skip |= barren
    progress.complaints = tuple(dict.fromkeys(reasons))[: prompts.MAX_COMPLAINTS]
    _log_round(answers, placed, board, progress)


def _log_round(answers: Sequence[_Answer], placed: Counter[str], board: Board, progress: _Progress) -> None:
    log.info(
        "writing_round",
        round=progress.rounds,
        calls=len(answers),
        answered=sum(answer.reply is not None for answer in answers),
        placed=dict(placed),
        missing=len(board.open_slots),
        skipped=sorted(progress.skip),
    )


def _log_end(event: str, board: Board, progress: _Progress, deadline: Deadline) -> None:
    log.info(
        event,
        rounds=progress.rounds,
        items=len(board.items),
        missing=len(board.open_slots),
        rejected=dict(board.rejected),
        seconds=round(deadline.elapsed, 3),
    )
