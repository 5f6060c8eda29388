"""What a skill consists of, written by two vendors where there are two: what one forgets, the other may name."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from assessment.concepts.cleaning import Cleaned, ConceptDraft, clean, merged
from assessment.concepts.writing import MapBrief
from assessment.deadline import Deadline
from assessment.models import Origin, OriginKind
from assessment.quiet import Quiet
from providers import prompts
from providers.config import SANDBOX
from providers.ledger import Ledger, NoLedger
from providers.protocol import MapRequest
from providers.routing.breaker import State
from providers.routing.upstream import Upstream
from providers.vendors.list_cutter import ListCutter
from providers.vendors.reasoning import without_reasoning
from providers.writing.asking import Asked, ask
from providers.writing.money import Money, SetMoney
from providers.writing.recorder import Recorder

WRITERS = 2
_LIST = '"concepts"'


class MapWriter:
    """assessment.concepts.writing.ConceptWriter over a chain of vendors, in order of preference."""

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        config_hash: str,
        *,
        ledger: Ledger | None = None,
        money: Money | None = None,
    ) -> None:
        self._upstreams = tuple(upstreams)
        self._config_hash = config_hash
        self._ledger = ledger or NoLedger()
        self._money = money or Money()

    async def write_map(self, brief: MapBrief, deadline: Deadline) -> Mapping[ConceptDraft, Origin]:
        """Ask the first two that can be asked, and in place of one that gave nothing the next one."""
        recorder = Recorder(
            self._ledger,
            uuid4().hex,
            brief.mode,
            self._config_hash,
            money=SetMoney(self._money, quiet=Quiet(deadline)),
        )
        request = MapRequest(brief.skill, brief.count, brief.holds, brief.language)
        left = [it for it in self._upstreams if it.status(deadline.clock.monotonic()).state is not State.OUT]
        maps: dict[str, tuple[ConceptDraft, ...]] = {}
        while left and len(maps) < WRITERS and deadline.remaining > 0:
            asked, left = left[: WRITERS - len(maps)], left[WRITERS - len(maps) :]
            answers = await asyncio.gather(*(_answer(it, request, deadline, recorder) for it in asked))
            maps |= {it.vendor.model: found for it, found in zip(asked, answers, strict=True) if found}
        return _with_origins(maps, brief, deadline.clock.now())


def read_concepts(text: str) -> tuple[ConceptDraft, ...]:
    """The concepts of an answer, as far as they can be read; also of one that was broken off. Never raises."""
    text = without_reasoning(text)
    start = text.find("[", text.rfind(_LIST)) if _LIST in text else -1
    if start < 0:
        return ()
    found = (_concept(piece) for piece in ListCutter().feed(text[start + 1 :]))
    return tuple(concept for concept in found if concept is not None)


async def _answer(
    upstream: Upstream, request: MapRequest, deadline: Deadline, recorder: Recorder
) -> tuple[ConceptDraft, ...]:
    """What one vendor names, cleaned; nothing when it fails."""
    kept: tuple[ConceptDraft, ...] = ()

    def note(asked: Asked) -> None:
        nonlocal kept
        cleaned = clean(read_concepts(asked.text), request.skill.name, request.language)
        kept = cleaned.kept
        recorder.record_asked(upstream, request, asked, accepted=len(kept), rejected=_faults(cleaned))

    until = deadline.capped(upstream.attempt_seconds)
    await ask(upstream, request, until, note, money=recorder.money)
    return kept


def _with_origins(
    maps: Mapping[str, tuple[ConceptDraft, ...]], brief: MapBrief, now: datetime
) -> dict[ConceptDraft, Origin]:
    """One map of several, each concept with the model that named it first."""
    authors = {draft: model for model, drafts in reversed(list(maps.items())) for draft in drafts}
    together = merged(tuple(maps.values()), brief.language)
    return {draft: _origin(authors[draft], now) for draft in clean(together, brief.skill.name, brief.language).kept}


def _origin(model: str, now: datetime) -> Origin:
    if model == SANDBOX:
        return Origin(OriginKind.BANK)
    return Origin(OriginKind.MODEL, model, prompts.VERSION, now)


def _faults(cleaned: Cleaned) -> dict[str, int]:
    faults = [dropped.fault.value for dropped in cleaned.dropped]
    return {fault: faults.count(fault) for fault in dict.fromkeys(faults)}


def _concept(piece: str) -> ConceptDraft | None:
    try:
        draft = msgspec.json.decode(piece, type=ConceptDraft)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None
    return ConceptDraft(draft.name.strip(), draft.tests.strip(), draft.level)
