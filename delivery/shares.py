"""Whose notices are delivered next: fair shares of the places, whoever has how much that waits or hangs."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from operator import itemgetter

from assessment.notices import Line

PLACES = 64  # deliveries of one process side by side
PLACES_PER_PLATFORM = 16  # a platform whose receivers all hang leaves three quarters of the places to the others
PLACES_PER_LINE = 8


def fair_shares(due: Mapping[Line, int], under_way: Counter[Line]) -> dict[Line, int]:
    """Say how many notices of each line to begin, given how many are due and how many are under way.

    Each free place goes to the platform that holds the fewest, and within it to the line that holds the fewest;
    among equals to the one that stands first in `due`.
    """
    of_platform = defaultdict[int, list[tuple[int, Line]]](list)
    for line, count in due.items():
        begun = under_way[line]
        places = range(begun, min(begun + count, PLACES_PER_LINE))
        of_platform[line.platform_id] += [(place, line) for place in places]
    held = Counter[int]()
    for line, count in under_way.items():
        held[line.platform_id] += count
    asked: list[tuple[int, Line]] = []
    for platform_id, places_asked in of_platform.items():
        in_turn = [line for _, line in sorted(places_asked, key=itemgetter(0))]
        asked += zip(range(held[platform_id], PLACES_PER_PLATFORM), in_turn, strict=False)
    first = sorted(asked, key=itemgetter(0))[: max(0, PLACES - under_way.total())]
    return Counter(line for _, line in first)
