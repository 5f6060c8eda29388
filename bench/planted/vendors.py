"""Vendors over real HTTP whose faults are known to the item.

The right option of an item follows from its stem and its options by a digest, so that a vendor who knows the digest
can solve every question, can only guess when the stem is hidden, and needs no memory of who wrote what.
"""

import hashlib
import json
import random
import re
from collections import Counter
from typing import Any

import msgspec

from fakes.item_maker import distractors_for, make
from fakes.vendor_server import Pace, VendorServer
from fakes.vendor_server.answers import Answer
from fakes.vendor_server.asked import Asked
from fakes.vendor_server.behaviours import Behaviour
from fakes.vendor_server.connection import Connection
from fakes.vendor_server.counters import Bill
from fakes.vendor_server.delivery import Call, deliver
from fakes.vendor_server.dialects import Dialect
from fakes.vendor_server.pace import pause

Draft = dict[str, Any]

_QUIZ = re.compile(r'\[\{"question":1,.*\}\]')
_ASKED_BEFORE = re.compile(r'"asked_before":(\{.*?\})')
_CLOSINGS = ("today", "soon", "again", "first", "twice")
_ADJECTIVES = ("quiet", "recent", "second", "useful", "ordinary", "local")
_REMEMBERED = 90  # characters of a stem that a prompt gives of what was asked before
_TELLING_WORDS = 4  # of an option: what a habit adds behind them changes nothing about what is right


class Habits(msgspec.Struct, frozen=True):
    """Shares of all items, kept evenly; `broken` of all calls, by chance. Price in US dollars per million tokens."""

    wrong_key: float = 0.0
    longest_key: float = 0.0
    reworded: float = 0.0
    key_at_b: float = 0.25
    broken: float = 0.0
    latency: float = 0.0
    price: float = 1.0


PLANTED: dict[str, Habits] = {
    "honest": Habits(),
    "wrong-keys": Habits(wrong_key=0.1),
    "longest-key": Habits(longest_key=0.6),
    "rewords": Habits(reworded=0.2),
    "at-b": Habits(key_at_b=0.615),
    "slow": Habits(latency=0.4),
    "dear": Habits(price=10.0),
    "flaky": Habits(broken=0.3),
}
ORACLE = "oracle"


class PlantedVendor(VendorServer):
    """Writes sound items with the given habits, and solves every quiz that shows it the stems."""

    def __init__(self, habits: Habits, seed: int) -> None:
        broken = f"{habits.broken:.0%} server_error" if habits.broken else Behaviour.GOOD
        super().__init__((broken,), habits.latency, pace=Pace(), seed=seed, keep=0)
        self.habits = habits
        self._drafts: dict[str, Draft] = {}
        self._written = 0
        self._chances: Counter[str] = Counter()

    async def _answer(
        self, asked: Asked, behaviour: Behaviour, dialect: Dialect, connection: Connection, bill: Bill
    ) -> None:
        if behaviour is not Behaviour.GOOD:
            await super()._answer(asked, behaviour, dialect, connection, bill)
            return
        await pause(self._clock, self.pace.latency)
        bill.status = 200
        quiz = None if asked.flawed else _QUIZ.search(asked.prompt)
        text = _solved(json.loads(quiz[0])) if quiz else self._written_text(asked)
        dice = random.Random(asked.number)  # noqa: S311 - only the pace depends on it
        await deliver(Call(asked, behaviour, dialect, self.pace, self._clock, dice, connection, bill, Answer(text)))

    def _written_text(self, asked: Asked) -> str:
        if not asked.flawed:
            return json.dumps({"items": self._items(asked)})
        repairs = [{"question": it["question"], "distractors": self._distractors(it)} for it in asked.flawed]
        return json.dumps({"repairs": repairs})

    def _distractors(self, flawed: dict[str, Any]) -> list[str]:
        """Others beside which the key is right by the digest, too."""
        stem, key = flawed["stem"], flawed["right"]
        found: list[str] = []
        while len(found) < 3:
            self._written += 1
            others = distractors_for(key, f"planted-{self.seed}-{self._written}")
            found += [it for it in others if _digest(stem, it) > _digest(stem, key) and it not in found]
        return found[:3]

    def _items(self, asked: Asked) -> list[Draft]:
        found = _ASKED_BEFORE.search(asked.prompt)
        before = [stem for stems in json.loads(found[1]).values() for stem in stems] if found else []
        return [{"skill": skill, "source": source, **self._draft(before)} for skill, source in asked.pairs]

    def _draft(self, before: list[str]) -> Draft:
        self._written += 1
        rng = random.Random(f"{self.seed}:{self._written}")  # noqa: S311 - repeatable on purpose
        draft = make(f"planted-{self.seed}-{self._written}")
        known = [self._drafts[stem] for stem in before if stem in self._drafts]
        if known and self._is_due("reworded"):
            old = rng.choice(known)
            draft = {**draft, "stem": _reworded(old["stem"], rng)}
        draft = self._keyed(draft, rng)
        self._drafts[draft["stem"][:_REMEMBERED]] = draft
        return draft

    def _keyed(self, draft: Draft, rng: random.Random) -> Draft:
        """Put the key where the habits want it, and make it the longest if they do."""
        options, right = list(draft["options"]), right_option(draft["stem"], draft["options"])
        wrong = [index for index in range(len(options)) if index != right]
        key = rng.choice(wrong) if self._is_due("wrong_key") else right
        if self._is_due("longest_key"):
            options[key] += f" {rng.choice(_CLOSINGS)}"
        text = options.pop(key)
        place = 1 if self._is_due("key_at_b") else rng.choice((0, 2, 3))
        options.insert(place, text)
        return {**draft, "options": options, "key": place}

    def _is_due(self, habit: str) -> bool:
        """Tell whether a habit shows this time, so that its share of all times is kept."""
        share: float = getattr(self.habits, habit)
        before = self._chances[habit]
        self._chances[habit] += 1
        return int((before + 1) * share) > int(before * share)


def right_option(stem: str, options: list[str]) -> int:
    """The option that is right, by the digest."""
    return min(range(len(options)), key=lambda index: _digest(stem, options[index]))


def _solved(quiz: list[dict[str, Any]]) -> str:
    answers = []
    for entry in quiz:
        letters, options = list(entry["options"]), list(entry["options"].values())
        stem = entry["stem"].rpartition("\n")[2]
        answers.append({"question": entry["question"], "choice": letters[right_option(stem, options)]})
    return json.dumps({"answers": answers})


def _digest(stem: str, option: str) -> bytes:
    telling = " ".join(option.split()[:_TELLING_WORDS])
    return hashlib.blake2b(f"{stem}\n{telling}".encode(), digest_size=8).digest()


def _reworded(stem: str, rng: random.Random) -> str:
    words = stem.split()
    for place in rng.sample(range(2, len(words) - 2), 2):
        words[place] = rng.choice(_ADJECTIVES)
    return " ".join(words)
