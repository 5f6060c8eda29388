"""`retake …`: every command, and how a failure is told."""

import sys
from importlib import import_module

import click

COMMANDS = {
    "audit": "cli.audit",
    "bench": "cli.bench",
    "db": "cli.database",
    "deliveries": "cli.deliveries",
    "demo": "cli.demo",
    "keys": "cli.keys",
    "ledger": "cli.ledger",
    "openapi": "cli.openapi",
    "person": "cli.person",
    "policy": "cli.policy",
    "providers": "cli.providers",
    "serve": "cli.serve.command",
    "skills": "cli.skills",
    "stats": "cli.stats",
    "worker": "cli.worker",
}


class Commands(click.Group):
    """Imports the command that is asked for and no other: every process that `serve` starts comes by here again."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name all, whether imported or not."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import one."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="retake")
def retake() -> None:
    """AI skill assessments, self-hosted: a complete, fair question set inside the deadline."""


def main() -> None:
    """Run the command line."""
    retake.main(args=sys.argv[1:], prog_name="retake")
