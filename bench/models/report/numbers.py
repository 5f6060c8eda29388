"""How figures are said: rounded to what can be read, with their interval."""

import math
from typing import TypeGuard

from bench.models.figures import Measured
from bench.models.metrics import Metric

UNKNOWN = "\N{EN DASH}"
NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_TINY_P = 0.001


def value(figure: float | None, unit: str) -> str:
    """A figure in its unit, such as `93.1%`, `12.4 s` or `$0.0021`; a dash when it is not known."""
    if not _is_known(figure):
        return UNKNOWN
    return _in_unit(_bare(figure, unit), unit)


def interval(estimate: Measured, unit: str) -> str:
    """The 95% interval, such as `90.2 to 95.4%`; empty when there is none."""
    if not (_is_known(estimate.value) and _is_known(estimate.low) and _is_known(estimate.high)):
        return ""
    return _in_unit(f"{_bare(estimate.low, unit)} to {_bare(estimate.high, unit)}", unit)


def difference(estimate: Measured, unit: str) -> tuple[str, str]:
    """A difference with its sign and its interval; of shares in percentage points."""
    if not _is_known(estimate.value):
        return UNKNOWN, ""
    ending = " points" if unit == "share" else ""
    text = f"{_signed(estimate.value, unit)}{ending}"
    if not (_is_known(estimate.low) and _is_known(estimate.high)):
        return text, ""
    return text, f"{_signed(estimate.low, unit)} to {_signed(estimate.high, unit)}{ending}"


def wish(metric: Metric) -> str:
    """Which way is better, in words."""
    return "" if metric.better == "none" else f"{metric.better} is better"


def _is_known(figure: float | None) -> TypeGuard[float]:
    return figure is not None and math.isfinite(figure)


def _bare(figure: float, unit: str) -> str:
    match unit:
        case "share":
            return _rounded(100 * figure, 1)
        case "seconds" | "grade":
            return _rounded(figure, 1)
        case "usd":
            return _rounded(figure, max(2, min(8, 1 - _exponent(figure))))
        case "p":
            return f"< {_TINY_P}" if figure < _TINY_P else _rounded(figure, 3)
        case _:
            return _rounded(figure, max(0, min(6, 2 - _exponent(figure))))


def _in_unit(text: str, unit: str) -> str:
    match unit:
        case "share":
            return f"{text}%"
        case "seconds":
            return f"{text}{NO_BREAK}s"
        case "usd":
            return f"{_MINUS}${text.removeprefix(_MINUS)}" if text.startswith(_MINUS) else f"${text}"
        case _:
            return text


def _signed(figure: float, unit: str) -> str:
    bare = _bare(figure, unit)
    sign = "+" if not bare.startswith(_MINUS) and any(digit in bare for digit in "123456789") else ""
    return f"{sign}{bare}" if unit == "share" else f"{sign}{_in_unit(bare, unit)}"


def _rounded(figure: float, digits: int) -> str:
    size = f"{abs(figure):,.{digits}f}"
    return f"{_MINUS}{size}" if figure < 0 and any(digit in size for digit in "123456789") else size


def _exponent(figure: float) -> int:
    """The power of ten of the first digit; 1 for zero, which needs no decimals."""
    return math.floor(math.log10(abs(figure))) if figure else 1
