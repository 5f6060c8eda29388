"""The question writer: orders what is missing, keeps what is good, and asks again until it makes a set."""

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
from providers.routing.upstream import Upstream
from providers.vendors.decode import Reject
from providers.writing.bills import Bills
from providers.writing.candidates import CandidatePool, PoolMaker
from providers.writing.group_filler import Writing
from providers.writing.key_check import KeyChecker
from providers.writing.money import Money, SetMoney
from providers.writing.orders import Refs
from providers.writing.recorder import Recorder
from providers.writing.repair import Repairer
from providers.writing.set_filler import SetFiller

DOUBTED = Reject("key_doubted", "key_doubted: somebody who knows the subject would choose another option")

log = structlog.get_logger(__name__)


class Writer:
    """Writes complete sets with one chain of vendors."""

    def __init__(
        self,
        chain: Chain,
        questions: Questions,
        config_hash: str,
        *,
        ledger: Ledger | None = None,
        checker: KeyChecker | None = None,
        make_pool: PoolMaker = CandidatePool,
        money: Money | None = None,
    ) -> None:
        self.chain = chain
        self.money = money or Money()
        self.bills = Bills()
        self._questions = questions
        self._config_hash = config_hash
        self._ledger = ledger or NoLedger()
        self._checker = checker
        self._make_pool = make_pool

    @property
    def solvers(self) -> tuple[Upstream, ...]:
        """The vendors that check keys."""
        return self._checker.solvers if self._checker else ()

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Return one item per slot. Raises GenerationFailed when the time or the vendors are used up before."""
        refs = Refs(brief)
        pool = self._make_pool(brief, refs)
        money = SetMoney(self.money, make_room=self.bills.end, quiet=brief.quiet)
        recorder = Recorder(self._ledger, uuid4().hex, brief.mode, self._config_hash, money=money)
        writing = Writing(
            brief=brief,
            refs=refs,
            pool=pool,
            chain=self.chain,
            deadline=deadline,
            recorder=recorder,
            bills=self.bills,
            repairer=Repairer(self.chain, deadline, recorder, brief.language),
        )
        filler = SetFiller(writing, self._questions)
        await filler.write_set()
        check = await self._check_keys(filler, recorder) if pool.is_full else None
        _log_end(pool, filler.rounds, deadline)
        if not pool.is_full:
            raise GenerationFailed
        await money.wait_for_bills()
        return WrittenSet(pool.items, self._provenance(brief, pool, filler.rounds, check))

    async def _check_keys(self, filler: SetFiller, recorder: Recorder) -> KeyCheck | None:
        """Replace what solvers doubt as long as there is time, and leave the complete set with the fewest doubts.

        A set is given up only for another complete one: somebody doubts a key, which may be wrong; without a set the
        student has nothing.
        """
        pool = filler.writing.pool
        if self._checker is None:
            return None
        best = latest = await self._checked(self._checker, filler, recorder, 0)
        while latest.doubted:
            pool.drop(latest.doubted, DOUBTED)
            await filler.write_set()
            if not pool.is_full:
                break
            dropped = latest.check.dropped + len(latest.doubted)
            latest = await self._checked(self._checker, filler, recorder, dropped)
            best = min(best, latest, key=lambda it: len(it.doubted))
        pool.restore(best.items)
        return best.check

    async def _checked(self, checker: KeyChecker, filler: SetFiller, recorder: Recorder, dropped: int) -> "_Checked":
        items = filler.writing.pool.items
        doubts = await checker.check(items, filler.writing.deadline, recorder)
        check = KeyCheck(checker.names, doubts.is_complete, dropped, len(doubts.items))
        return _Checked(items, doubts.items, check)

    def _provenance(self, brief: Brief, pool: CandidatePool, rounds: int, check: KeyCheck | None) -> Provenance:
        return Provenance(
            vendors=pool.shares,
            prompt_version=prompts.VERSION,
            config_hash=self._config_hash,
            rounds=rounds,
            rejected=dict(pool.rejected),
            language=brief.language,
            key_check=check,
            passed_over=pool.passed_over,
        )


class _Checked(msgspec.Struct, frozen=True):
    """A complete set, which of its items are doubted, and what is kept of that."""

    items: tuple[Item, ...]
    doubted: frozenset[int]
    check: KeyCheck


def _log_end(pool: CandidatePool, rounds: int, deadline: Deadline) -> None:
    log.info(
        "set_written" if pool.is_full else "generation_failed",
        rounds=rounds,
        items=len(pool.items),
        missing=len(pool.slots) - len(pool.items),
        rejected=dict(pool.rejected),
        passed_over=pool.passed_over,
        seconds=round(deadline.elapsed, 3),
    )
