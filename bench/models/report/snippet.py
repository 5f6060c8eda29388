"""The recommended chain as a piece of providers.yaml."""

import json

from bench.models.figures import Summary
from bench.models.report.prose import REAL


def providers_yaml(summary: Summary) -> str:
    """A `chain:` block to paste over one's own, with the reason above every vendor; empty when none is recommended."""
    if not summary.chain:
        return ""
    run = summary.run
    labels = {subject.subject: subject.label for subject in summary.subjects}
    source = _one_line(f"run of {run.started_at}, configuration {run.config_hash}")
    lines = [f"# recommended by retake bench: {source}", "chain:"]
    for place, name in enumerate(summary.chain):
        if place < len(summary.chain_reasons):
            lines.append(f"  # {_one_line(summary.chain_reasons[place])}")
        if labels.get(name, REAL) != REAL:
            lines.append(f"  # caution: {_one_line(labels[name])}, not a real model")
        lines.append(f"  - {json.dumps(name)}")
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    """A comment must not end before its text does."""
    return " ".join(text.split())
