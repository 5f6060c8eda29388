"""`retake openapi`: the API's document."""

import click
import msgspec

from api.app import create_app
from cli.running import read_settings


@click.command()
def openapi() -> None:
    """Print the OpenAPI document as JSON."""
    app = create_app(read_settings())
    click.echo(msgspec.json.format(msgspec.json.encode(app.openapi_schema.to_schema())).decode())
