"""One tiny request to every vendor of a configuration, for whoever sets it up: what was found, and what to do."""

import asyncio
from importlib.metadata import version

import msgspec

from assessment.deadline import Clock, Deadline, SystemClock
from assessment.models import Skill, Slot, SourceItem, SourceKind
from providers.build import make_vendor, price_of
from providers.config import SANDBOX, ProvidersConfig, VendorConfig
from providers.protocol import CallOutcome, FormatRefused, Order, Vendor, VendorError, VendorTimedOut, Wanted
from providers.routing.bounded import bounded
from providers.vendors.decode import decode

MAX_CHECK_SECONDS = 30.0
TELLING_SECONDS = 1.0  # an answer that was faster may have come at once though it was streamed

REMEDIES = {
    CallOutcome.TIMED_OUT: "raise attempt_seconds, or move the vendor down",
    CallOutcome.STALLED: "move the vendor down",
    CallOutcome.UNREACHABLE: "look at api_base and the network",
    CallOutcome.RATE_LIMITED: "lower max_concurrency, raise the quota, or fill the account",
    CallOutcome.UNAUTHORIZED: "look at the key and the account",
    CallOutcome.MODEL_NOT_FOUND: "look at model and api_base",
    CallOutcome.REQUEST_REJECTED: "look at params",
    CallOutcome.VENDOR_BROKEN: "wait, or move the vendor down",
    CallOutcome.MALFORMED: "look at api_base: a proxy may answer",
    CallOutcome.EMPTY: "look at params, such as a token limit",
    CallOutcome.CONTENT_REFUSED: "choose another model",
    CallOutcome.UNUSABLE: "choose another model",
    CallOutcome.UNEXPECTED: "report it",
}


class VendorCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one tiny request; no text in it holds a secret or anything that the vendor wrote."""

    name: str
    model: str
    ok: bool
    outcome: CallOutcome
    seconds: float
    message: str
    findings: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()


async def check(config: ProvidersConfig, clock: Clock | None = None) -> list[VendorCheck]:
    """Ask every vendor of the chain, and who checks keys, for one item, all at once, each for at most 30 seconds."""
    chosen = clock or SystemClock()
    asked = {vendor.name: vendor for vendor in (*config.chain, *config.solvers)}
    return list(await asyncio.gather(*(_check(vendor, config, chosen) for vendor in asked.values())))


class _Asking:
    """One vendor, asked until it answers in a format that it accepts."""

    def __init__(self, vendor: Vendor, deadline: Deadline) -> None:
        self._vendor, self._deadline = vendor, deadline
        self._started = deadline.elapsed
        self._pieces: list[str] = []
        self._first: float | None = None
        self._refused: list[str] = []

    @property
    def seconds(self) -> float:
        """Since it was asked for the first time."""
        return self._deadline.elapsed - self._started

    async def ask(self) -> str:
        """Ask again for as long as the vendor refuses a format and another one is left."""
        while True:
            self._pieces.clear()
            asked_for = self._vendor.response_format
            try:
                await self._vendor.write(_SMALLEST_ORDER, self._deadline, self._hear)
            except FormatRefused:
                if asked_for is not None and asked_for is not self._vendor.response_format:
                    self._refused.append(asked_for.value)
                continue
            return "".join(self._pieces)

    def findings(self) -> list[str]:
        """In which format the answer came, and how."""
        found = []
        if self._vendor.response_format is not None:
            refused = f", after it refused {' and '.join(self._refused)}" if self._refused else ""
            found.append(f"format: {self._vendor.response_format}{refused}")
        if self._first is not None:
            how = f"streamed in {len(self._pieces)} pieces" if self.has_streamed else "in one piece"
            found.append(f"answer: {how}, first text after {self._first:.1f} s, all after {self.seconds:.1f} s")
        return found

    @property
    def has_streamed(self) -> bool:
        """Whether the text came piece by piece."""
        return len(self._pieces) > 1

    def _hear(self, text: str) -> None:
        if text:
            self._first = self.seconds if self._first is None else self._first
            self._pieces.append(text)


async def _check(vendor: VendorConfig, config: ProvidersConfig, clock: Clock) -> VendorCheck:
    deadline = Deadline(clock, min(vendor.attempt_seconds, MAX_CHECK_SECONDS))
    asking = _Asking(make_vendor(vendor, config), deadline)
    try:
        outcome, message = _verdict(await bounded(asking.ask(), deadline))
    except TimeoutError:
        outcome, message = CallOutcome.TIMED_OUT, VendorTimedOut.meaning
    except VendorError as error:
        outcome, message = error.outcome, str(error)
    ok = outcome is CallOutcome.OK
    return VendorCheck(
        name=vendor.name,
        model=vendor.model,
        ok=ok,
        outcome=outcome,
        seconds=round(asking.seconds, 3),
        message=message,
        findings=(*(asking.findings() if ok else ()), _price(vendor)),
        remedies=tuple(_remedies(vendor, outcome, asking)),
    )


def _remedies(vendor: VendorConfig, outcome: CallOutcome, asking: _Asking) -> list[str]:
    found = [REMEDIES[outcome]] if outcome in REMEDIES else []
    if price_of(vendor) is None:
        found.append("give price, or its costs are not known and no spend limit can be set")
    is_whole = outcome is CallOutcome.OK and not asking.has_streamed and asking.seconds > TELLING_SECONDS
    if vendor.stream and is_whole:
        found.append("set stream: false, since the answer comes in one piece all the same")
    return found


def _price(vendor: VendorConfig) -> str:
    price = price_of(vendor)
    if price is None:
        return "price: not known"
    table = "the sandbox" if vendor.model == SANDBOX else f"LiteLLM {version('litellm')}"
    source = table if vendor.price is None else "the provider file"
    read, written = price.input_per_million, price.output_per_million
    return f"price: ${read:.4g} and ${written:.4g} per million tokens read and written ({source})"


def _verdict(text: str) -> tuple[CallOutcome, str]:
    decoded = decode(text)
    if decoded.drafts:
        return CallOutcome.OK, "wrote a readable item"
    reason = decoded.rejects[0].reason if decoded.rejects else "the list of items is empty"
    return CallOutcome.UNUSABLE, reason


_SMALLEST_ORDER = Order(
    wanted=(
        Wanted(
            "s1",
            "p1",
            Slot(Skill("check", "Spreadsheets"), SourceItem("check", SourceKind.PROJECT, "Monthly household budget")),
        ),
    ),
)
