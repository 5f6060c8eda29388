"""The cheapest choice among candidates that keeps every limit, in bounded time and memory.

A search for all choices has no end (of 60 candidates ten can be chosen in 75 billion ways). This one goes depth first,
the cheapest candidate first, and leaves a branch as soon as even the best of what is left could not keep the limits or
be cheaper than what was found (branch and bound); candidates that are alike in all that counts are tried once. Small
choices are so decided exactly. After MAX_VISITS the best one found stands; where there is none, single candidates are
exchanged for better ones.

What a candidate brings to each limit is one of five levels. A *load* says how many candidates of a choice stand at
which level, for all limits at once: one byte for every level, and the price on top, so that loads add up as numbers do.
"""

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

LEVELS = 5  # the lowest counts for nothing and is not written down
MAX_VISITS = 2000  # some milliseconds
MAX_EXCHANGES = 30

_BITS = 8 * (LEVELS - 1)
_MASK = (1 << _BITS) - 1

Limit = Callable[[bytes], float]
"""How far so many candidates at each level above the lowest go beyond what is allowed: 0 when it is kept.

It never falls when a candidate is added, or raised to a higher level.
"""


class Candidate(msgspec.Struct, frozen=True):
    """What counts of an item: its group, its price, its level at each limit, and the others it cannot stand beside."""

    group: str
    price: int
    levels: tuple[int, ...]
    excludes: Collection[int] = ()

    @property
    def load(self) -> int:
        """The load of this candidate alone."""
        bits = self.price << (_BITS * len(self.levels))
        for limit, level in enumerate(self.levels):
            if level:
                bits += 1 << (_BITS * limit + 8 * (level - 1))
        return bits


class Choice(msgspec.Struct, frozen=True):
    """The numbers of the candidates that were chosen; `excess` is 0 when they keep every limit."""

    numbers: tuple[int, ...]
    excess: float


def choose(candidates: Sequence[Candidate], need: Mapping[str, int], limits: Sequence[Limit]) -> Choice:
    """Choose as many of each group as `need` says; there have to be so many. See Choice.excess."""
    table = _Table(candidates, need, limits)
    return _Search(table).best() or _exchanged(table)


class _Table:
    """The candidates group by group, in each the cheapest first; a choice is a bitmap of their places."""

    def __init__(self, candidates: Sequence[Candidate], need: Mapping[str, int], limits: Sequence[Limit]) -> None:
        loads = [candidate.load for candidate in candidates]
        self.spans: list[tuple[int, int, int]] = []  # of each group: begin, end, how many are needed
        self._numbers: list[int] = []
        for group, count in need.items():
            begin = len(self._numbers)
            members = (number for number, candidate in enumerate(candidates) if candidate.group == group)
            self._numbers += sorted(members, key=lambda number: (loads[number], len(candidates[number].excludes)))
            self.spans.append((begin, len(self._numbers), count))
        places = {number: place for place, number in enumerate(self._numbers)}
        self.loads = [loads[number] for number in self._numbers]
        self.excludes = [
            sum(1 << places[other] for other in set(candidates[number].excludes) if other in places)
            for number in self._numbers
        ]
        self.price_bits = _BITS * len(limits)
        self._limits = tuple(enumerate(limits))
        self._judged: list[dict[int, float]] = [{} for _ in limits]

    def excess(self, load: int) -> float:
        """How far a load is beyond the limits."""
        return sum(self._excess(limit, load) for limit in range(len(self._limits)))

    def keeps(self, load: int) -> bool:
        """Tell whether a load is within all limits."""
        return not any(self._excess(limit, load) for limit in range(len(self._limits)))

    def choice(self, chosen: int, excess: float) -> Choice:
        """Name the candidates at the places of a bitmap."""
        return Choice(tuple(sorted(self._numbers[place] for place in _places(chosen))), excess)

    def _excess(self, limit: int, load: int) -> float:
        counts = load >> (_BITS * limit) & _MASK
        judged = self._judged[limit]
        if counts not in judged:
            judged[counts] = self._limits[limit][1](counts.to_bytes(LEVELS - 1, "little"))
        return judged[counts]


class _Search:
    """Branch and bound over the places of a table, each of which is taken or passed over."""

    def __init__(self, table: _Table) -> None:
        self._table = table
        self._least = _least_loads(table)
        self._next_other = _next_other(table)
        self._visits = 0
        self._found: int | None = None
        self._price = 0

    def best(self) -> Choice | None:
        """The cheapest choice that was found."""
        self._enter(0, 0, 0)
        return None if self._found is None else self._table.choice(self._found, 0.0)

    def _enter(self, group: int, load: int, chosen: int) -> None:
        """Go on with the next group, or note what was chosen of all of them."""
        if group == len(self._table.spans):
            if not self._is_too_dear(load) and self._table.keeps(load):
                self._found, self._price = chosen, load >> self._table.price_bits
        else:
            begin, _, need = self._table.spans[group]
            self._visit(group, begin, need, load, chosen)

    def _visit(self, group: int, place: int, need: int, load: int, chosen: int) -> None:  # noqa: PLR0917  # thousands of calls for each set
        """Try all that may still be chosen: `need` more of this group from here on, and all of those behind it."""
        if not need:
            self._enter(group + 1, load, chosen)
            return
        table, end = self._table, self._table.spans[group][1]
        while place <= end - need and self._visits < MAX_VISITS:
            self._visits += 1
            at_least = load + self._least[place][need]
            if self._is_too_dear(at_least) or not table.keeps(at_least):
                return
            if not table.excludes[place] & chosen:
                self._visit(group, place + 1, need - 1, load + table.loads[place], chosen | 1 << place)
            place = self._next_other[place]

    def _is_too_dear(self, load: int) -> bool:
        return self._found is not None and load >> self._table.price_bits >= self._price


def _least_loads(table: _Table) -> list[list[int]]:
    """For every place, and every number still to be chosen from there on in its group, the least they can bring.

    It is the least for each limit by itself, and the least price, together with the same of all groups behind it.
    """
    masks = [_MASK << shift for shift in range(0, table.price_bits, _BITS)]
    masks.append(-1 << table.price_bits)
    least: list[list[int]] = [[]] * len(table.loads)
    behind = 0
    for begin, end, need in reversed(table.spans):
        lowest: list[list[int]] = [[] for _ in masks]
        row = [behind]
        for place in range(end - 1, begin - 1, -1):
            for values, mask in zip(lowest, masks, strict=True):
                insort(values, table.loads[place] & mask)
                del values[need:]
            row = [sum(parts, behind) for parts in zip(*(accumulate(it, initial=0) for it in lowest), strict=True)]
            least[place] = row
        behind = row[need]
    return least


def _next_other(table: _Table) -> list[int]:
    """For every place the next one worth a try when it was passed over: one that is not the same, or worse."""
    following = list(range(1, len(table.loads) + 1))
    for begin, end, _ in table.spans:
        for place in range(end - 2, begin - 1, -1):
            other = place + 1
            while other < end and _is_no_better(table, other, place):
                other += 1
            following[place] = other
    return following


def _is_no_better(table: _Table, place: int, than: int) -> bool:
    excluded = table.excludes[than] & ~(1 << place)
    return table.loads[place] == table.loads[than] and not excluded & ~table.excludes[place]


def _exchanged(table: _Table) -> Choice:
    """Begin with the cheapest, and exchange one for another of its group as long as that takes the choice nearer."""
    cheapest = [place for begin, _, need in table.spans for place in range(begin, begin + need)]
    chosen, load = sum(1 << place for place in cheapest), sum(table.loads[place] for place in cheapest)
    clashes = sum((table.excludes[place] & chosen).bit_count() for place in cheapest) // 2
    at = _State(table.excess(load) + clashes, load >> table.price_bits, chosen, load, clashes)
    for _ in range(MAX_EXCHANGES):
        best = min(_neighbours(table, at), default=at)
        if not at.excess or best >= at:
            break
        at = best
    return table.choice(at.chosen, at.excess)


class _State(NamedTuple):
    """Where an exchange of candidates has come to; what is further down is better."""

    excess: float
    price: int
    chosen: int
    load: int
    clashes: int


def _neighbours(table: _Table, at: _State) -> Iterator[_State]:
    """Every choice that differs in one candidate; of those that are alike one is tried."""
    for begin, end, _ in table.spans:
        inside = _distinct(table, (place for place in range(begin, end) if at.chosen >> place & 1))
        outside = _distinct(table, (place for place in range(begin, end) if not at.chosen >> place & 1))
        for out in inside:
            left, load = at.chosen ^ 1 << out, at.load - table.loads[out]
            clashes = at.clashes - (table.excludes[out] & left).bit_count()
            for into in outside:
                clashing = clashes + (table.excludes[into] & left).bit_count()
                brought = load + table.loads[into]
                excess = table.excess(brought) + clashing
                yield _State(excess, brought >> table.price_bits, left | 1 << into, brought, clashing)


def _distinct(table: _Table, places: Iterable[int]) -> list[int]:
    return list({(table.loads[place], table.excludes[place]): place for place in places}.values())


def _places(chosen: int) -> Iterator[int]:
    while chosen:
        last = chosen & -chosen
        yield last.bit_length() - 1
        chosen ^= last
