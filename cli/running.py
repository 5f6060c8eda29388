"""What the commands share: the database for the length of a command, and clear words when something is missing."""

import asyncio
import getpass
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from api.logs import configure_logging
from api.settings import Settings, SettingsError, settings_from
from assessment.credentials import Actor
from assessment.errors import ServiceUnavailable
from db.engine import RetakeEngine
from db.migrations import NotMigrated
from db.opening import open_database
from delivery.mail_settings import BadMailSettings
from piccolo_conf import DB
from providers.config import ConfigError
from serving.limits import Limits, limits_from

Answer = TypeVar("Answer")


def read_settings() -> Settings:
    """Read the environment. Raises ClickException with what is wrong in it."""
    try:
        settings = settings_from()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    configure_logging(settings.log_format)
    return settings


def read_limits() -> Limits:
    """Read how much a stranger may take. Raises ClickException with what is wrong in it."""
    try:
        return limits_from(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def command_user() -> Actor:
    """Who runs the command, for the audit log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        name = f"user {os.getuid()}"
    return Actor("cli", name, socket.gethostname())


def with_database(work: Callable[[RetakeEngine], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run `work` on an open, migrated database and close it again. Raises ClickException."""

    async def run() -> Answer:
        engine = DB
        await open_database(engine)
        try:
            return await work(engine)
        finally:
            await engine.disconnect()

    return explained(run)


def explained(run: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run a coroutine; turn what an operator can mend into one clear line. Raises ClickException."""
    try:
        return asyncio.run(run())
    except ServiceUnavailable as error:
        raise click.ClickException(
            f"the database cannot be reached ({_reason(error)}); see RETAKE_DATABASE_URL"
        ) from error
    except NotMigrated as error:
        raise click.ClickException("the database is not up to date: run `retake db upgrade`") from error
    except (ConfigError, BadMailSettings, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


def _reason(error: ServiceUnavailable) -> str:
    """The first line of what stood in the way; a time-out has a name only."""
    cause = error.__cause__
    lines = str(cause or "").strip().splitlines()
    return lines[0] if lines else type(cause).__name__
