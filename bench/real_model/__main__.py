"""Ask a real model for a set of ten, with the sandbox behind it: python -m bench.real_model [PYTHON_WITH_THE_MODEL]."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assessment.deadline import Deadline, SystemClock
from assessment.models import Brief, FormPlan, Mode, Skill, SourceItem, SourceKind, WrittenSet
from assessment.sets.blueprint import plan
from bench.kept_attempts import KeptAttempts
from bench.real_model.wire import look
from providers.build import build_vendors
from providers.config import ProvidersConfig
from providers.ledger import VendorCallRecord

ROOT = Path(__file__).parent.parent.parent
PROFILE = ROOT / "examples" / "profiles" / "data-analyst.json"
MODEL_PYTHON = ROOT / ".venv-real-model" / "bin" / "python"
# Two cores write some twenty tokens a second, hence the small calls, one at a time.
CONFIG = """
budget_seconds: 90
reserve_seconds: 3
questions: {{total: 10, per_call: 2, spare: 0}}
vendors:
  - name: smollm2
    model: openai/smollm2
    api_base: {base_url}
    api_key: ${{REAL_MODEL_KEY}}
    attempt_seconds: 45
    max_concurrency: 1
    price: {{input_per_million: 0, output_per_million: 0}}
    params: {{max_tokens: 500}}
  - {{name: second, model: sandbox}}
chain: [smollm2, second]
hedge: {{after: p95, min_seconds: 60, max_extra_share: 0}}
"""


def main() -> int:
    """Look at the wire, write a set, report; 0 only if the set is complete and the model was judged."""
    python = Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL_PYTHON
    with served(python) as base_url:
        _report_wire(base_url)
        ledger, began = KeptAttempts(), time.monotonic()
        written = asyncio.run(_write(base_url, ledger))
        seconds = time.monotonic() - began
    return _report(written, ledger.records, seconds)


@contextmanager
def served(python: Path = MODEL_PYTHON) -> Iterator[str]:
    """Serve the model from the environment of its own; gives the address for `api_base`."""
    command = [str(python), str(Path(__file__).parent / "serve.py")]
    with subprocess.Popen(  # noqa: S603 - our own file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield f"{_address(process)}/v1"
        finally:
            process.kill()


def _address(process: "subprocess.Popen[str]") -> str:
    """The line with the address; the server's library may talk before it."""
    for line in process.stdout or ():
        if line.startswith("http://127.0.0.1:"):
            return line.strip()
    raise SystemExit("the model did not start")


async def _write(base_url: str, ledger: KeptAttempts) -> WrittenSet:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "providers.yaml"
        path.write_text(CONFIG.format(base_url=base_url))
        config = ProvidersConfig.from_file(path, {"REAL_MODEL_KEY": "none"})
    snapshot = build_vendors(config, ledger=ledger)
    written = await snapshot.write(_brief(), Deadline(SystemClock(), config.settings.budget_seconds - 3))
    await snapshot.settled()
    return written


def _brief() -> Brief:
    profile = json.loads(PROFILE.read_text())
    skills = [Skill(f"skill-{number}", name) for number, name in enumerate(("SQL", "Python", "Statistics"))]
    sources = [
        SourceItem(it["projectId"], SourceKind.PROJECT, it["name"], (("description", it["description"]),))
        for it in profile["verify"]["projects"]
    ]
    return Brief(mode=Mode.LIVE, slots=plan(skills, sources, FormPlan()))


def _report_wire(base_url: str) -> None:
    seen = look(base_url)
    _say(f"wire: {base_url} HTTP {seen.status}, {seen.content_type}, {seen.events} events with text")
    speed = seen.events / seen.seconds
    _say(f"      first token {seen.first_token_seconds:.2f} s, all {seen.seconds:.2f} s, {speed:.1f} tokens/s")
    _say(f"      fits the schema: {seen.fits_schema}; text: {seen.text[:160]!r}")


def _report(written: WrittenSet, records: list[VendorCallRecord], seconds: float) -> int:
    for it in records:
        _say(
            f"{it.vendor:8} part {it.part} round {it.round_number}: {it.outcome.value}, "
            f"{it.response_format}, {it.seconds:.1f} s, "
            f"{it.accepted} of {it.wanted} accepted, rejected {it.rejected or 'none'}, {it.output_tokens} tokens"
        )
    rejected: Counter[str] = Counter()
    asked = [it for it in records if it.vendor == "smollm2"]
    for it in asked:
        rejected.update(it.rejected)
    shares = {share.vendor: share.items for share in written.provenance.vendors}
    _say(f"set: {len(written.items)} of 10 in {seconds:.1f} s; items by vendor {shares}")
    _say(f"the real model: {len(asked)} attempts, {sum(it.accepted for it in asked)} items accepted,")
    _say(f"rejected by rule: {dict(rejected) or 'none'}")
    judged = sum(it.accepted for it in asked) + rejected.total()
    return 0 if len(written.items) == 10 and judged else 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the report is this program's output


if __name__ == "__main__":
    sys.exit(main())
