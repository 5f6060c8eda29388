"""`retake policy …`: how a platform's students may retake, and what a pass proves under it."""

from collections.abc import Sequence
from typing import TypeVar

import click
import msgspec
from rich.table import Table

from assessment.models import Policy, Shown
from assessment.scoring.odds import PassOdds, ScoreInterval, columns, pass_odds, score_intervals
from cli.ledger import Span
from cli.printing import print_found
from cli.running import command_user, read_settings, with_database
from db.engine import RetakeEngine
from db.policies import PlatformPolicy, Policies
from providers.config import load

NONE = "none"
LONGEST_LIMIT = 7 * 86_400
LONGEST_COOL_DOWN = 366 * 86_400

Value = TypeVar("Value")


class OrNone(click.ParamType[int]):
    """A value of another type, or the word none, which lifts the limit and is given as 0."""

    def __init__(self, inner: click.ParamType[int]) -> None:
        self._inner = inner
        self.name = f"{inner.name}|{NONE}"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == NONE:
            return 0
        number: int = self._inner.convert(value, param, ctx)
        return number


class Answers(msgspec.Struct, frozen=True):
    """What `odds` found, for --json."""

    attempts: tuple[int, ...]
    odds: tuple[PassOdds, ...]
    intervals: tuple[ScoreInterval, ...]


@click.group()
def policy() -> None:
    """Set and show how often and how soon students may retake, and what a pass then proves."""


@policy.command("set")
@click.option("--platform", required=True, help="Whose students.")
@click.option("--max-attempts", type=OrNone(click.IntRange(1, 1000)), help="Submitted attempts of one verification.")
@click.option("--cool-down", type=OrNone(Span()), help="From a failed submit to the next retake: 30m, 24h, 7d.")
@click.option("--time-limit", type=OrNone(Span()), help="From the moment the questions were first sent: 20m.")
@click.option("--sets-per-attempt", type=click.IntRange(1, 100), help="Sets that may be written before a submit.")
@click.option(
    "--answers", type=click.Choice([shown.value for shown in Shown]), help="What the archive shows of a failed attempt."
)
def set_policy(
    *,
    platform: str,
    max_attempts: int | None,
    cool_down: int | None,
    time_limit: int | None,
    sets_per_attempt: int | None,
    answers: str | None,
) -> None:
    """Set what is named and keep the rest. It holds at once; attempts keep the policy they were taken under."""
    _refuse_beyond("--cool-down", cool_down, LONGEST_COOL_DOWN)
    _refuse_beyond("--time-limit", time_limit, LONGEST_LIMIT)
    read_settings()

    async def work(engine: RetakeEngine) -> Policy | None:
        policies = Policies(engine)
        before = await policies.of(platform)
        if before is None:
            return None
        wanted = Policy(
            max_attempts=_changed(before.max_attempts, max_attempts) or None,
            cool_down=_changed(before.cool_down, cool_down),
            time_limit=_changed(before.time_limit, time_limit) or None,
            sets_per_attempt=_changed(before.sets_per_attempt, sets_per_attempt),
            answers=_changed(before.answers, Shown(answers) if answers else None),
        )
        await policies.put(platform, wanted, by=command_user())
        return wanted

    found = with_database(work)
    if found is None:
        raise _unknown(platform)
    click.echo(f"{platform}: {told(found)}")


@policy.command()
@click.option("--platform", default=None, help="Only this one's.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def show(platform: str | None, *, as_json: bool) -> None:  # click passes options by name
    """Show the policies, those that nobody set included."""
    read_settings()

    async def work(engine: RetakeEngine) -> list[PlatformPolicy]:
        return [each for each in await Policies(engine).all() if platform in (None, each.platform)]

    found = with_database(work)
    if platform is not None and not found:
        raise _unknown(platform)
    print_found(found, _policies, "no platform yet: retake keys create makes one", as_json=as_json)


@policy.command()
@click.option("--attempts", type=click.IntRange(1, 1000), default=5, show_default=True, help="Up to how many.")
@click.option("--platform", default=None, help="Under its policy.  [default: no limit on attempts]")
@click.option("--questions", type=click.IntRange(1, 50), default=None, help="[default: as the provider file says]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def odds(*, attempts: int, platform: str | None, questions: int | None, as_json: bool) -> None:
    """Say what a pass proves: who passes by number of attempts, and how exact a score is."""
    settings = read_settings()
    asked = questions or load(settings.jobs.providers_file).settings.questions.total
    in_force = _policy_of(platform) if platform is not None else Policy()
    most = min(attempts, in_force.max_attempts or attempts)
    shown = columns(most)
    found = Answers(shown, pass_odds(asked, shown), score_intervals(asked))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    if platform is not None:
        click.echo(f"{platform}: {told(in_force)}")
    click.echo(odds_text(found, asked))


def odds_text(found: Answers, questions: int) -> str:
    """Both tables in Markdown, as docs/policy.md has them."""
    heads = ["knows", *(f"{number} attempt{'s' if number > 1 else ''}" for number in found.attempts)]
    chances = [[f"{row.known_percent}%", *(f"{chance:.1%}" for chance in row.chances)] for row in found.odds]
    shares = [
        [f"{each.correct} of {questions}", f"{each.score}%", f"{each.share.low:.0%} to {each.share.high:.0%}"]
        for each in found.intervals
    ]
    return "\n".join(
        (
            "Chance to pass within so many attempts. The model: each question asks about a random point of the field;",
            "who does not know it guesses among four options; nobody learns from one attempt to the next.",
            "",
            *_markdown(heads, chances),
            "",
            "What a score says about the share of such questions that a student answers rightly (95%, Wilson):",
            "",
            *_markdown(["right", "score", "95% interval"], shares),
        )
    )


def told(found: Policy) -> str:
    """One line of words for people."""
    return ", ".join(
        (
            f"{found.max_attempts} attempts" if found.max_attempts else "attempts without limit",
            f"cool-down {_span(found.cool_down)}" if found.cool_down else "no cool-down",
            f"time limit {_span(found.time_limit)}" if found.time_limit else "no time limit",
            f"{found.sets_per_attempt} sets per attempt",
            f"answers {found.answers.value}",
        )
    )


def _policy_of(platform: str) -> Policy:
    async def work(engine: RetakeEngine) -> Policy | None:
        return await Policies(engine).of(platform)

    found = with_database(work)
    if found is None:
        raise _unknown(platform)
    return found


def _changed(before: Value, wanted: Value | None) -> Value:
    return before if wanted is None else wanted


def _refuse_beyond(option: str, seconds: int | None, longest: int) -> None:
    if seconds is not None and seconds > longest:
        raise click.BadParameter(f"must be at most {_span(longest)}", param_hint=option)


def _unknown(platform: str) -> click.ClickException:
    return click.ClickException(f"no platform is named {platform!r}: retake keys create --platform makes one")


def _policies(found: Sequence[PlatformPolicy]) -> Table:
    table = Table("platform", "attempts", "cool-down", "time limit", "sets per attempt", "answers", "")
    for each in found:
        in_force = each.policy
        table.add_row(
            each.platform,
            str(in_force.max_attempts or "no limit"),
            _span(in_force.cool_down) if in_force.cool_down else NONE,
            _span(in_force.time_limit) if in_force.time_limit else NONE,
            str(in_force.sets_per_attempt),
            in_force.answers.value,
            "" if each.is_set else "default: nobody set one",
        )
    return table


def _span(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (heads, ["---:"] * len(heads), *rows)]
