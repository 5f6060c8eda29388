"""What was planted beside what the benchmark found."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from bench.models.figures import Measured, Summary
from bench.models.intervals import wilson
from bench.models.records import ItemRecord, items_of
from bench.planted.vendors import PLANTED


class Recovered(msgspec.Struct, frozen=True):
    """A planted rate, and the estimate with its 95% interval."""

    subject: str
    rate: str
    planted: float
    found: Measured

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds what was planted."""
        low, high = self.found.low, self.found.high
        return low is not None and high is not None and low <= self.planted <= high


def recovered(summary: Summary, path: Path) -> list[Recovered]:
    """Every planted rate of the subjects in a run."""
    figures = {subject.subject: subject.figures for subject in summary.subjects}
    found = []
    for name, habits in PLANTED.items():
        if name not in figures:
            continue
        items = [item for item in items_of(path) if item.subject == name and not item.variant]
        found += [
            Recovered(name, "wrong keys", habits.wrong_key, figures[name]["key_suspicion"]),
            Recovered(name, "key the longest", habits.longest_key, _share(map(_is_longest, items))),
            Recovered(name, "key at B", habits.key_at_b, _share(item.key == 1 for item in items)),
            Recovered(name, "old items in retakes", habits.reworded, figures[name]["duplication"]),
            Recovered(name, "answers that follow the schema", 1 - habits.broken, figures[name]["schema_yield"]),
        ]
    return found


def _share(hits: Iterable[bool]) -> Measured:
    listed = list(hits)
    return wilson(sum(listed), len(listed))


def _is_longest(item: ItemRecord) -> bool:
    lengths = [len(option) for option in item.options]
    return lengths[item.key] == max(lengths) and lengths.count(max(lengths)) == 1
