"""Whether a run's spending can be told: every vendor it asks has a price, of its own or an assumed one."""

from collections.abc import Sequence

from bench.models.runner.plan import Subject
from providers.build import price_of
from providers.config import Price, ProvidersConfig


class Unpriced(ValueError):
    """A run is to stop at a sum, and nobody knows what some of its vendors cost."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"--max-usd cannot bound a run whose prices are not known; {advice(names)}")


def unpriced(config: ProvidersConfig, subjects: Sequence[Subject]) -> tuple[str, ...]:
    """The vendors of a run whose price is not known, those that solve included."""
    asked = {name for subject in subjects for name in (*subject.chain, *subject.solvers)}
    return tuple(vendor.name for vendor in config.settings.vendors if vendor.name in asked and price_of(vendor) is None)


def priced(
    config: ProvidersConfig, subjects: Sequence[Subject], assumed: Price | None, max_usd: float | None
) -> ProvidersConfig:
    """The configuration with a price for those that have none. Raises Unpriced when a bound would bound nothing."""
    names = unpriced(config, subjects)
    if assumed is not None:
        return config.with_prices(dict.fromkeys(names, assumed))
    if names and max_usd is not None:
        raise Unpriced(names)
    return config


def advice(names: Sequence[str]) -> str:
    """What to do about vendors without a price."""
    return (
        f"no price is known for {', '.join(names)}: give `price:` in the provider file, "
        "or --assume-price IN OUT (US dollars per million tokens)"
    )
