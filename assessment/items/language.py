"""What the rules know of a language: its small words, and the words by which a test gives its key away.

The tables are the files in `languages/`. Rules that need such words stay silent for a language without a table; all
others work in every script.
"""

from importlib.resources import files
from typing import Any

import msgspec

LATIN = "Latin"
WITH_TABLES = ("en", "de", "fr", "es")
FOLDER = files("assessment.items") / "languages"


class Language(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words are folded. The patterns are regular expressions for folded text.

    `script` is the Unicode script most letters have to be in. `distinctive` are small words that a text of some length
    in this language can hardly do without, and that the other languages here do not share. Every text that a pattern of
    `instructions` finds has a word that begins with one of `order_words`. `articles` are those that have to fit the
    sound of the next word. `task_words` tell what one does with a concept, of whatever skill, or say nothing of it.
    A verdict calls something `sound` or `faulty`; after a word of `reservations` it is taken back.
    """

    code: str = ""
    script: str = ""
    stop_words: frozenset[str] = frozenset()
    distinctive: frozenset[str] = frozenset()
    absolutes: frozenset[str] = frozenset()
    vague: frozenset[str] = frozenset()
    negatives: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    task_words: frozenset[str] = frozenset()
    sound: frozenset[str] = frozenset()
    faulty: frozenset[str] = frozenset()
    reservations: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    order_words: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    unfocused: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    asks_biography: tuple[str, ...] = ()


def language_of(code: str) -> Language:
    """The table of a language; an empty one for a code that is not known."""
    return LANGUAGES.get(code, _UNKNOWN)


def _with_table(code: str) -> Language:
    """Read a table: lists of words are written as one text, patterns one by one."""
    table = _toml(f"{code}.toml")
    words = {name: text.split() for name, text in table.items() if isinstance(text, str) and name != "script"}
    return msgspec.convert({"code": code, **table, **words}, Language)


def _with_script_only() -> dict[str, Language]:
    return {
        code: Language(code=code, script=script)
        for script, codes in _toml("scripts.toml").items()
        for code in codes.split()
    }


def _toml(name: str) -> dict[str, Any]:
    return msgspec.toml.decode((FOLDER / name).read_bytes(), type=dict[str, Any])


_UNKNOWN = Language()
LANGUAGES: dict[str, Language] = _with_script_only() | {code: _with_table(code) for code in WITH_TABLES}
