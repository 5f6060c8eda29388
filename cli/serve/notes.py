"""What `retake serve` tells people: where it is, and what is missing for live mode."""

import os
from importlib.metadata import version

import msgspec

from api.settings import Settings
from assessment.models import Mode
from db.accounts import Accounts
from db.opening import open_database
from db.policies import Policies
from delivery.mail_settings import parse_smtp_url
from piccolo_conf import DB
from providers.build import check_spend, usable
from providers.config import load
from serving.limits import FILES_KEPT, Limits

AS_ROOT = (
    "You are root. PostgreSQL runs as the system user pgserver, which is made when missing, and every folder above its"
    " data is made readable for all. Better start as another user, or set RETAKE_DATABASE_URL."
)


PLATFORMS_NAMED = 5


class Findings(msgspec.Struct, frozen=True):
    """What was found out before serving."""

    missing: tuple[str, ...]
    remarks: tuple[str, ...]


async def find(settings: Settings) -> Findings:
    """Find out before serving what would stop it, so that the reason is one clear line, and what is missing.

    Raises what an operator can mend.
    """
    config = load(settings.jobs.providers_file)
    check_spend(config)
    if settings.jobs.smtp_url:
        parse_smtp_url(settings.jobs.smtp_url)
    engine = DB
    await open_database(engine)
    try:
        keys = await Accounts(engine).list_keys()
        without_policy = await Policies(engine).live_without()
    finally:
        await engine.close_pool()
    has_live_key = any(key.mode is Mode.LIVE and key.revoked_at is None for key in keys)
    can_generate = not config.is_built_in and usable(config)
    return Findings(
        missing=_missing(settings, can_generate=can_generate, has_live_key=has_live_key),
        remarks=_remarks(is_embedded=engine.is_embedded) + _policy_remarks(without_policy),
    )


def _missing(settings: Settings, *, can_generate: bool, has_live_key: bool) -> tuple[str, ...]:
    found: list[str] = []
    if settings.jobs.providers_file is None:
        found.append("no model vendors: RETAKE_PROVIDERS names no provider file; see docs/providers.md")
    elif not can_generate:
        found.append(f"no usable vendor: none in the chain of {settings.jobs.providers_file} has its API key")
    if not has_live_key:
        found.append("no live API key: retake keys create --mode live --name NAME")
    if settings.jobs.smtp_url is None:
        found.append("no mail server: RETAKE_SMTP_URL is not set, so result mails are recorded as not sent")
    if settings.jobs.allow_private_webhooks:
        found.append("RETAKE_ALLOW_PRIVATE_WEBHOOKS is 1: whoever has an API key can make webhooks reach your network")
    return tuple(found)


def _remarks(*, is_embedded: bool) -> tuple[str, ...]:
    return (AS_ROOT,) if is_embedded and os.name == "posix" and os.geteuid() == 0 else ()


def _policy_remarks(platforms: list[str]) -> tuple[str, ...]:
    if not platforms:
        return ()
    named = ", ".join(platforms[:PLATFORMS_NAMED]) + (", …" if len(platforms) > PLATFORMS_NAMED else "")
    remark = (
        f"No retake policy: {named}. Students may retake without limit, so a pass proves little: retake policy odds"
        " says how little, retake policy set limits it."
    )
    return (remark,)


def greeting(address: str, findings: Findings, limits: Limits, files: int) -> str:
    """The lines for people."""
    lines = [f"Retake {version('retake')} serves at {address}", f"API documentation: {address}/docs"]
    if findings.missing:
        lines += ["Missing for live mode:", *(f"  - {line}" for line in findings.missing)]
    lines += findings.remarks
    if files < Limits().connections + FILES_KEPT:
        lines.append(
            f"This user may open {files} files, enough for {limits.connections} connections a process;"
            " raise the hard limit (ulimit -Hn) for more."
        )
    return "\n".join(lines)
