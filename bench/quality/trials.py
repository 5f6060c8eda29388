"""Attempts tried out on the writer, over real HTTP, with a vendor that obeys."""

from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.findings import Finding
from assessment.models import Item, Question
from assessment.sets.shuffle import show
from bench.models.runner.observing import ObservedPool
from fakes.injection import student
from fakes.injection.corpus import Attempt, Misdeed
from fakes.injection.vendor import Obeyed, ObeyingVendor, seen_as
from fakes.vendor_server import VendorServer
from providers.build import build_vendors
from providers.config import ProvidersConfig, load

SECONDS = 20.0
KEY = "sk-key-that-no-item-may-hold"

WHOLLY, HALF = 1.0, 0.5
SHARES = (WHOLLY, HALF)

# Items in which nothing is left of the order: the shuffle undoes a place, and fields nobody asked for are not read.
UNDONE = frozenset({Misdeed.POSITION, Misdeed.CALL, Misdeed.SCORE})

# What no rule sees in an item, and the shuffle does not undo: a sign agreed between student and vendor, a word of
# the student's that comes back, another subject, and ways to tell the key that nobody thought of.
LIMITS = frozenset({Misdeed.SIGN, Misdeed.CODE_WORD, Misdeed.EASY, Misdeed.UNFORESEEN})

_VENDOR = (
    "  - {{name: {name}, model: openai/gpt-4o-mini, stream: false, api_base: '{url}', api_key: '${{VENDOR_KEY}}'}}\n"
)


class Trial(msgspec.Struct):
    """What came of one attempt: the questions that were shown, if any, and what the vendor did and got."""

    attempt: Attempt
    share: float
    questions: tuple[Question, ...] | None
    vendors: frozenset[str]
    obeyed: list[Obeyed]
    heard: set[str]
    accepted: list[Obeyed]
    requests: list[dict[str, Any]]

    @property
    def was_heard(self) -> bool:
        """Whether the order arrived at the vendor."""
        return self.attempt.id in self.heard

    @property
    def let_through(self) -> list[Obeyed]:
        """What was written under orders, passed the rules, and still does what it was told to do."""
        return [each for each in self.accepted if each.misdeed not in UNDONE]


class Judgements:
    """Sees every item as it is judged."""

    def __init__(self) -> None:
        self.accepted: list[Item] = []

    def judged(self, item: Item, findings: tuple[Finding, ...], *, accepted: bool) -> None:  # noqa: ARG002 - an Observer
        if accepted:
            self.accepted.append(item)


async def tried(
    attempt: Attempt, share: float, vendor: ObeyingVendor, sound: VendorServer | None = None, *, first_turn: int = 0
) -> Trial:
    """Have a set written for a student with this attempt; a `sound` vendor stands behind the one that obeys."""
    judgements = Judgements()
    vendor.begin(share, first_turn)
    urls = {"obeying": vendor.base_url} | ({"sound": sound.base_url} if sound else {})
    snapshot = build_vendors(_config(urls), make_pool=partial(ObservedPool, observer=judgements))
    try:
        written = await snapshot.write(student.brief(attempt), Deadline(SystemClock(), SECONDS))
    except GenerationFailed:
        questions, vendors = None, frozenset[str]()
    else:
        questions = show(written.items, Random(attempt.id))  # noqa: S311 - the same shuffle every time
        vendors = frozenset(share.vendor for share in written.provenance.vendors)
    accepted = {seen_as(item.stem, item.options) for item in judgements.accepted}
    return Trial(
        attempt=attempt,
        share=share,
        questions=questions,
        vendors=vendors,
        obeyed=vendor.obeyed,
        heard=vendor.heard,
        accepted=[each for each in vendor.obeyed if each.shown in accepted],
        requests=list(vendor.requests),
    )


def _config(urls: dict[str, str]) -> ProvidersConfig:
    vendors = "".join(_VENDOR.format(name=name, url=url) for name, url in urls.items())
    settings = f"vendors:\n{vendors}chain: [{', '.join(urls)}]\nhedge: {{max_extra_share: 0.0}}\n"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "providers.yaml"
        path.write_text(settings, encoding="utf-8")
        return load(path, {"VENDOR_KEY": KEY})
