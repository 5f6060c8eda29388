"""Whose notices of a platform are delivered next: fair shares of its places, whichever receiver hangs."""

from collections import Counter
from collections.abc import Mapping
from operator import itemgetter

from assessment.notices import Line

PLACES = 16  # deliveries of one platform side by side, in one process
PLACES_PER_LINE = 8


def fair_shares(due: Mapping[Line, int], under_way: Counter[Line]) -> dict[Line, int]:
    """Say how many notices of each line to begin, given how many are due and how many are under way.

    Each free place goes to the line that holds the fewest; among equals to the one that stands first in `due`.
    """
    asked = [
        (place, line)
        for line, count in due.items()
        for place in range(under_way[line], min(under_way[line] + count, PLACES_PER_LINE))
    ]
    free = max(0, PLACES - under_way.total())
    return Counter(line for _, line in sorted(asked, key=itemgetter(0))[:free])
