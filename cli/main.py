"""`retake …`: every command, and how a failure is told."""

import sys

import click

from cli.bench import bench
from cli.database import db
from cli.demo import demo
from cli.keys import keys
from cli.ledger import ledger
from cli.openapi import openapi
from cli.providers import providers
from cli.serve import serve
from cli.stats import stats
from cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="retake")
def retake() -> None:
    """AI skill assessments, self-hosted: a complete, fair question set inside the deadline."""


for command in (serve, worker, keys, db, openapi, providers, ledger, stats, bench, demo):
    retake.add_command(command)


def main() -> None:
    """Run the command line."""
    retake.main(args=sys.argv[1:], prog_name="retake")
