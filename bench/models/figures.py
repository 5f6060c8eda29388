"""What is said of a subject: every figure with its interval."""

import msgspec

from bench.models.records import RunRecord


class Measured(msgspec.Struct, frozen=True):
    """A figure and its 95% interval; `n` is what it rests on. A figure that nothing is known of has the value None."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


class SubjectFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one subject, by the names of `bench.models.metrics.METRICS`, and what the plots show."""

    subject: str
    label: str
    model: str
    figures: dict[str, Measured]
    rejects: dict[str, int]
    flaws: dict[str, int]
    key_positions: tuple[int, ...]
    form_seconds: tuple[float, ...]
    first_item_seconds: tuple[float, ...]
    outcomes: dict[str, int]
    difficulties: dict[str, Measured]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two subjects on one metric; `difference` is first minus second, `p` is Holm's where there is a test.

    `verdict` is the name of the better one, or empty when no difference is shown.
    """

    metric: str
    first: str
    second: str
    difference: Measured
    p: float | None
    verdict: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in figures, subjects in the order in which they should be preferred."""

    run: RunRecord
    subjects: tuple[SubjectFigures, ...]
    comparisons: tuple[Comparison, ...]
    chain: tuple[str, ...] = ()
    chain_reasons: tuple[str, ...] = ()
