"""What a rule says about an item or a set."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """A hard finding keeps an item from being asked; a soft one costs it points."""

    HARD = "hard"
    SOFT = "soft"


class Finding(msgspec.Struct, frozen=True):
    """What a rule saw: its name, how bad it is, and the evidence in a few words, never a whole key."""

    rule: str
    severity: Severity
    seen: str


def hard(rule: str, seen: str) -> Finding:
    return Finding(rule, Severity.HARD, seen)


def soft(rule: str, seen: str) -> Finding:
    return Finding(rule, Severity.SOFT, seen)
