"""From a configuration to working writers: the one place where the parts of this room are put together."""

import asyncio

import msgspec

from assessment.deadline import Clock, Deadline, SystemClock
from assessment.errors import GenerationFailed
from assessment.models import Brief, Mode, Skill, Slot, SourceItem, SourceKind, WrittenSet
from assessment.ports import QuestionWriter
from providers.base import AttemptTimedOut, Order, Outcome, Reply, Vendor, VendorError, Wanted
from providers.bounded import bounded
from providers.chain import Chain, Rung
from providers.config import SANDBOX, ProvidersConfig, VendorConfig
from providers.decode import decode
from providers.sandbox import SandboxVendor
from providers.writer import Writer

MAX_CHECK_SECONDS = 30.0


class ModeWriter:
    """Test mode is always served by the sandbox; live mode by the configured chain, and without one by nobody."""

    def __init__(self, test: QuestionWriter, live: QuestionWriter | None) -> None:
        self._test = test
        self._live = live

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Pass a brief to the writer of its mode. Raises GenerationFailed."""
        writer = self._test if brief.mode is Mode.TEST else self._live
        if writer is None:
            raise GenerationFailed
        return await writer.write(brief, deadline)


def build(config: ProvidersConfig) -> ModeWriter:
    """Make the writers of a configuration; with a model vendor in its chain this takes seconds, for LiteLLM."""
    test = _writer([Rung(SandboxVendor(), config.settings.budget_seconds, max_concurrency=64)], config)
    if config.is_built_in:
        return ModeWriter(test, None)
    rungs = [
        Rung(make_vendor(vendor, config), vendor.attempt_seconds, vendor.max_concurrency) for vendor in config.chain
    ]
    return ModeWriter(test, _writer(rungs, config))


def make_vendor(vendor: VendorConfig, config: ProvidersConfig) -> Vendor:
    """Make the adapter of one configured vendor."""
    if vendor.model == SANDBOX:
        return SandboxVendor(vendor.name)
    from providers.litellm_vendor import LiteLLMVendor  # importing LiteLLM costs seconds that the sandbox need not pay

    return LiteLLMVendor(vendor, config.key_of(vendor))


def usable(config: ProvidersConfig) -> bool:
    """Tell, without asking any vendor, whether one of the chain could serve: the sandbox, or one with credentials."""
    return any(_has_credentials(vendor, config) for vendor in config.chain)


def _has_credentials(vendor: VendorConfig, config: ProvidersConfig) -> bool:
    if vendor.model == SANDBOX:
        return True
    from providers.litellm_vendor import has_credentials  # as above

    return has_credentials(vendor, config.key_of(vendor))


class VendorCheck(msgspec.Struct, frozen=True):
    """What came of one tiny request; `message` holds no secret and nothing that the vendor wrote."""

    name: str
    model: str
    ok: bool
    outcome: Outcome
    seconds: float
    message: str


async def check(config: ProvidersConfig, clock: Clock | None = None) -> list[VendorCheck]:
    """Ask every vendor of the chain for one item, all at the same time, each for at most 30 seconds."""
    chosen = clock or SystemClock()
    return list(await asyncio.gather(*(_check(vendor, config, chosen) for vendor in config.chain)))


async def _check(vendor: VendorConfig, config: ProvidersConfig, clock: Clock) -> VendorCheck:
    deadline = Deadline(clock, min(vendor.attempt_seconds, MAX_CHECK_SECONDS))
    adapter = make_vendor(vendor, config)
    started = deadline.elapsed
    try:
        reply = await bounded(adapter.write(_SMALLEST_ORDER, deadline), deadline)
        outcome, message = _verdict(reply)
    except TimeoutError:
        outcome, message = Outcome.TIMED_OUT, AttemptTimedOut.meaning
    except VendorError as error:
        outcome, message = error.outcome, str(error)
    seconds = round(deadline.elapsed - started, 3)
    return VendorCheck(vendor.name, vendor.model, outcome is Outcome.OK, outcome, seconds, message)


def _verdict(reply: Reply) -> tuple[Outcome, str]:
    decoded = decode(reply.text)
    if decoded.drafts:
        return Outcome.OK, "wrote a readable item"
    reason = decoded.rejects[0].reason if decoded.rejects else "the list of items is empty"
    return Outcome.UNUSABLE, reason


def _writer(rungs: list[Rung], config: ProvidersConfig) -> Writer:
    return Writer(Chain(rungs), config.settings.questions, config.hash)


_SMALLEST_ORDER = Order(
    wanted=(
        Wanted(
            "s1",
            "p1",
            Slot(Skill("check", "Spreadsheets"), SourceItem("check", SourceKind.PROJECT, "Monthly household budget")),
        ),
    ),
    seed="check",
)
