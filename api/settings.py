"""What the environment says."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

LOG_FORMATS = ("json", "console")


class SettingsError(Exception):
    """An environment variable holds what it must not; the message names it."""


class Settings(msgspec.Struct, frozen=True):
    """Settings of one deployment; where the database is, piccolo_conf.py reads by itself."""

    providers_file: Path | None = None
    smtp_url: str | None = None
    allow_private_webhooks: bool = False
    cors_origins: tuple[str, ...] = ()
    log_format: str = "json"


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the RETAKE_ variables. Raises SettingsError."""
    providers = environment.get("RETAKE_PROVIDERS")
    return Settings(
        providers_file=Path(providers) if providers else None,
        smtp_url=environment.get("RETAKE_SMTP_URL") or None,
        allow_private_webhooks=_flag(environment, "RETAKE_ALLOW_PRIVATE_WEBHOOKS"),
        cors_origins=tuple(environment.get("RETAKE_CORS_ORIGINS", "").replace(",", " ").split()),
        log_format=_log_format(environment),
    )


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "")
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name} must be 0 or 1, not {value!r}")
    return value == "1"


def _log_format(environment: Mapping[str, str]) -> str:
    value = environment.get("RETAKE_LOG_FORMAT") or LOG_FORMATS[0]
    if value not in LOG_FORMATS:
        raise SettingsError(f"RETAKE_LOG_FORMAT must be one of {', '.join(LOG_FORMATS)}, not {value!r}")
    return value
