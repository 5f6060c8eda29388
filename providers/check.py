"""One tiny request to every vendor of a configuration, for whoever sets it up."""

import asyncio

import msgspec

from assessment.deadline import Clock, Deadline, SystemClock
from assessment.models import Skill, Slot, SourceItem, SourceKind
from providers.build import make_vendor
from providers.config import ProvidersConfig, VendorConfig
from providers.protocol import CallOutcome, FormatRefused, Order, Vendor, VendorError, VendorTimedOut, Wanted
from providers.routing.bounded import bounded
from providers.vendors.decode import decode

MAX_CHECK_SECONDS = 30.0


class VendorCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one tiny request; `message` holds no secret and nothing that the vendor wrote."""

    name: str
    model: str
    ok: bool
    outcome: CallOutcome
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
        outcome, message = _verdict(await bounded(_ask(adapter, deadline), deadline))
    except TimeoutError:
        outcome, message = CallOutcome.TIMED_OUT, VendorTimedOut.meaning
    except VendorError as error:
        outcome, message = error.outcome, str(error)
    seconds = round(deadline.elapsed - started, 3)
    return VendorCheck(
        name=vendor.name,
        model=vendor.model,
        ok=outcome is CallOutcome.OK,
        outcome=outcome,
        seconds=seconds,
        message=message,
    )


async def _ask(vendor: Vendor, deadline: Deadline) -> str:
    """Ask again for as long as the vendor refuses a format and another one is left."""
    while True:
        pieces: list[str] = []
        try:
            await vendor.write(_SMALLEST_ORDER, deadline, pieces.append)
        except FormatRefused:
            continue
        return "".join(pieces)


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
