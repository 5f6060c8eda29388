"""The wire cases: each alone and before a sound vendor, one set of ten, through LiteLLM over HTTP."""

import asyncio
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.models import Item
from bench.chaos.ours import BRIEF, KEY, TOTAL
from bench.chaos.plan import Scale
from bench.kept_attempts import KeptAttempts
from fakes.vendor_server import VendorServer
from fakes.wire_cases import CASES, Case, CaseServer, load
from providers.build import build_vendors
from providers.config import ProvidersConfig, VendorConfig
from providers.snapshot import Snapshot

FIRST, SOUND = "first", "sound"
AT_ONCE = 4


class WireRun(msgspec.Struct, frozen=True):
    """What came of one case: seconds of its clock, questions, those with a wrong key, and how its calls ended."""

    seconds: float
    items: int
    wrong_keys: int
    outcomes: dict[str, int]

    def keeps_to(self, case: Case, *, alone: bool) -> bool:
        """Whether it is what the case's file says."""
        wanted = case.alone if alone else TOTAL
        seen = not alone or set(case.outcomes) <= set(self.outcomes)
        return self.items == wanted and not self.wrong_keys and seen


class WireResult(msgspec.Struct, frozen=True):
    """A case and its two runs."""

    case: Case
    alone: WireRun
    before_sound: WireRun

    @property
    def is_missed(self) -> bool:
        """Whether it came to something else than its file says."""
        return not (self.alone.keeps_to(self.case, alone=True) and self.before_sound.keeps_to(self.case, alone=False))


async def run_all(scale: Scale) -> list[WireResult]:
    """Every case, a few at a time."""
    places = asyncio.Semaphore(AT_ONCE)
    await run(load(CASES[0]), scale, alone=False)  # imports LiteLLM

    async def both(case: Case) -> WireResult:
        async with places:
            alone = await run(case, scale, alone=True)
            return WireResult(case, alone, await run(case, scale, alone=False))

    return list(await asyncio.gather(*(both(load(name)) for name in CASES)))


async def run(case: Case, scale: Scale, *, alone: bool) -> WireRun:
    """Write one set with a vendor of this case, and a sound one behind it unless it is alone."""
    attempts = KeptAttempts()
    async with CaseServer(case, scale.factor) as first, VendorServer(seed=1) as sound:
        writer = _writer(_settings(case, first.api_base, sound.base_url, scale, alone=alone), attempts)
        items: tuple[Item, ...] = ()
        began = time.monotonic()
        deadline = Deadline(SystemClock(), scale.budget, began).shortened(scale.reserve)
        with suppress(GenerationFailed):
            items = (await writer.write(BRIEF, deadline)).items
        seconds = (time.monotonic() - began) / scale.factor
        await writer.settled()
        wrong = sum(_is_wrong(item, first.right) for item in items)
    outcomes = Counter(record.outcome.value for record in attempts.records if record.vendor == FIRST)
    return WireRun(round(seconds, 1), len(items), wrong, dict(sorted(outcomes.items())))


def _is_wrong(item: Item, right: dict[str, str]) -> bool:
    return right.get(item.stem, item.options[item.key]) != item.options[item.key]


def _writer(settings: dict[str, Any], attempts: KeptAttempts) -> Snapshot:
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        file = Path(folder) / "providers.yaml"
        file.write_text(yaml.safe_dump(settings))
        return build_vendors(ProvidersConfig.from_file(file, KEY), ledger=attempts)


def _settings(case: Case, first: str, sound: str, scale: Scale, *, alone: bool) -> dict[str, Any]:
    vendors = [_vendor(FIRST, case.model, first, scale), _vendor(SOUND, "openai/scripted", sound, scale)]
    return {
        "budget_seconds": scale.budget,
        "reserve_seconds": scale.reserve,
        "vendors": vendors[:1] if alone else vendors,
        "chain": [FIRST] if alone else [FIRST, SOUND],
        "hedge": {"min_seconds": scale.hedge_min},
        "breaker": {"open_seconds": scale.rest},
    }


def _vendor(name: str, model: str, api_base: str, scale: Scale) -> dict[str, Any]:
    """Everything is at its default, on the clock of the run."""
    vendor: dict[str, Any] = {"name": name, "model": model, "api_key": "${CHAOS_KEY}", "api_base": api_base}
    if (seconds := VendorConfig(name, model).attempt_seconds) is not None:
        vendor["attempt_seconds"] = seconds * scale.factor
    return vendor
