"""What the environment says."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from assessment.credentials import SESSION_LIFETIME
from db.sweeping import Retention
from jobs.settings import JobSettings

LOG_FORMATS = ("json", "console")
VERIFY_PER_MINUTE = 600
FEWEST_PERSON_DAYS = SESSION_LIFETIME.days + 1  # else a session would be ended that is still good
MAX_COUNT = 1_000_000
POOLINGS = ("session", "transaction")


class SettingsError(Exception):
    """An environment variable holds what it must not; the message names it."""


class Settings(msgspec.Struct, frozen=True):
    """Settings of one deployment; where the database is, piccolo_conf.py reads by itself.

    `runs_jobs` says that this process runs jobs beside answering requests, since no worker does.
    """

    jobs: JobSettings = JobSettings()
    runs_jobs: bool = True
    cors_origins: tuple[str, ...] = ()
    log_format: str = "json"
    verify_per_minute: int = VERIFY_PER_MINUTE


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the RETAKE_ variables. Raises SettingsError."""
    providers = environment.get("RETAKE_PROVIDERS")
    _choice(environment, "RETAKE_DATABASE_POOLING", POOLINGS)  # read by piccolo_conf.py, which cannot complain
    return Settings(
        jobs=JobSettings(
            providers_file=Path(providers) if providers else None,
            smtp_url=environment.get("RETAKE_SMTP_URL") or None,
            allow_private_webhooks=_flag(environment, "RETAKE_ALLOW_PRIVATE_WEBHOOKS"),
            retention=_retention(environment),
        ),
        runs_jobs=environment.get("RETAKE_RUNS_JOBS") != "0",  # said by `retake serve`, which starts workers
        cors_origins=tuple(environment.get("RETAKE_CORS_ORIGINS", "").replace(",", " ").split()),
        log_format=_choice(environment, "RETAKE_LOG_FORMAT", LOG_FORMATS),
        verify_per_minute=_count(environment, "RETAKE_VERIFY_PER_MINUTE", VERIFY_PER_MINUTE),
    )


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "")
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name} must be 0 or 1, not {value!r}")
    return value == "1"


def _retention(environment: Mapping[str, str]) -> Retention:
    usual = Retention()
    persons = environment.get("RETAKE_KEEP_PERSONS_DAYS")
    return Retention(
        sessions=_count(environment, "RETAKE_KEEP_SESSIONS_DAYS", usual.sessions),
        deliveries=_count(environment, "RETAKE_KEEP_DELIVERIES_DAYS", usual.deliveries),
        ledger=_count(environment, "RETAKE_KEEP_LEDGER_DAYS", usual.ledger),
        persons=_count(environment, "RETAKE_KEEP_PERSONS_DAYS", 0, least=FEWEST_PERSON_DAYS) if persons else None,
    )


def _count(environment: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    value = environment.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and least <= int(value) <= MAX_COUNT):
        raise SettingsError(f"{name} must be a number from {least} to {MAX_COUNT}, not {value!r}")
    return int(value)


def _choice(environment: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    value = environment.get(name) or choices[0]
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value
