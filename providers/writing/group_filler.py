"""One of the slot groups of a set: its slots are asked for, of one vendor after the other, until they are filled."""

import asyncio
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from assessment.deadline import Deadline
from assessment.models import Brief
from providers import prompts
from providers.protocol import CallOutcome, FormatRefused, Order, Wanted
from providers.routing.bounded import abandon
from providers.routing.breaker import HANGS, TRANSPORT_FAILURES
from providers.routing.chain import Chain, Pause, Tries, VendorChoice
from providers.routing.hedge import FLOOR_SECONDS
from providers.routing.set_memory import SetMemory
from providers.writing.bills import Bills, is_worth_its_end
from providers.writing.candidates import CandidatePool, SlotGroup
from providers.writing.flaws import Flaw
from providers.writing.orders import Part, Refs, with_concept_of, with_spare
from providers.writing.recorder import Recorder
from providers.writing.repair import Repairer
from providers.writing.vendor_call import TICK, VendorCall

_DONE = frozenset({CallOutcome.OK, CallOutcome.NOT_NEEDED})
_CUT_OFF = frozenset({CallOutcome.NOT_NEEDED, CallOutcome.ABANDONED, CallOutcome.OUT_OF_BUDGET, CallOutcome.TIMED_OUT})


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """What the groups of one set share."""

    brief: Brief
    refs: Refs
    pool: CandidatePool
    chain: Chain
    deadline: Deadline
    recorder: Recorder
    bills: Bills
    repairer: Repairer
    memory: SetMemory = msgspec.field(default_factory=SetMemory)


class GroupFiller:
    """Usually one call at a time; a hedge beside one that takes long."""

    def __init__(self, writing: Writing, part: Part, *, number: int, parts: int, rounds: int = 0) -> None:
        self._writing = writing
        self._pool = writing.pool
        self._deadline = writing.deadline
        self._part = part
        self._number, self._parts = number, parts
        self._group = writing.pool.register(SlotGroup(part.slots, self._wake))
        self._tries = Tries(writing.memory)
        self._calls: list[VendorCall] = []
        self._woken: asyncio.Future[None] | None = None
        self.rounds = rounds

    async def run(self) -> None:
        """Fill the slots, or end when nobody is left to ask. Then nothing is under way but for its bill."""
        quiet = self._writing.brief.quiet
        forget = quiet.on_end(self._wake) if quiet else lambda: None
        try:
            while not self._is_over():
                if not self._calls and not await self._ask_next():
                    break
                await self._wait(min((self._next_look(), self._now() + self._deadline.remaining)))
                self._settle()
                self._hedge()
        except asyncio.CancelledError:
            self._drop_all(CallOutcome.ABANDONED)
            raise
        finally:
            forget()
            self._drop_all(CallOutcome.NOT_NEEDED)
            self._pool.unregister(self._group)

    def _is_over(self) -> bool:
        """A group that is filled lets a single call go on: its spare items may help the others."""
        if self._pool.is_full:
            return True
        return self._pool.is_filled(self._group) and len(self._calls) != 1

    async def _ask_next(self) -> bool:
        order = self._order()
        if flaws := self._pool.flawed(self._group):
            await self._repair(flaws, order)
            return True
        match self._writing.chain.choose(order, self._tries, self._deadline):
            case VendorChoice() as choice:
                self._launch(choice, order)
            case Pause(seconds):
                await self._wait(self._now() + seconds)
            case _:
                return False
        return True

    async def _repair(self, flaws: Sequence[Flaw], order: Order) -> None:
        """Have other distractors written for items that were refused; given up when the set is complete before."""
        take = partial(self._pool.take_repaired, self._group)
        repairing = asyncio.ensure_future(self._writing.repairer.repair(flaws, order, self._tries, take))
        try:
            while not repairing.done() and not self._pool.is_full:
                self._woken = asyncio.get_running_loop().create_future()
                waited: list[asyncio.Future[Any]] = [repairing, self._woken]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._woken = None
            repairing.cancel()
            await asyncio.wait([repairing])

    def _hedge(self) -> None:
        """Start a second vendor when the only call under way takes longer than its vendor usually does."""
        if not self._may_hedge() or self._now() < self._calls[0].hedge_at - TICK:
            return
        slow = self._calls[0]
        slow.hedge_after = slow.hedge_after_silence = math.inf
        chain, order = self._writing.chain, self._order()
        choice = chain.choose_hedge(order, self._tries, self._deadline, {slow.upstream.name})
        if choice is None and slow.hangs:  # it may be this one connection, and it has all the time to itself
            choice = chain.choose_hedge(order, self._tries, self._deadline, ())
        elif choice is None and slow.seconds < slow.upstream.fair_seconds:
            slow.hedge_after = slow.upstream.fair_seconds + TICK
        is_free = slow.is_probe  # nobody is to wait for a vendor that may still hang
        if choice is not None and (is_free or chain.hedge.take_token()):
            slow.was_hedged = slow.was_hedged or choice.upstream is not slow.upstream
            self._launch(choice, order, is_hedge=True)

    def _may_hedge(self) -> bool:
        quiet = self._writing.brief.quiet
        if quiet is not None and not quiet.is_over:
            return False
        return len(self._calls) == 1 and not self._pool.is_filled(self._group)

    def _launch(self, choice: VendorChoice, order: Order, *, is_hedge: bool = False) -> None:
        self.rounds += 1
        hedge = self._writing.chain.hedge
        call = VendorCall(
            choice,
            order,
            self._deadline,
            pool=self._pool,
            group=self._group,
            money=self._writing.recorder.money,
            is_hedge=is_hedge,
        )
        call.hedge_after = hedge.seconds_until(choice.upstream.pace)
        call.hedge_after_silence = hedge.seconds_of_silence(choice.upstream.pace)
        if call.is_probe and choice.upstream.breaker.reason in HANGS:
            call.hedge_after = FLOOR_SECONDS
        self._tries.sent(choice.upstream.name, order)
        self._calls.append(call)
        if not is_hedge:
            hedge.add_share()

    def _order(self) -> Order:
        return Order(
            wanted=self._wanted(),
            seen=self._pool.seen,
            language=self._writing.brief.language,
            jurisdiction=self._writing.brief.jurisdiction,
            complaints=self._pool.complaints[-prompts.MAX_COMPLAINTS :],
            round_number=self.rounds + 1,
            part=self._number,
            parts=self._parts,
        )

    def _wanted(self) -> tuple[Wanted, ...]:
        """The open slots and what is asked beyond them; a slot whose concept another one has got takes a spare one."""
        brief, refs = self._writing.brief, self._writing.refs
        spares = [slot for slot in brief.spares[self._number :: self._parts] if not self._pool.is_written(slot)]
        slots = []
        for slot in (brief.slots[index] for index in self._pool.missing(self._group)):
            other = next((it for it in spares if it.skill == slot.skill), None) if self._pool.is_placed(slot) else None
            if other is not None:
                spares.remove(other)
            slots.append(with_concept_of(slot, other or slot))
        return with_spare([refs.wanted(it) for it in slots], [refs.wanted(it) for it in spares], self._part.spare)

    def _next_look(self) -> float:
        moments = [call.due for call in self._calls]
        if self._may_hedge():
            moments.append(self._calls[0].hedge_at)
        return min(moments, default=self._now())

    async def _wait(self, moment: float) -> None:
        """Until a call ends, `_wake` is called, or the moment comes."""
        self._woken = asyncio.get_running_loop().create_future()
        alarm = asyncio.ensure_future(self._deadline.clock.sleep(max(0.0, moment - self._now())))
        try:
            tasks: list[asyncio.Future[Any]] = [call.task for call in self._calls]
            await asyncio.wait([*tasks, alarm, self._woken], return_when=asyncio.FIRST_COMPLETED)
        finally:
            abandon(alarm)
            self._woken = None

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _settle(self) -> None:
        if self._pool.is_filled(self._group) and isinstance(self._group.finisher, VendorCall):
            self._group.finisher.mark_useful()
        for call in tuple(self._calls):
            outcome = call.outcome()
            if outcome is not None:
                self._close(call, outcome, is_cut_off=False)

    def _close(self, call: VendorCall, outcome: CallOutcome, *, is_cut_off: bool) -> None:
        """Leave a call and learn from it. What it had begun is no reject when it was we who cut it off."""
        if outcome in _CUT_OFF and call.is_at_work:
            call.upstream.pace.note(call.seconds_until_useful, len(call.order.wanted), is_unfinished=True)
        reads_on = is_cut_off and outcome in _DONE and not call.task.done() and is_worth_its_end(call)
        is_doubted = outcome is CallOutcome.NOT_NEEDED and call.is_silent and (call.was_hedged or call.is_probe)
        self._calls.remove(call)
        call.close(outcome, is_broken_off=not is_cut_off)
        self._pool.settle(self._group, call)
        if is_doubted:
            self._listen(call)
            return
        self._learn(call, outcome)
        if reads_on:
            self._writing.bills.read_on(call, self._deadline.clock, partial(self._record, call, outcome))
        else:
            self._record(call, outcome)

    def _listen(self, call: VendorCall) -> None:
        """Another one that began later was faster, and this one has said nothing: it hangs, or thinks in silence."""
        call.is_probe = call.is_probe or call.upstream.breaker.suspect(self._now())
        self._writing.bills.listen(call, self._deadline.clock, partial(self._conclude, call))

    def _conclude(self, call: VendorCall) -> None:
        outcome = call.heard_out()
        upstream = call.upstream
        if outcome is CallOutcome.NOT_NEEDED:
            upstream.breaker.trust(self._now(), is_probe=call.is_probe)
            upstream.pace.note(call.seconds_until_useful, len(call.order.wanted), is_unfinished=not call.task.done())
        else:
            upstream.end(outcome, self._now(), is_probe=call.is_probe)
        self._record(call, outcome)

    def _record(self, call: VendorCall, outcome: CallOutcome) -> None:
        call.let_go()
        self._writing.recorder.record(call, outcome)
        call.forget()

    def _learn(self, call: VendorCall, outcome: CallOutcome) -> None:
        upstream, error = call.upstream, call.error
        has_progressed = len(self._pool.missing(self._group)) < call.missing_before
        upstream.end(
            CallOutcome.NOT_NEEDED if isinstance(error, FormatRefused) else outcome,
            self._now(),
            is_probe=call.is_probe,
            accepted=call.accepted,
            retry_after=error.retry_after if error else None,
        )
        if outcome is CallOutcome.OK:
            upstream.pace.note(call.seconds_until_useful, len(call.order.wanted))
        if not isinstance(error, FormatRefused):
            self._tries.ended(upstream.name, outcome, self._now(), has_progressed=has_progressed)
        if call.is_hedge and outcome in TRANSPORT_FAILURES and not call.scanner.characters:
            self._writing.chain.hedge.return_token()

    def _drop_all(self, outcome: CallOutcome) -> None:
        """Leave what is still under way.

        Who brought the last item needed has done well, though it was cut off; who hangs has failed, though another
        one was faster.
        """
        for call in tuple(self._calls):
            was_alone = len(self._calls) == 1 and call.accepted and not (call.is_hedge or call.was_hedged)
            has_won = call is self._group.finisher or (was_alone and self._pool.is_filled(self._group))
            ended = CallOutcome.STALLED if call.hangs else outcome
            if has_won and outcome is CallOutcome.NOT_NEEDED:
                ended = CallOutcome.OK
            self._close(call, ended, is_cut_off=True)

    def _now(self) -> float:
        return self._deadline.clock.monotonic()
