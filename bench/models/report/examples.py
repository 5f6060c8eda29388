"""A few items of every subject to read: figures alone hide what a question looks like."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from assessment.findings import Severity
from bench.models.records import ItemRecord

PER_KIND = 3


class Examples(msgspec.Struct, frozen=True):
    """Items of one subject: some that were asked, some that a hard rule turned away."""

    good: tuple[ItemRecord, ...] = ()
    rejected: tuple[ItemRecord, ...] = ()


class _Shelf:
    """Keeps the first item of each kind, and fills up with the first of the others."""

    def __init__(self, kind_of: Callable[[ItemRecord], str]) -> None:
        self._kind_of = kind_of
        self._kinds: dict[str, ItemRecord] = {}
        self._others: list[ItemRecord] = []

    def offer(self, item: ItemRecord) -> None:
        kind = self._kind_of(item)
        if kind not in self._kinds and len(self._kinds) < PER_KIND:
            self._kinds[kind] = item
        elif len(self._others) < PER_KIND:
            self._others.append(item)

    def chosen(self) -> tuple[ItemRecord, ...]:
        return (*self._kinds.values(), *self._others)[:PER_KIND]


def choose(items: Iterable[ItemRecord]) -> dict[str, Examples]:
    """Up to three good and three rejected items per subject, in one pass that keeps nothing else.

    Good ones are taken from different profiles and rejected ones from different rules, as far as there are such.
    """
    good: Mapping[str, _Shelf] = defaultdict(lambda: _Shelf(lambda item: item.profile))
    rejected: Mapping[str, _Shelf] = defaultdict(lambda: _Shelf(_hard_rule))
    for item in items:
        if item.variant:
            continue
        if not item.accepted:
            rejected[item.subject].offer(item)
        elif item.in_form:
            good[item.subject].offer(item)
    subjects = {*good, *rejected}
    return {subject: Examples(good[subject].chosen(), rejected[subject].chosen()) for subject in subjects}


def _hard_rule(item: ItemRecord) -> str:
    return next((finding.rule for finding in item.findings if finding.severity is Severity.HARD), "")
