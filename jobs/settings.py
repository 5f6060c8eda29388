"""What of a deployment's settings the jobs need."""

from pathlib import Path

import msgspec

from db.sweeping import Retention

GRACE_SECONDS = 100.0  # a set under way may take its 90 seconds


class JobSettings(msgspec.Struct, frozen=True):
    """What of a deployment's settings the jobs need; without a provider file they serve test mode alone."""

    providers_file: Path | None = None
    smtp_url: str | None = None
    allow_private_webhooks: bool = False
    grace_seconds: float = GRACE_SECONDS
    retention: Retention = Retention()
