"""providers.yaml as one immutable snapshot, read and checked once."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec

from assessment.ahead import AheadPlan
from assessment.models import USUAL_MIX, Difficulty, FormPlan
from assessment.quiet import KEEP_DAYS
from providers.secret import Secret, read_secret
from providers.yaml_document import ConfigError, Document

SANDBOX = "sandbox"

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
PauseSeconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
Dollars = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
Limit = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Weight = Annotated[int, msgspec.Meta(ge=0, le=100)]
Percentile = Annotated[str, msgspec.Meta(pattern=r"^p[1-9][0-9]\Z")]

JsonValue = str | int | float | bool | list[Any] | dict[str, Any] | None

# What an adapter sets itself; `headers` could also smuggle a secret past the environment.
RESERVED_PARAMS = frozenset(
    {"api_base", "api_key", "base_url", "callbacks", "extra_headers", "fallbacks", "headers", "max_retries", "messages"}
    | {"mock_response", "model", "n", "num_retries", "response_format", "stream", "stream_options", "timeout"}
    | {"tool_choice", "tools"}
)


class Mix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the difficulties are weighed against each other in a set."""

    easy: Weight = USUAL_MIX[Difficulty.EASY]
    medium: Weight = USUAL_MIX[Difficulty.MEDIUM]
    hard: Weight = USUAL_MIX[Difficulty.HARD]


class Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many items make a set, how many one call may ask for, and how many are asked for beyond the need.

    `language` is the two-letter code (ISO 639-1) of the language the questions are written in. `jurisdiction` names the
    country whose law and standards they may rest on; without one they are the same for every country.
    """

    total: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10
    per_call: Annotated[int, msgspec.Meta(ge=1, le=50)] = 5
    spare: Annotated[int, msgspec.Meta(ge=0, le=50)] = 2
    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}\Z")] = "en"
    difficulty: Mix = Mix()
    jurisdiction: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^$<>\n]*\Z")] = ""

    @property
    def form(self) -> FormPlan:
        """What every set looks like."""
        mix = {difficulty: getattr(self.difficulty, difficulty.value) for difficulty in Difficulty}
        return FormPlan(self.total, self.language, mix, self.jurisdiction)


class Verify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Vendors that answer every item blind, each so many times with its options in another order."""

    solvers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    rotations: Annotated[int, msgspec.Meta(ge=2, le=4)] = 2


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens; it wins over LiteLLM's table."""

    input_per_million: Dollars
    output_per_million: Dollars


class VendorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vendor. `model` is LiteLLM's string or `sandbox`; `api_key` is a reference `${NAME}`, never the key."""

    name: Name
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    api_key: str | None = None
    api_base: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/@\s]+(/\S*)?\Z")] | None = None
    attempt_seconds: Seconds = 60.0  # a model that reasons may think for half a minute before its first word
    max_concurrency: Annotated[int, msgspec.Meta(ge=1)] = 64
    stream: bool = True
    price: Price | None = None
    params: dict[str, JsonValue] = {}


class HedgeLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a second vendor starts beside a slow first one, and how much extra spending that may cause."""

    after: Percentile = "p95"
    min_seconds: PauseSeconds = 2.0
    max_extra_share: Share = 0.1


class BreakerLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After how many failures in a row a vendor rests, and for how long."""

    failures: Annotated[int, msgspec.Meta(ge=1)] = 3
    open_seconds: Seconds = 20.0


class Spend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What live mode may spend, in US dollars: all processes of a deployment on one day (UTC), and one set."""

    max_usd_per_day: Limit | None = None
    max_usd_per_set: Limit | None = None


class Ahead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sets are written before anybody asks for them, and what that may take.

    `max_usd_per_day` bounds what live sets may cost that are written ahead on one day (UTC). `quiet_share` is the part
    of each vendor's places that they may take.
    """

    first: bool = True
    retake: bool = True
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = KEEP_DAYS
    max_usd_per_day: Limit = 20.0
    quiet_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5


class ProvidersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's content."""

    vendors: Annotated[tuple[VendorConfig, ...], msgspec.Meta(min_length=1)]
    chain: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    budget_seconds: Seconds = 90.0
    reserve_seconds: PauseSeconds = 3.0
    questions: Questions = Questions()
    hedge: HedgeLimits = HedgeLimits()
    breaker: BreakerLimits = BreakerLimits()
    verify: Verify | None = None
    spend: Spend | None = None
    ahead: Ahead | None = None

    @property
    def ahead_plan(self) -> AheadPlan:
        """Which sets are written ahead: without a word about it none, since it is money that nobody may need."""
        if self.ahead is None:
            return AheadPlan(form=self.questions.form)
        return AheadPlan(self.ahead.first, self.ahead.retake, self.questions.form)


class ProvidersConfig:
    """A snapshot: the settings, their hash, and the keys read from the environment.

    `hash` changes with every setting but not with a key's value. `is_built_in` tells that there was no file.
    """

    def __init__(
        self,
        settings: ProvidersFile,
        keys: Mapping[str, Secret],
        *,
        document: Document | None = None,
        is_built_in: bool = False,
    ) -> None:
        self.settings = settings
        self.hash = hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()[:12]
        self.is_built_in = is_built_in
        self._keys = dict(keys)
        self._document = document

    @classmethod
    def from_file(cls, path: Path, environ: Mapping[str, str] | None = None) -> Self:
        """Read and check a file. Raises ConfigError, which names file, line and key."""
        document = Document.read(path)
        settings = document.convert(ProvidersFile)
        _check(settings, document)
        keys = _keys(settings, document, os.environ if environ is None else environ)
        return cls(settings, keys, document=document)

    @property
    def chain(self) -> tuple[VendorConfig, ...]:
        """The vendors in order of preference."""
        return self._named(self.settings.chain)

    @property
    def solvers(self) -> tuple[VendorConfig, ...]:
        """The vendors that check keys by answering blind."""
        return self._named(self.settings.verify.solvers) if self.settings.verify else ()

    def key_of(self, vendor: VendorConfig) -> Secret | None:
        """The vendor's API key, if it has one."""
        return self._keys.get(vendor.name)

    def error(self, path: str, reason: str) -> ConfigError:
        """An error that names the place of a path, where there is a file."""
        return self._document.error(path, reason) if self._document else ConfigError(f"{path}: {reason}")

    def with_chain(self, names: Sequence[str]) -> "ProvidersConfig":
        """The same with another chain, nobody who checks keys and no limits, for measuring vendors one by one."""
        settings = msgspec.structs.replace(self.settings, chain=tuple(names), verify=None, spend=None, ahead=None)
        return ProvidersConfig(settings, self._keys)

    def with_prices(self, prices: Mapping[str, Price]) -> "ProvidersConfig":
        """The same with other prices for some vendors, by their names."""
        vendors = tuple(
            msgspec.structs.replace(vendor, price=prices.get(vendor.name, vendor.price))
            for vendor in self.settings.vendors
        )
        return ProvidersConfig(msgspec.structs.replace(self.settings, vendors=vendors), self._keys)

    def _named(self, names: Iterable[str]) -> tuple[VendorConfig, ...]:
        by_name = {vendor.name: vendor for vendor in self.settings.vendors}
        return tuple(by_name[name] for name in names)


def built_in() -> ProvidersConfig:
    """The snapshot without a file: the sandbox alone."""
    settings = ProvidersFile(vendors=(VendorConfig(SANDBOX, SANDBOX),), chain=(SANDBOX,))
    return ProvidersConfig(settings, {}, is_built_in=True)


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> ProvidersConfig:
    """Read the file, or take the built-in snapshot when there is none. Raises ConfigError."""
    return built_in() if path is None else ProvidersConfig.from_file(path, environ)


def _check(settings: ProvidersFile, document: Document) -> None:
    if settings.reserve_seconds >= settings.budget_seconds:
        raise document.error("reserve_seconds", "must be less than budget_seconds")
    _check_unique([vendor.name for vendor in settings.vendors], "vendors[{}].name", document)
    _check_unique(list(settings.chain), "chain[{}]", document)
    names = {vendor.name for vendor in settings.vendors}
    for index, name in enumerate(settings.chain):
        if name not in names:
            raise document.error(f"chain[{index}]", f"no vendor is called {name!r}")
    for index, vendor in enumerate(settings.vendors):
        _check_vendor(vendor, f"vendors[{index}]", document)
    if not any(msgspec.structs.astuple(settings.questions.difficulty)):
        raise document.error("questions.difficulty", "one of the weights must be more than 0")
    if settings.verify is not None:
        _check_solvers(settings, settings.verify, document)


def _check_solvers(settings: ProvidersFile, verify: Verify, document: Document) -> None:
    models = {vendor.name: vendor.model for vendor in settings.vendors}
    _check_unique(list(verify.solvers), "verify.solvers[{}]", document)
    for index, name in enumerate(verify.solvers):
        if name not in models:
            raise document.error(f"verify.solvers[{index}]", f"no vendor is called {name!r}")
        if models[name] == SANDBOX:
            raise document.error(f"verify.solvers[{index}]", "the sandbox cannot answer questions")


def _check_unique(names: list[str], path: str, document: Document) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise document.error(path.format(index), f"{name!r} stands here twice")


def _check_vendor(vendor: VendorConfig, path: str, document: Document) -> None:
    if vendor.model != SANDBOX and "/" not in vendor.model:
        raise document.error(f"{path}.model", "must be provider/model, as LiteLLM writes it, or sandbox")
    for name in vendor.params:
        if name in RESERVED_PARAMS:
            raise document.error(f"{path}.params.{name}", "is set by Retake and cannot be given here")


def _keys(settings: ProvidersFile, document: Document, environ: Mapping[str, str]) -> dict[str, Secret]:
    keys = {}
    for index, vendor in enumerate(settings.vendors):
        if vendor.api_key is None:
            continue
        try:
            keys[vendor.name] = read_secret(vendor.api_key, environ)
        except ValueError as error:
            raise document.error(f"vendors[{index}].api_key", str(error)) from None
    return keys


__all__ = [
    "SANDBOX",
    "ConfigError",
    "ProvidersConfig",
    "ProvidersFile",
    "Questions",
    "VendorConfig",
    "built_in",
    "load",
]
