import click


@click.command()
def demo() -> None:
    """Walk one student through the whole story."""
