"""From a configuration to working writers: the one place where the parts of this room are put together."""

import hashlib
from collections.abc import Iterator

from assessment.deadline import Clock, SystemClock
from assessment.models import Mode
from providers.config import SANDBOX, Price, ProvidersConfig, VendorConfig
from providers.ledger import Ledger
from providers.protocol import Vendor
from providers.routing.breaker import Breaker
from providers.routing.chain import Chain
from providers.routing.hedge import HedgePolicy
from providers.routing.pace import Latencies
from providers.routing.upstream import FREE, Upstream
from providers.snapshot import Snapshot
from providers.vendors.sandbox.vendor import SandboxVendor
from providers.writing.candidates import CandidatePool, PoolMaker
from providers.writing.key_check import KeyChecker
from providers.writing.mapping import MapWriter
from providers.writing.money import PER_DAY, PER_SET, DaySpend, Money
from providers.writing.rehearsal import Rehearsal
from providers.writing.writer import Writer


def build_vendors(
    config: ProvidersConfig,
    *,
    ledger: Ledger | None = None,
    latencies: Latencies | None = None,
    clock: Clock | None = None,
    make_pool: PoolMaker = CandidatePool,
    day_spend: DaySpend | None = None,
) -> Snapshot:
    """Make the writers of a configuration; with a model vendor in its chain this takes seconds, for LiteLLM.

    Breakers and what was learned about response formats begin anew, so that a corrected key gets its chance.
    `latencies` may be those of the snapshot before: they go with a vendor as long as its model and address stay the
    same. `make_pool` makes what judges and keeps the items of live mode. `day_spend` is needed for a limit per day.
    Raises ConfigError when a spend limit could not be kept.
    """
    check_spend(config)
    paces = latencies or Latencies()
    test = Rehearsal(config.settings.questions, config.hash, ledger=ledger, seconds=config.settings.budget_seconds)
    settings = config.settings
    money = Money(settings.spend, day_spend, call_seconds=settings.budget_seconds)
    live = None if config.is_built_in else _live_writer(config, paces, ledger=ledger, make_pool=make_pool, money=money)
    sandbox = Upstream(SandboxVendor(), settings.budget_seconds, 1, price=FREE)
    maps = {Mode.TEST: MapWriter([sandbox], config.hash, ledger=ledger)}
    if live is not None:
        maps[Mode.LIVE] = MapWriter(live.chain.upstreams, config.hash, ledger=ledger, money=money)
    return Snapshot(config, clock=clock or SystemClock(), latencies=paces, test=test, live=live, maps=maps)


def make_vendor(vendor: VendorConfig, config: ProvidersConfig) -> Vendor:
    """Make the adapter of one configured vendor."""
    if vendor.model == SANDBOX:
        return SandboxVendor(vendor.name)
    # Importing LiteLLM costs seconds that the sandbox need not pay.
    from providers.vendors.litellm_vendor import LiteLLMVendor

    return LiteLLMVendor(vendor, config.key_of(vendor))


def usable(config: ProvidersConfig) -> bool:
    """Tell, without asking any vendor, whether one of the chain could serve: the sandbox, or one with credentials."""
    return any(_has_credentials(vendor, config) for vendor in config.chain)


def latency_key(vendor: VendorConfig) -> str:
    """What a vendor's latencies are kept under: its label, and a digest of the model and the address."""
    digest = hashlib.sha256(f"{vendor.model}\n{vendor.api_base}\n{vendor.stream}".encode()).hexdigest()
    return f"{vendor.name}:{digest[:12]}"


def _live_writer(
    config: ProvidersConfig, latencies: Latencies, *, ledger: Ledger | None, make_pool: PoolMaker, money: Money
) -> Writer:
    """A vendor that both writes and solves is one upstream: its places, its breaker and its pace are the same."""
    settings = config.settings
    upstreams = {vendor.name: make_upstream(vendor, config, latencies) for vendor in (*config.chain, *config.solvers)}
    chain = Chain([upstreams[name] for name in settings.chain], HedgePolicy(settings.hedge))
    checker = None
    if settings.verify is not None:
        checker = KeyChecker([upstreams[name] for name in settings.verify.solvers], settings.verify.rotations)
    return Writer(
        chain, settings.questions, config.hash, ledger=ledger, checker=checker, make_pool=make_pool, money=money
    )


def make_upstream(vendor: VendorConfig, config: ProvidersConfig, latencies: Latencies) -> Upstream:
    """Make one configured vendor with its limits, its breaker and its price."""
    return Upstream(
        make_vendor(vendor, config),
        vendor.attempt_seconds,
        vendor.max_concurrency,
        breaker=Breaker(config.settings.breaker),
        solving=Breaker(config.settings.breaker),
        pace=latencies.of(latency_key(vendor)),
        price=price_of(vendor),
        max_output_tokens=max_output_tokens(vendor),
        quiet_share=config.settings.ahead.quiet_share if config.settings.ahead else 1.0,
    )


def price_of(vendor: VendorConfig) -> Price | None:
    """What a vendor costs: by its configuration, or else by LiteLLM's table; None when nobody knows."""
    if vendor.price is not None:
        return vendor.price
    if vendor.model == SANDBOX:
        return FREE
    from providers.vendors.litellm_vendor import listed_price  # as above

    return listed_price(vendor.model)


def max_output_tokens(vendor: VendorConfig) -> int | None:
    """The longest answer a vendor can be billed for: as its parameters bound it, or else as LiteLLM's table says."""
    for name in ("max_completion_tokens", "max_tokens"):
        if isinstance(bound := vendor.params.get(name), int):
            return bound
    if vendor.model == SANDBOX:
        return None
    from providers.vendors.litellm_vendor import listed_output_tokens  # as above

    return listed_output_tokens(vendor.model)


def check_spend(config: ProvidersConfig) -> None:
    """Raise ConfigError, with the line, where a spend limit would bound nothing or allow nothing."""
    spend = config.settings.spend
    limits = {PER_DAY: spend.max_usd_per_day, PER_SET: spend.max_usd_per_set} if spend else {}
    asked = {vendor.name for vendor in (*config.chain, *config.solvers)}
    for index, vendor in enumerate(config.settings.vendors):
        given = {limit: dollars for limit, dollars in limits.items() if dollars is not None}
        if not given or vendor.name not in asked:
            continue
        for path, reason in _faults_of_money(vendor, given):
            raise config.error(path.format(index), reason)


def _faults_of_money(vendor: VendorConfig, limits: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Why limits cannot be kept with a vendor, and the path of what is to be changed, `{}` for the vendor's number."""
    price, longest = price_of(vendor), max_output_tokens(vendor)
    if price is None:
        yield "vendors[{}].price", "must be given: with a spend limit every price has to be known, and LiteLLM has none"
    elif price != FREE and longest is None:
        yield "vendors[{}].params.max_tokens", "must be given: with a spend limit the longest answer has to be known"
    elif price != FREE and longest is not None:
        dollars = longest * price.output_per_million / 1_000_000
        for limit, allowed in limits.items():
            if dollars > allowed:
                what = f"one answer of {vendor.name} ({longest} tokens) may cost ${dollars:.4g}"
                yield f"spend.{limit}", f"allows no call: {what}; raise it, or bound the answer with params.max_tokens"


def _has_credentials(vendor: VendorConfig, config: ProvidersConfig) -> bool:
    if vendor.model == SANDBOX:
        return True
    from providers.vendors.litellm_vendor import has_credentials  # as above

    return has_credentials(vendor, config.key_of(vendor))
