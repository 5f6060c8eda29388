"""Fills the slots of a set: in groups at the same time, and again after every choice that needs other items."""

import asyncio

from providers.config import Questions
from providers.protocol import Order
from providers.routing.chain import Tries
from providers.writing.candidates import Refusal
from providers.writing.group_filler import GroupFiller, Writing
from providers.writing.orders import split


class SetFiller:
    """Fills the open slots of one pool, again after every assembly that needs other items."""

    def __init__(self, writing: Writing, questions: Questions) -> None:
        self.writing = writing
        self.rounds = 0
        self._questions = questions

    async def write_set(self) -> None:
        """Leave the pool full with a set that satisfies the rules, or not full.

        Who is asked for other items after a refusal is the memory's to say; it ends when nobody is left. Items
        that came too few for all open slots may still make a set with those that are there.
        """
        while await self._fill_on():
            refusal = await asyncio.to_thread(self.writing.pool.assemble)
            if refusal is None:
                return
            self.writing.memory.refused(refusal.written, refusal.blamed, refusal.excess)
            if await self._repair(refusal) and await asyncio.to_thread(self.writing.pool.assemble) is None:
                return
        await asyncio.to_thread(self.writing.pool.assemble_last)

    async def _repair(self, refusal: Refusal) -> bool:
        """Have other distractors written for the items to blame; tells whether the candidates are others now."""
        writing = self.writing
        if not refusal.flaws:
            return False
        wanted = tuple(writing.refs.wanted(writing.brief.slots[index]) for index in refusal.slots)
        order = Order(wanted=wanted, complaints=writing.pool.complaints, round_number=self.rounds + 1)
        tries = Tries(writing.memory)
        return await writing.repairer.repair(refusal.flaws, order, tries, writing.pool.exchange) > 0

    async def _fill_on(self) -> bool:
        """Fill the open slots, in another round as long as the last one brought something; tells whether they are.

        Who declined one part of a set and wrote another may write what is left.
        """
        open_before = len(self.writing.pool.open_slots)
        while not await self._fill():
            open_after = len(self.writing.pool.open_slots)
            if open_after >= open_before:
                return False
            open_before = open_after
        return True

    async def _fill(self) -> bool:
        """Split the open slots over groups that are filled at the same time, each with its own failover.

        All of them stop when the last slot is filled; tells whether it is.
        """
        pool = self.writing.pool
        parts = split(pool.open_slots, self._questions)
        fillers = [
            GroupFiller(self.writing, part, number=number, parts=len(parts), rounds=self.rounds)
            for number, part in enumerate(parts)
        ]
        async with asyncio.TaskGroup() as tasks:
            for filler in fillers:
                tasks.create_task(filler.run())
        self.rounds = max((filler.rounds for filler in fillers), default=self.rounds)
        return pool.is_full
