"""One of the parallel calls of a set: its slots are asked for, of one vendor after the other, until they are filled."""

import asyncio
import math
from typing import Any

import msgspec

from assessment.deadline import Deadline
from assessment.models import Brief
from providers import prompts
from providers.protocol import FormRefused, Order, Outcome
from providers.routing.bounded import abandon
from providers.routing.breaker import TRANSPORT_FAILURES
from providers.routing.chain import Chain, Choice, Pause, Tries
from providers.writing.candidates import Board, Sheet
from providers.writing.orders import Part, Refs, with_spare
from providers.writing.recorder import Recorder
from providers.writing.vendor_call import TICK, Attempt

LAST_WORDS_SECONDS = 0.05  # for an answer that is complete, to end by itself: with its bill, and its connection whole


class Writing(msgspec.Struct, frozen=True):
    """What the calls of one set share."""

    brief: Brief
    refs: Refs
    board: Board
    chain: Chain
    deadline: Deadline
    recorder: Recorder


class Call:
    """Usually one attempt at a time; a hedge beside one that takes long."""

    def __init__(self, writing: Writing, part: Part, number: int, parts: int, rounds: int = 0) -> None:
        self._writing = writing
        self._board = writing.board
        self._deadline = writing.deadline
        self._part = part
        self._number, self._parts = number, parts
        self._sheet = writing.board.hand_out(Sheet(part.slots, self._ring))
        self._tries = Tries()
        self._attempts: list[Attempt] = []
        self._bell: asyncio.Future[None] | None = None
        self.rounds = rounds

    async def run(self) -> None:
        """Fill the slots, or end when nobody is left to ask. Nothing is under way when it returns."""
        try:
            while not self._is_over():
                if not self._attempts and not await self._ask_next():
                    break
                await self._wait(min((self._next_look(), self._now() + self._deadline.remaining)))
                self._settle()
                self._hedge()
            await self._hear_last_words()
        except asyncio.CancelledError:
            self._drop_all(Outcome.ABANDONED)
            raise
        finally:
            self._drop_all(Outcome.NOT_NEEDED)

    def _is_over(self) -> bool:
        """A call whose slots are filled lets a single attempt go on: its spare items may help the others."""
        if self._board.is_full:
            return True
        return self._board.is_filled(self._sheet) and len(self._attempts) != 1

    async def _ask_next(self) -> bool:
        order = self._order()
        match self._writing.chain.choose(order, self._tries, self._deadline):
            case Choice() as choice:
                self._launch(choice, order)
            case Pause(seconds):
                await self._wait(self._now() + seconds)
            case _:
                return False
        return True

    def _hedge(self) -> None:
        """Start a second vendor when the only attempt under way takes longer than its vendor usually does."""
        if not self._may_hedge() or self._now() < self._attempts[0].hedge_at - TICK:
            return
        slow = self._attempts[0]
        slow.hedge_after = slow.hedge_after_silence = math.inf
        chain, order = self._writing.chain, self._order()
        choice = chain.choose_hedge(order, self._tries, self._deadline, {slow.upstream.name})
        if choice is not None and chain.hedge.pay():
            self._launch(choice, order, is_hedge=True)

    def _may_hedge(self) -> bool:
        return len(self._attempts) == 1 and not self._board.is_filled(self._sheet)

    def _launch(self, choice: Choice, order: Order, *, is_hedge: bool = False) -> None:
        self.rounds += 1
        hedge = self._writing.chain.hedge
        attempt = Attempt(choice, order, self._deadline, self._board, self._sheet, is_hedge=is_hedge)
        attempt.hedge_after = hedge.seconds_until(choice.upstream.pace)
        attempt.hedge_after_silence = hedge.seconds_of_silence(choice.upstream.pace)
        self._tries.sent(choice.upstream.name, order)
        self._attempts.append(attempt)
        if not is_hedge:
            hedge.earn()

    def _order(self) -> Order:
        writing, brief = self._writing, self._writing.brief
        missing = [writing.refs.wanted(brief.slots[index]) for index in self._board.missing(self._sheet)]
        return Order(
            wanted=with_spare(missing, self._part.spare),
            seen=self._board.seen,
            language=brief.language,
            complaints=self._board.complaints[-prompts.MAX_COMPLAINTS :],
            seed=brief.seed,
            round_number=self.rounds + 1,
            part=self._number,
            parts=self._parts,
            scenario=brief.scenario,
        )

    def _next_look(self) -> float:
        moments = [attempt.due for attempt in self._attempts]
        if self._may_hedge():
            moments.append(self._attempts[0].hedge_at)
        return min(moments, default=self._now())

    async def _wait(self, moment: float) -> None:
        """Until an attempt ends, somebody rings, or the moment comes."""
        self._bell = asyncio.get_running_loop().create_future()
        alarm = asyncio.ensure_future(self._deadline.clock.sleep(max(0.0, moment - self._now())))
        try:
            tasks: list[asyncio.Future[Any]] = [attempt.task for attempt in self._attempts]
            await asyncio.wait([*tasks, alarm, self._bell], return_when=asyncio.FIRST_COMPLETED)
        finally:
            abandon(alarm)
            self._bell = None

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    def _settle(self) -> None:
        if self._board.is_filled(self._sheet) and isinstance(self._sheet.finisher, Attempt):
            self._sheet.finisher.mark_useful()
        for attempt in tuple(self._attempts):
            outcome = attempt.outcome()
            if outcome is not None:
                self._close(attempt, outcome, is_cut_off=False)

    def _close(self, attempt: Attempt, outcome: Outcome, *, is_cut_off: bool) -> None:
        """Let go of an attempt and learn from it. What it had begun is no reject when it was we who cut it off."""
        self._attempts.remove(attempt)
        attempt.close(outcome, is_broken_off=not is_cut_off)
        self._board.settle(self._sheet, attempt)
        self._writing.recorder.record(attempt, outcome)
        self._learn(attempt, outcome)

    def _learn(self, attempt: Attempt, outcome: Outcome) -> None:
        upstream, error = attempt.upstream, attempt.error
        has_progressed = len(self._board.missing(self._sheet)) < attempt.missing_before
        upstream.breaker.end(
            Outcome.NOT_NEEDED if isinstance(error, FormRefused) else outcome,
            self._now(),
            is_probe=attempt.is_probe,
            accepted=attempt.accepted,
            retry_after=error.retry_after if error else None,
        )
        if outcome is Outcome.OK:
            upstream.pace.note(attempt.seconds_until_useful, len(attempt.order.wanted))
        if not isinstance(error, FormRefused):
            self._tries.ended(upstream.name, outcome, has_progressed=has_progressed)
        if attempt.is_hedge and outcome in TRANSPORT_FAILURES and not attempt.scanner.characters:
            self._writing.chain.hedge.give_back()

    async def _hear_last_words(self) -> None:
        """Give answers that are complete a moment to end by themselves."""
        ending = [attempt for attempt in self._attempts if attempt.has_all_items]
        until = self._now() + min(LAST_WORDS_SECONDS, self._deadline.remaining)
        while any(not attempt.task.done() for attempt in ending) and self._now() < until - TICK:
            await self._wait(until)
            self._settle()
            ending = [attempt for attempt in ending if attempt in self._attempts]

    def _drop_all(self, outcome: Outcome) -> None:
        """Cancel what is still under way.

        Who brought the last item needed has done well, though it was cut off; who hangs has failed, though another
        one was faster.
        """
        for attempt in tuple(self._attempts):
            was_alone = len(self._attempts) == 1 and attempt.accepted and not attempt.is_hedge
            has_won = attempt is self._sheet.finisher or (was_alone and self._board.is_filled(self._sheet))
            ended = Outcome.STALLED if attempt.hangs else outcome
            if has_won and outcome is Outcome.NOT_NEEDED:
                ended = Outcome.OK
            self._close(attempt, ended, is_cut_off=True)

    def _now(self) -> float:
        return self._deadline.clock.monotonic()
