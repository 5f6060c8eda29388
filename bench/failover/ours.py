"""Retake's writer as the server builds it, with the primary first and the fallback second in its chain."""

import tempfile
from pathlib import Path

import yaml

from assessment.deadline import Deadline, SystemClock
from assessment.errors import GenerationFailed
from bench.chaos.ours import BRIEF, KEY, TOTAL
from bench.failover.contestants import ATTEMPT_SECONDS, Answer
from bench.failover.faults import SOUND
from bench.failover.scoring import Ended
from bench.kept_attempts import KeptAttempts
from providers.build import build_vendors
from providers.config import ProvidersConfig
from providers.protocol import CallOutcome
from providers.snapshot import Snapshot

CHAIN = ("primary", "fallback")
SOUND_ONE = ("sound",)


class Ours:
    """One call asks for the whole set, since the catalogue counts attempts of one request; all else is the default."""

    def __init__(self, room: str, primary: str, fallback: str, *, chain: tuple[str, ...] = CHAIN) -> None:
        config = _config(room, primary, fallback)
        self._attempts = KeptAttempts()
        self._writer = build_vendors(config.with_chain(chain), ledger=self._attempts)
        self._sound = build_vendors(config.with_chain(SOUND_ONE))
        self._settings = config.settings

    async def ask(self, seconds: float) -> Answer:
        """Ask the chain."""
        self._attempts.records.clear()
        return await self._ask(self._writer, seconds)

    async def probe(self, seconds: float) -> Answer:
        """Ask the vendor that is always sound."""
        return await self._ask(self._sound, seconds)

    async def _ask(self, writer: Snapshot, seconds: float) -> Answer:
        """As a request would that has so many seconds, or those of the configuration."""
        deadline = Deadline(SystemClock(), min(seconds, self._settings.budget_seconds))
        try:
            written = await writer.write(BRIEF, deadline.shortened(self._settings.reserve_seconds))
            seconds_to_answer = deadline.elapsed
            await writer.settled()
        except GenerationFailed:
            return Answer(Ended.ERROR, note=f"GENERATION_FAILED; {self._attempts}")
        return Answer(
            Ended.SUCCESS,
            written.items,
            tuple(share.model for share in written.provenance.vendors),
            says_usage=self._says_usage(),
            seconds=seconds_to_answer,
            note=str(self._attempts),
        )

    def _says_usage(self) -> bool:
        """Whether the ledger has the vendor's own figures of every answer that came whole."""
        whole = [record for record in self._attempts.records if record.outcome is CallOutcome.OK]
        return bool(whole) and not any(record.is_estimated for record in whole)


def alone(room: str, primary: str, fallback: str) -> Ours:
    """The same with nobody behind the primary."""
    return Ours(room, primary, fallback, chain=CHAIN[:1])


def _config(room: str, primary: str, fallback: str) -> ProvidersConfig:
    """Write the configuration and read it back as the server does."""
    models = {CHAIN[0]: primary, CHAIN[1]: fallback, SOUND_ONE[0]: SOUND}
    vendors = [
        {
            "name": name,
            "model": f"openai/{model}",
            "api_key": "${CHAOS_KEY}",
            "api_base": f"{room}/v1",
            "attempt_seconds": ATTEMPT_SECONDS,
        }
        for name, model in models.items()
    ]
    settings = {"vendors": vendors, "chain": list(CHAIN), "questions": {"per_call": TOTAL}}
    with tempfile.TemporaryDirectory(prefix="failover-") as folder:
        file = Path(folder) / "providers.yaml"
        file.write_text(yaml.safe_dump(settings))
        return ProvidersConfig.from_file(file, KEY)
