"""`retake skills map …`: what a skill consists of, shown, taken out, edited and put back."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.table import Table
from rich.text import Text

from assessment.concepts.editing import BadMap, ConceptRow, edited, retired, rows_of
from assessment.models import Concept, ConceptMap, MapKey, Mode
from cli.printing import harmless, print_found
from cli.running import read_settings, with_database
from db.catalogue import Catalogue
from db.concept_maps import SHARED, MapOrder, PostgresConceptMaps, order_map
from db.engine import RetakeEngine
from db.platforms import UnknownPlatform, platform_id_of

COLUMNS = ("id", "name", "tests", "level", "retired")
MAY_BE_LEFT_EMPTY = ("id", "retired")

Command = TypeVar("Command", bound=Callable[..., Any])


class Named(msgspec.Struct, frozen=True):
    """A map as the operator names it."""

    skill_id: str
    platform: str | None
    mode: str
    language: str

    async def key(self, engine: RetakeEngine) -> MapKey:
        """What it is called inside. Raises ClickException for a platform or a skill that is not known."""
        try:
            platform_id = await platform_id_of(engine, self.platform) if self.platform else None
        except UnknownPlatform as error:
            raise click.ClickException(f"no platform is named {self.platform!r}") from error
        if not await Catalogue(engine).names_of(platform_id or SHARED, [self.skill_id]):
            raise click.ClickException(f"no skill has the id {self.skill_id!r}; PUT /skills/{{skillId}} names one")
        return MapKey(Mode(self.mode), platform_id, self.skill_id, self.language)


@click.group()
def skills() -> None:
    """Maps of what skills consist of."""


@skills.group("map")
def map_group() -> None:
    """Show, export, import and retire the concepts that questions about a skill are drawn from."""


def _of_a_map(command: Command) -> Command:
    """Whose map of which skill."""
    options = (
        click.argument("skill_id"),
        click.option("--platform", default=None, help="The map of this platform alone.  [default: the shared one]"),
        click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default="live", show_default=True),
        click.option("--language", default="en", show_default=True, help="ISO 639-1 code."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@map_group.command()
@_of_a_map
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def show(*, as_json: bool, **whose: Any) -> None:
    """Show the newest version, with where each concept comes from."""
    found = _found(Named(**whose))
    title = f"{found.skill_id}, version {found.version}" if found else ""
    concepts = found.concepts if found else ()
    print_found(concepts, partial(_table, title), "there is no such map", as_json=as_json)


@map_group.command()
@_of_a_map
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
def export(*, form: str, **whose: Any) -> None:
    """Print the newest version as `import` takes it; without a map only the names of the columns."""
    found = _found(Named(**whose))
    rows = rows_of(found.concepts if found else ())
    click.echo(_as_csv(rows) if form == "csv" else msgspec.json.format(msgspec.json.encode(rows)), nl=form == "json")


@map_group.command("import")
@_of_a_map
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
def import_map(*, file: Path, **whose: Any) -> None:
    """Take over changed and new concepts of a CSV or JSON file; `-` reads standard input.

    A line without an id is a new concept. Concepts that the file does not name stay. What is changed here no model
    changes again.
    """
    read_settings()
    rows = _read(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig"))
    changed = _changed(Named(**whose), lambda held: edited(held, rows, datetime.now(UTC)))
    click.echo(f"version {changed.version if changed else 0}, {len(rows)} concepts read")


@map_group.command("retire")
@_of_a_map
@click.argument("concept_id")
def retire_concept(*, concept_id: str, **whose: Any) -> None:
    """Ask about a concept no more; `import` with `retired` false brings it back."""
    read_settings()
    _changed(Named(**whose), lambda held: retired(held, concept_id))
    click.echo(f"{concept_id} is retired")


@map_group.command()
@_of_a_map
def write(**whose: Any) -> None:
    """Have a worker ask the model vendors for concepts that the map does not have; nothing that is in it changes."""
    read_settings()

    async def work(engine: RetakeEngine) -> None:
        key = await Named(**whose).key(engine)
        await order_map(engine, MapOrder(key.mode, key.platform_id or SHARED, key.skill_id, key.language, again=True))

    with_database(work)
    click.echo("asked for; a worker writes it")


def _found(named: Named) -> ConceptMap | None:
    read_settings()

    async def work(engine: RetakeEngine) -> ConceptMap | None:
        return await PostgresConceptMaps(engine).newest(await named.key(engine))

    return with_database(work)


def _changed(named: Named, decide: Callable[[tuple[Concept, ...]], tuple[Concept, ...]]) -> ConceptMap | None:
    async def work(engine: RetakeEngine) -> ConceptMap | None:
        return await PostgresConceptMaps(engine).change(await named.key(engine), decide)

    try:
        return with_database(work)
    except BadMap as error:
        raise click.ClickException(str(error)) from error


def _read(text: str) -> list[ConceptRow]:
    """A JSON list, or CSV with names of columns in its first line. Raises ClickException."""
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=list[ConceptRow])
        lines = list(csv.DictReader(io.StringIO(text)))
        if any(None in line for line in lines):
            raise click.ClickException("a line has more fields than the first line names")
        given = [
            {name: value for name, value in line.items() if value or name not in MAY_BE_LEFT_EMPTY} for line in lines
        ]
        return msgspec.convert(given, list[ConceptRow], strict=False)
    except (msgspec.MsgspecError, csv.Error) as error:
        raise click.ClickException(f"the file cannot be read: {error}") from error


def _as_csv(rows: Sequence[ConceptRow]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**msgspec.to_builtins(row), "retired": str(row.retired).lower()} for row in rows)
    return text.getvalue()


def _table(title: str, concepts: Sequence[Concept]) -> Table:
    table = Table("id", "concept", "what it tests", "level", "from", title=harmless(title))
    for it in concepts:
        origin = it.origin.model or it.origin.kind.value
        state = f"{origin}, retired" if it.is_retired else origin
        table.add_row(it.concept_id, *(Text(harmless(text)) for text in (it.name, it.tests, it.level.value, state)))
    return table
