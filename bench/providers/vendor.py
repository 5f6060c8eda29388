"""A scripted vendor in a process of its own, and configurations and orders for it."""

from contextlib import AbstractContextManager
from pathlib import Path

from assessment.models import Brief, FormPlan, Mode, Skill, SourceItem, SourceKind
from assessment.sets.blueprint import plan
from bench.beside import beside
from providers.config import ProvidersConfig
from providers.protocol import Order
from providers.writing.orders import Refs, split, with_spare

KEY = "not-a-secret"
SKILLS = tuple(Skill(name.lower(), name) for name in ("Carpentry", "Logistics", "Beekeeping"))
SOURCES = tuple(
    SourceItem(f"p{number}", SourceKind.PROJECT, title, (("description", "Planned, built and documented it."),))
    for number, title in enumerate(("Community workshop", "Harvest festival"))
)
FILE = """
questions: {{total: 10, per_call: {per_call}, spare: {spare}}}
vendors:
  - {{name: scripted, model: openai/gpt-4o-mini, api_key: "${{BENCH_KEY}}", api_base: "{address}",
     stream: {stream}, max_concurrency: 5000, attempt_seconds: 80}}
chain: [scripted]
hedge: {{max_extra_share: 0}}
"""


def vendor(*arguments: str) -> AbstractContextManager[str]:
    """Run it; gives its address."""
    return beside("fakes.vendor_server", *arguments)


def write_config(folder: Path, address: str, *, stream: bool, per_call: int = 5, spare: int = 2) -> Path:
    """Write a providers.yaml for the vendor at an address."""
    path = folder / f"{stream}-{per_call}-{spare}.yaml"
    text = FILE.format(per_call=per_call, spare=spare, address=address, stream=str(stream).lower())
    path.write_text(text, encoding="utf-8")
    return path


def read_config(path: Path) -> ProvidersConfig:
    """Read such a file."""
    return ProvidersConfig.from_file(path, {"BENCH_KEY": KEY})


def brief() -> Brief:
    """What a set is to be about."""
    return Brief(mode=Mode.LIVE, slots=plan(SKILLS, SOURCES, FormPlan()))


def orders_of(config: ProvidersConfig) -> list[Order]:
    """The orders of a set's first round, as the writer makes them."""
    about = brief()
    refs = Refs(about)
    parts = split(range(len(about.slots)), config.settings.questions)
    return [
        Order(wanted=with_spare([refs.wanted(about.slots[index]) for index in part.slots], (), part.spare))
        for part in parts
    ]
