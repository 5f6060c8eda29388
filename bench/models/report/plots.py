"""The plots of a report, each drawn twice: wide, and narrow for a phone, where a shrunk one could not be read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox, IdentityTransform

from bench.models.figures import Measured, SubjectFigures, Summary
from bench.models.report import numbers
from bench.models.report.svg import COLOURS, figure, inline
from bench.models.report.tables import LETTERS, OTHER_RULES, RULES_SHOWN, common_rules, difficulties, said

WIDE, NARROW = 940, 350
_ROW = 54  # pixels of a subject: its name, its bar and air
_BAR = 0.36
_CHARACTER = 7.2  # pixels of an average character at 12 px, rounded up
_BINS = 100
_GUESS = 0.25
_LOG_SPAN = 8
_DASHED: Mapping[str, Any] = {"color": COLOURS["ink"], "linewidth": 1, "linestyle": (0, (4, 3)), "zorder": 0.9}


class Mark(msgspec.Struct, frozen=True):
    """A line of a legend: the style of the page that a colour comes from, what it stands for, and how it is drawn."""

    style: str
    text: str
    shape: Literal["filled", "hollow", "dashed"] = "filled"


class Plot(msgspec.Struct, frozen=True):
    """A plot for wide and for narrow pages, and its legend."""

    wide: str
    narrow: str
    marks: tuple[Mark, ...] = ()


def pareto(summary: Summary) -> Plot:
    """Price per accepted item against the share of accepted items; a larger point is slower."""
    subjects = priced(summary)
    if not subjects:
        return Plot("", "")
    budget = summary.run.budget_seconds

    def draw(width: float) -> Figure:
        drawn = figure(width, 400)
        axes = _axes(drawn, left=52, right=16, top=14, bottom=48)
        _price_axes(axes, [subject for _, subject in subjects])
        _frontier(axes, [subject for _, subject in subjects])
        for _, subject in subjects:
            _priced_point(axes, subject, budget)
        _labels_beside(axes, subjects, with_names=width == WIDE)
        return drawn

    label = "Price per accepted item against the share of items accepted. " + "; ".join(
        f"{_name(number, subject)}: {_money(subject)}, {_percent(_known(subject, 'accepted_rate'))} accepted"
        for number, subject in subjects
    )
    paces = (f"p95 of a set up to {budget / 2:g} s", f"up to {budget:g} s", "longer than the budget")
    slow = tuple(Mark(f"o{step}", text) for step, text in enumerate(paces))
    return _plot("pareto", label, draw, (*slow, Mark("o0", "seconds not known", "hollow")))


def latency(summary: Summary) -> Plot:
    """How long sets took, a histogram per subject over the time from the request."""
    if not any(subject.form_seconds for subject in summary.subjects):
        return Plot("", "")
    budget = summary.run.budget_seconds
    longest = max((*(second for subject in summary.subjects for second in subject.form_seconds), budget)) * 1.03
    edges = np.linspace(0, longest, _BINS + 1)

    def draw(width: float) -> Figure:
        drawn, axes = _rows(
            summary.subjects, width, _latency_note if width == WIDE else None, "seconds from the request"
        )
        axes.set_xlim(0, longest)
        axes.xaxis.set_major_locator(MaxNLocator(8 if width == WIDE else 5))
        for row, subject in enumerate(summary.subjects):
            _histogram(axes, row, subject.form_seconds, edges, is_filled=True)
            _histogram(axes, row, subject.first_item_seconds, edges, is_filled=False)
        axes.axvline(budget, **_DASHED)
        return drawn

    label = "How long sets took. " + "; ".join(
        f"{_name(number, subject)}: {_latency_note(subject)}" for number, subject in enumerate(summary.subjects, 1)
    )
    marks = (
        Mark("accent", "whole set"),
        Mark("ink", "first item", "hollow"),
        Mark("ink", f"the budget of {budget:g} s", "dashed"),
    )
    return _plot("latency", label, draw, marks)


def rules(summary: Summary, counts: Sequence[Mapping[str, int]], name: str, label: str) -> Plot:
    """Stacked bars of how often each rule was broken, per subject; rare rules are taken together."""
    order = common_rules(counts)
    if not order:
        return Plot("", "")
    shown = order if len(order) <= RULES_SHOWN + 1 else order[:RULES_SHOWN]
    stacks = [_stack(found, shown, has_rest=shown != order) for found in counts]
    totals = [sum(stack) for stack in stacks]

    def draw(width: float) -> Figure:
        notes = {subject.subject: f"{total:,}" for subject, total in zip(summary.subjects, totals, strict=True)}
        drawn, axes = _rows(summary.subjects, width, lambda subject: notes[subject.subject], "findings")
        axes.set_xlim(0, max(totals))
        axes.xaxis.set_major_locator(MaxNLocator(6 if width == WIDE else 4, integer=True))
        for row, stack in enumerate(stacks):
            for step, (start, size) in enumerate(_stacked(stack)):
                _bar(axes, row, start, size, f"c{step}")
        return drawn

    spoken = f"{label}. " + "; ".join(
        f"{_name(number, subject)}: {total}"
        for number, (subject, total) in enumerate(zip(summary.subjects, totals, strict=True), 1)
    )
    names = [said(rule) for rule in shown] + ([OTHER_RULES] if shown != order else [])
    return _plot(name, spoken, draw, tuple(Mark(f"c{step}", text) for step, text in enumerate(names)))


def key_positions(summary: Summary) -> Plot:
    """The share of keys at each place among the options; dashed lines show an even spread."""
    width_of = max((len(subject.key_positions) for subject in summary.subjects), default=0)
    if not any(sum(subject.key_positions) for subject in summary.subjects):
        return Plot("", "")

    def draw(width: float) -> Figure:
        drawn, axes = _rows(summary.subjects, width)
        axes.set_xlim(0, 1)
        _percent_axis(axes)
        for row, subject in enumerate(summary.subjects):
            _positions(axes, row, subject.key_positions)
        for place in range(1, width_of):
            axes.axvline(place / width_of, **_DASHED)
        return drawn

    label = "Where keys stand among the options. " + "; ".join(
        f"{_name(number, subject)}: "
        + ", ".join(f"{letter} {count}" for letter, count in zip(LETTERS, subject.key_positions, strict=False))
        for number, subject in enumerate(summary.subjects, 1)
    )
    marks = tuple(Mark(f"o{place % 4}", f"key at {letter}") for place, letter in enumerate(LETTERS[:width_of]))
    return _plot("keys", label, draw, (*marks, Mark("ink", "an even spread", "dashed")))


def difficulty(summary: Summary) -> Plot:
    """Blind solvers' share of right answers, by the difficulty that the writer states."""
    names = difficulties(summary.subjects)
    if not any(found.value is not None for subject in summary.subjects for found in subject.difficulties.values()):
        return Plot("", "")

    def draw(width: float) -> Figure:
        drawn, axes = _rows(summary.subjects, width)
        axes.set_xlim(0, 1)
        _percent_axis(axes)
        axes.axvline(_GUESS, **_DASHED)
        for row, subject in enumerate(summary.subjects):
            for step, name in enumerate(names):
                height = row + (step - (len(names) - 1) / 2) * 0.17 + 0.06
                _dot(axes, height, subject.difficulties.get(name, Measured(None)), f"c{step % 7}", "osD^v"[step % 5])
        return drawn

    label = "Blind solvers' share of right answers by difficulty. " + "; ".join(
        f"{_name(number, subject)}: "
        + ", ".join(f"{name} {numbers.value(found.value, 'share')}" for name, found in subject.difficulties.items())
        for number, subject in enumerate(summary.subjects, 1)
    )
    marks = tuple(Mark(f"c{step % 7}", name) for step, name in enumerate(names))
    return _plot("difficulty", label, draw, (*marks, Mark("ink", "guessing among four options", "dashed")))


def priced(summary: Summary) -> list[tuple[int, SubjectFigures]]:
    """Subjects with a price and a share of accepted items, each with its number."""
    needed = ("usd_per_accepted", "accepted_rate")
    return [
        (number, subject)
        for number, subject in enumerate(summary.subjects, 1)
        if all(_value(subject, name) is not None for name in needed)
    ]


def _plot(name: str, label: str, draw: Callable[[float], Figure], marks: tuple[Mark, ...]) -> Plot:
    wide = inline(draw(WIDE), f"{name}-wide", label, "plot wide")
    narrow = inline(draw(NARROW), f"{name}-narrow", label, "plot narrow")
    return Plot(wide, narrow, marks)


def _axes(drawn: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in pixels."""
    width, height = drawn.get_size_inches() * drawn.dpi
    axes = drawn.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    axes.patch.set_alpha(0)
    axes.set_axisbelow(True)
    axes.grid(color=COLOURS["grid"], linewidth=1)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(which="both", length=0, colors=COLOURS["muted"], labelsize=12)
    return axes


def _rows(
    subjects: Sequence[SubjectFigures],
    width: float,
    note: Callable[[SubjectFigures], str] | None = None,
    title: str = "",
) -> tuple[Figure, Axes]:
    """Axes with a row per subject, its name above the bar and a note at the right end."""
    foot = 50 if title else 30
    drawn = figure(width, _ROW * len(subjects) + foot + 2)
    axes = _axes(drawn, left=10, right=18, top=2, bottom=foot)
    axes.set_xlabel(title, color=COLOURS["muted"], fontsize=12)
    axes.set_ylim(len(subjects) - 0.5, -0.5)
    axes.set_yticks([])
    for row, subject in enumerate(subjects):
        remark = note(subject) if note else ""
        room = int((width - 28) / _CHARACTER) - len(remark) - 1
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "fontsize": 12, "va": "bottom", **_covering()}
        axes.text(0, row - _BAR / 2 - 0.06, _shortened(_name(row + 1, subject), room), **_inked("ink"), **place)
        if remark:
            axes.text(1, row - _BAR / 2 - 0.06, remark, ha="right", **_inked("muted"), **place)
    return drawn, axes


def _inked(role: str) -> dict[str, Any]:
    return {"color": COLOURS[role], "parse_math": False}


def _covering() -> dict[str, Any]:
    """A patch of the page's surface under a text, so that no line runs through it."""
    return {"bbox": {"facecolor": COLOURS["surface"], "edgecolor": "none", "pad": 1}}


def _shortened(name: str, room: int) -> str:
    """A long name without its middle: its number and both ends tell it from others."""
    if len(name) <= room:
        return name
    half = max(1, (room - 1) // 2)
    return f"{name[: room - 1 - half]}…{name[-half:]}"


def _bar(axes: Axes, row: int, start: float, size: float, role: str) -> None:
    if size:
        axes.add_patch(
            Rectangle(
                (start, row - _BAR / 2), size, _BAR, facecolor=COLOURS[role], edgecolor=COLOURS["surface"], linewidth=1
            )
        )


def _histogram(axes: Axes, row: int, seconds: Sequence[float], edges: np.ndarray, *, is_filled: bool) -> None:
    """A histogram that stands on the foot of its row, from its first bin to its last."""
    if not seconds:
        return
    counts, _ = np.histogram(seconds, edges)
    filled = np.flatnonzero(counts)
    counts, edges = counts[filled[0] : filled[-1] + 1], edges[filled[0] : filled[-1] + 2]
    foot = row + 0.36
    heights = foot - counts / counts.max() * (_BAR + 0.14)
    if is_filled:
        axes.stairs(heights, edges, baseline=foot, fill=True, color=COLOURS["accent"], linewidth=0)
    else:
        axes.stairs(heights, edges, baseline=foot, color=COLOURS["ink"], linewidth=1.2)


def _latency_note(subject: SubjectFigures) -> str:
    half, most = (numbers.value(_value(subject, name), "seconds") for name in ("form_p50", "form_p95"))
    return f"p50 {half}, p95 {most}"


def _stack(found: Mapping[str, int], shown: Sequence[str], *, has_rest: bool) -> list[int]:
    stack = [found.get(rule, 0) for rule in shown]
    return [*stack, sum(found.values()) - sum(stack)] if has_rest else stack


def _stacked(stack: Sequence[float]) -> Iterator[tuple[float, float]]:
    start = 0.0
    for size in stack:
        yield start, size
        start += size


def _positions(axes: Axes, row: int, counts: tuple[int, ...]) -> None:
    total = sum(counts)
    if not total:
        return
    room = axes.get_window_extent().width
    for place, (start, share) in enumerate(_stacked([count / total for count in counts])):
        _bar(axes, row, start, share, f"o{place % 4}")
        label = f"{LETTERS[place]} {100 * share:.0f}%"
        if room * share > _CHARACTER * len(label):
            middle = start + share / 2
            axes.text(middle, row, label, fontsize=11, ha="center", va="center", **_inked(f"o{place % 4}-ink"))


def _dot(axes: Axes, height: float, found: Measured, role: str, marker: str) -> None:
    if found.value is None:
        return
    if found.low is not None and found.high is not None:
        axes.hlines(height, found.low, found.high, color=COLOURS[role], linewidth=2)
    axes.plot(found.value, height, marker=marker, color=COLOURS[role], markersize=6, clip_on=False)


def _percent_axis(axes: Axes) -> None:
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])


def _price_axes(axes: Axes, subjects: Sequence[SubjectFigures]) -> None:
    prices = [_known(subject, "usd_per_accepted") for subject in subjects]
    rates = [_known(subject, "accepted_rate") for subject in subjects]
    if min(prices) > 0 and max(prices) / min(prices) > _LOG_SPAN:
        axes.set_xscale("log")
        axes.set_xlim(min(prices) / 1.8, max(prices) * 1.8)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, max(prices) * 1.15 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda price, _: f"${price:g}"))
    lowest = min(min(rates), *(_low(subject) for subject in subjects))
    axes.set_ylim(max(-0.03, lowest - 0.08), 1.04)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}%"))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("US dollars per accepted item", color=COLOURS["muted"], fontsize=12)


def _frontier(axes: Axes, subjects: Sequence[SubjectFigures]) -> None:
    """A line through the subjects that no other beats on both price and acceptance."""
    best = -1.0
    corners = []
    found = [(_known(subject, "usd_per_accepted"), _known(subject, "accepted_rate")) for subject in subjects]
    for price, rate in sorted(found, key=lambda point: (point[0], -point[1])):
        if rate > best:
            best = rate
            corners.append((price, rate))
    for (price, rate), (next_price, next_rate) in pairwise(corners):
        steps = [price, next_price, next_price], [rate, rate, next_rate]
        axes.plot(*steps, color=COLOURS["muted"], linewidth=1.2, linestyle=(0, (2, 3)))


def _priced_point(axes: Axes, subject: SubjectFigures, budget: float) -> None:
    price, rate = _known(subject, "usd_per_accepted"), _known(subject, "accepted_rate")
    for name, is_price in (("usd_per_accepted", True), ("accepted_rate", False)):
        found = subject.figures[name]
        if found.low is not None and found.high is not None:
            ends = ([found.low, found.high], [rate, rate]) if is_price else ([price, price], [found.low, found.high])
            axes.plot(*ends, color=COLOURS["muted"], linewidth=1)
    seconds = _value(subject, "form_p95")
    pace = 0 if seconds is None else sum(seconds > limit for limit in (budget / 2, budget))
    fill = COLOURS["surface"] if seconds is None else COLOURS[f"o{pace}"]
    size = 11 + 5 * pace
    axes.plot(price, rate, "o", markersize=size, markerfacecolor=fill, markeredgecolor=COLOURS["ink"], zorder=3)


def _labels_beside(axes: Axes, subjects: Sequence[tuple[int, SubjectFigures]], *, with_names: bool) -> None:
    """Write each label at the first place around its point that is free of points and of other labels."""
    points = [
        axes.transData.transform((_known(subject, "usd_per_accepted"), _known(subject, "accepted_rate")))
        for _, subject in subjects
    ]
    taken = [Bbox.from_bounds(x - 9, y - 9, 18, 18) for x, y in points]
    inside = axes.get_window_extent()
    for (number, subject), (x, y) in zip(subjects, points, strict=True):
        text = _shortened(_name(number, subject), 30) if with_names else str(number)
        label = axes.text(
            0, 0, text, fontsize=12, transform=IdentityTransform(), zorder=2.5, **_covering(), **_inked("ink")
        )
        taken.append(_place(label, (float(x), float(y)), taken, inside))


def _place(label: Text, point: tuple[float, float], taken: Sequence[Bbox], inside: Bbox) -> Bbox:
    x, y = point
    for across, up, side in _spots():
        label.set_position((x + across, y + up))
        label.set_horizontalalignment(side)
        label.set_verticalalignment("center")
        box = label.get_window_extent()
        if inside.x0 <= box.x0 and box.x1 <= inside.x1 and not any(box.overlaps(other) for other in taken):
            return box
    return box


def _spots() -> Iterator[tuple[float, float, Literal["left", "center", "right"]]]:
    for distance in range(0, 120, 15):
        for up in {distance, -distance}:
            yield 15, up, "left"
            yield -15, up, "right"
        yield 0, distance + 18, "center"
        yield 0, -distance - 18, "center"


def _name(number: int, subject: SubjectFigures) -> str:
    return f"{number} {subject.subject}"


def _value(subject: SubjectFigures, name: str) -> float | None:
    return subject.figures.get(name, Measured(None)).value


def _known(subject: SubjectFigures, name: str) -> float:
    return _value(subject, name) or 0.0


def _low(subject: SubjectFigures) -> float:
    low = subject.figures["accepted_rate"].low
    return _known(subject, "accepted_rate") if low is None else low


def _money(subject: SubjectFigures) -> str:
    return numbers.value(_value(subject, "usd_per_accepted"), "usd")


def _percent(share: float) -> str:
    return numbers.value(share, "share")
