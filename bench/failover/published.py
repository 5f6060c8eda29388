"""Failover Bench's published scorecard of 2026-09-12, for the systems that stand beside ours.

From `results/full/SCORECARD.md` of github.com/failoverbench/failoverbench (results: CC BY 4.0): the verdict, the
attempts at primary and fallback, and the seconds. The systems asked for a chat completion of sixty words.
"""

from bench.failover.catalogue import CATALOGUE
from bench.failover.scoring import Verdict

SOURCE = "github.com/failoverbench/failoverbench, scorecard of 2026-09-12, methodology v0.1, profile full, CC BY 4.0"
REFERENCE, PORTKEY, BIFROST = "Reference client", "Portkey Gateway OSS", "Bifrost v2.1.1"
PROXY, ROUTER = "LiteLLM proxy", "LiteLLM Router"
SDK, DIRECT = "openai-python SDK", "No gateway, no retries"

_WITH_FALLBACK = {
    REFERENCE: """
        pass 2p/0f 3.0s | pass 3p/1f 2.4s | pass 2p/0f 1.5s | pass 3p/1f 2.2s | pass 2p/0f 1.5s | pass 1p/1f 11.0s
        pass 1p/1f 11.0s | pass 3p/1f 4.3s | pass 1p/1f 11.3s | pass 1p/0f 1.0s | pass 1p/0f 1.0s | pass 1p/1f 1.0s
        pass 1p/0f 0.0s | pass 3p/1f 4.6s | pass 15/15 +0s | pass 3p/1f 2.7s""",
    PORTKEY: """
        pass 2p/0f 3.0s | pass 3p/1f 4.0s | pass 2p/0f 2.0s | pass 3p/1f 4.0s | pass 2p/0f 2.0s | pass 1p/1f 31.0s
        partial 1p/0f 21.0s | fail 1p/0f 0.7s | fail 1p/0f 30.3s | pass 1p/0f 1.0s | pass 1p/0f 1.0s | pass 1p/1f 1.0s
        partial 1p/1f 1.0s | fail 1p/0f 0.7s | pass 15/15 +0s | pass 3p/1f 4.0s""",
    BIFROST: """
        partial 2p/0f 1.6s | pass 3p/1f 2.5s | pass 2p/0f 1.4s | pass 3p/1f 2.6s | pass 2p/0f 1.0s | fail 2p/0f 130.0s
        partial 1p/0f 21.0s | safe 1p/0f 0.7s | safe 1p/0f 30.3s | pass 1p/0f 1.0s | pass 1p/0f 1.0s | pass 1p/1f 1.0s
        partial 1p/1f 1.0s | safe 1p/0f 0.7s | pass 15/15 +0s | pass 3p/1f 2.6s""",
    PROXY: """
        pass 2p/0f 3.4s | pass 3p/1f 5.8s | pass 2p/0f 1.8s | pass 3p/1f 5.5s | pass 2p/0f 1.6s | partial 3p/1f 95.5s
        partial 1p/0f 21.0s | safe 1p/0f 0.7s | safe 1p/0f 30.3s | safe 1p/0f 0.2s | pass 1p/0f 1.0s | pass 1p/1f 1.0s
        partial 1p/1f 1.0s | safe 1p/0f 0.7s | pass 11/11 +0s | pass 3p/1f 5.3s""",
    ROUTER: """
        pass 2p/0f 4.0s | pass 3p/1f 5.3s | pass 2p/0f 1.7s | pass 3p/1f 5.8s | pass 2p/0f 1.8s | partial 3p/1f 96.2s
        partial 1p/0f 21.0s | safe 1p/0f 0.7s | safe 1p/0f 30.3s | safe 1p/0f 0.2s | pass 1p/0f 1.0s | pass 1p/1f 1.0s
        partial 1p/1f 1.0s | safe 1p/0f 0.7s | pass 11/11 +2s | pass 3p/1f 5.7s""",
}

_WITHOUT = {
    SDK: """
        pass 2p/0f 3.3s | safe 3p/0f 1.4s | pass 2p/0f 1.5s | safe 3p/0f 1.4s | pass 2p/0f 1.4s | safe 3p/0f 91.6s
        pass 1p/0f 21.0s | safe 1p/0f 0.6s | safe 1p/0f 30.3s | safe 1p/0f 0.2s | pass 1p/0f 1.0s | safe 1p/0f 0.0s
        pass 1p/0f 0.0s | safe 1p/0f 0.6s | safe 0/15 +0s | safe 3p/0f 1.3s""",
    DIRECT: """
        safe 1p/0f 0.0s | safe 1p/0f 0.0s | safe 1p/0f 0.0s | safe 1p/0f 0.0s | safe 1p/0f 0.0s | safe 1p/0f 30.0s
        pass 1p/0f 21.0s | safe 1p/0f 0.6s | safe 1p/0f 30.3s | pass 1p/0f 1.0s | pass 1p/0f 1.0s | safe 1p/0f 0.0s
        pass 1p/0f 0.0s | safe 1p/0f 0.6s | safe 0/15 +0s | safe 1p/0f 0.0s""",
}


def _cells(text: str) -> dict[str, tuple[Verdict, str]]:
    found = [cell.split(maxsplit=1) for line in text.strip().splitlines() for cell in line.split("|")]
    names = [scenario.name for scenario in CATALOGUE]
    return {name: (Verdict(word), figures.strip()) for name, (word, figures) in zip(names, found, strict=True)}


PUBLISHED = {system: _cells(text) for system, text in _WITH_FALLBACK.items()}
PUBLISHED_ALONE = {system: _cells(text) for system, text in _WITHOUT.items()}
"""By system and scenario: the verdict, and the figures beside it (S15: answered in the outage, back after it)."""
