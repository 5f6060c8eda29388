"""The scorecard as a page, and the goals on the terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bench.failover.catalogue import CATALOGUE, Scenario
from bench.failover.published import PUBLISHED, PUBLISHED_ALONE, SOURCE
from bench.failover.published import ROUTER as PUBLISHED_ROUTER
from bench.failover.runs import Result
from bench.failover.scoring import Checked, Verdict, Weight, first_gap
from bench.page import facts_table, goals_table, table
from bench.rows import Row

OURS, ROUTER, ALONE = "Retake", "Router", "Retake-alone"
HOW_TO_READ = """\
Failover Bench is a crash test for gateways and SDKs: a made-up vendor breaks in sixteen ways, each with its timing,
and its log tells what reached it. The faults, the timings (profile `full`, nothing is scaled), the checks and the
rules for a verdict are its own; the wall, the runner and every sentence here are written anew, because Retake writes
lists of items and proxies no chat. The other five columns are copied from its published scorecard, which we have not
run: {source}.

- **pass**: the caller got the whole answer (S13: a clean error), and every check is met.
- **partial**: the same, but advice was not followed; or, in S13, the system answered by going around the refusal.
- **safe**: no answer, but a clean error in time, and every required check is met.
- **fail**: no end in time, an incomplete answer called a success, or a required check that is not met.

A cell gives the verdict, the attempts that reached the primary (p) and the fallback (f), and the seconds until the
caller had an answer; in S15 the requests answered during the outage, and when the primary answered after it. What a
row was asked and what was found stands under "How each score came about". A cell is one run, as in the original; the
wall runs in a process of its own, and all rows of both systems run in the same minutes, each in a room of the wall
with attempts and a clock of its own.
"""
WITHOUT = """\
The same wall with the primary alone in the chain, beside the published systems that have no fallback. Checks that need
one are not asked. For a fault that stays, **safe** is the best there is.
"""
UNLIKE = """\
- **The answer.** There it is one text of sixty words, compared word by word. Here it is a list of ten items in JSON,
  cut into sixty pieces, 15 ms apart, so that "after 40 of 60 tokens" is the same moment. It is complete when ten
  items came that pass every rule and stand word for word in what the wall wrote. A list has parts: what stood whole
  before a stream broke is kept, and only the rest is asked of the fallback. A sentence that was cut has no such
  parts.
- **The caller.** There it reads the stream as it comes, so that its system has to stick to a vendor whose text was
  passed on. Here nobody sees anything before the set is whole: a second vendor can start beside a slow one, and start
  over. S06, S07, S08, S09 and S14 are easier for it.
- **Asking more.** Two spare items are ordered with the ten, and a vendor that has shown nothing for two seconds is
  hedged: another one is asked beside it, which costs a second answer at times. The original does not count what is
  bought.
- **Calls.** By default Retake splits a set over two parallel calls. Attempts are counted here for one, so one call
  asks for the whole set (`questions.per_call: 10`); `attempt_seconds` is the baseline's 30, all else is the default.
- **Retries.** The baseline allows two retries. Retake has no such number: what it does follows from the time left. Its
  requests have the scenario's limit as their deadline, or 90 s where that is longer; the original hands the limit to
  its adapters, too, of which the reference client heeds it.
- **Usage and model.** The caller of S11 and S16 is the operator: the ledger has to hold the vendor's own figures of
  the answer, and the set's provenance has to name who wrote it.
- **The alive probe** is a set from a vendor that is always sound, through the same process, within ten seconds.
- **The Router** on this wall is set up as by the original's adapter: two retries, 30 s, one fallback, also for
  context length, streaming with usage. It is asked for the same ten items in one call, and Retake's rules judge the
  text. In this process it uses Retake's HTTP transport, which sends the same bytes.
- **Advice.** The catalogue's words allow to fail over at once in S01 ("or fail over") and S03 ("acceptable but noted");
  its checks advise to come back to the same provider, so who fails over at once is partial there.
- **The tenth event** of S10 is sent in addition, as the original's server does: the answer without it is whole.
"""
Published = Mapping[str, Mapping[str, tuple[Verdict, str]]]


def page(facts: Mapping[str, str], results: Sequence[Result]) -> str:
    """The whole page."""
    parts = [
        "# Failover Bench\n\nWritten by `make failover-bench`; do not edit.\n",
        facts_table(facts),
        "## Goals\n",
        goals_table(goals(results)),
        "## Scorecard\n",
        _scorecard((OURS, ROUTER), PUBLISHED, results),
        _as_published(results),
        "## Without a fallback\n\n" + WITHOUT,
        _scorecard((ALONE,), PUBLISHED_ALONE, results),
        "## How to read it\n\n" + HOW_TO_READ.format(source=SOURCE),
        "## What is not comparable\n\n" + UNLIKE + "".join(_unlike(CATALOGUE)),
        "## How each score came about\n\nChecks by their names in the original; those in parentheses are advice.\n",
        *(_explained(scenario, results) for scenario in CATALOGUE),
    ]
    return "\n".join(parts)


def goals(results: Sequence[Result]) -> list[Row]:
    """What is wanted of Retake's column."""
    counts, comparable = _counts(_of(results, OURS)), [it for it in _of(results, OURS) if not it.scenario.unlike]
    passed = sum(it.verdict is Verdict.PASS for it in comparable)
    return [
        ("rows where the task is comparable: pass", f"{passed} of {len(comparable)}", "all", passed == len(comparable)),
        ("rows without an answer (safe)", str(counts[Verdict.SAFE]), "0", counts[Verdict.SAFE] == 0),
        ("rows failed", str(counts[Verdict.FAIL]), "0", counts[Verdict.FAIL] == 0),
    ]


def _as_published(results: Sequence[Result]) -> str:
    """What speaks for the wall and the scoring being those of the original."""
    measured, published = _of(results, ROUTER), PUBLISHED[PUBLISHED_ROUTER]
    alike = sum(it.verdict is published[it.scenario.name][0] for it in measured)
    return f"The Router's verdict here is the published one in {alike} of {len(measured)} rows.\n"


def _scorecard(whom: Sequence[str], published: Published, results: Sequence[Result]) -> str:
    """A row for each scenario, and how often each system has got each verdict."""
    head = (*(f"{who}, measured" for who in whom), *published)
    rows = [_row(scenario, whom, published, results) for scenario in CATALOGUE]
    counts = [_counts(_of(results, who)) for who in whom]
    counts += [Counter(word for word, _ in cells.values()) for cells in published.values()]
    totals = [(word.value, *(it[word] for it in counts)) for word in Verdict]
    return table(("scenario", *head), rows) + "\n" + table(("verdict", *head), totals)


def _row(scenario: Scenario, whom: Sequence[str], published: Published, results: Sequence[Result]) -> tuple[str, ...]:
    measured = {it.who: it for it in results if it.scenario.name == scenario.name}
    here = [_cell(measured[who]) if who in measured else "-" for who in whom]
    there = [f"{word}, {figures}" for word, figures in (cells[scenario.name] for cells in published.values())]
    return f"**{scenario.name}** {scenario.title}", *here, *there


def _cell(result: Result) -> str:
    outage, seen = result.seen.outage, result.seen
    if outage is None:
        return f"{result.verdict}, {len(seen.primary)}p/{len(seen.fallback)}f {seen.seconds:.1f}s"
    back = "never" if outage.back_after is None else f"+{outage.back_after:.0f}s"
    return f"{result.verdict}, {outage.served_during}/{outage.during} {back}"


def _of(results: Iterable[Result], who: str) -> list[Result]:
    return [result for result in results if result.who == who]


def _counts(results: Iterable[Result]) -> Counter[Verdict]:
    return Counter(result.verdict for result in results)


def _unlike(scenarios: Sequence[Scenario]) -> list[str]:
    return [f"- **{scenario.name}.** {scenario.unlike}\n" for scenario in scenarios if scenario.unlike]


def _explained(scenario: Scenario, results: Sequence[Result]) -> str:
    found = [it for it in results if it.scenario.name == scenario.name]
    text = f"### {scenario.name} {scenario.title}\n\n{scenario.fault}\n"
    return text + "".join(f"\n{_how(result)}" for result in found)


def _how(result: Result) -> str:
    lines = [f"**{result.who}: {result.verdict}** ({result.reason})\n"]
    lines += [f"- {_asked(it)}: {_answer(it)}, {it.detail}" for it in result.checked]
    if (gap := first_gap(result.seen)) is not None:
        lines.append(f"- between the first two attempts at the primary: {gap:.2f} s")
    if result.seen.note:
        lines.append(f"- told the caller, or in the ledger: {result.seen.note}")
    lines.append(f"- the wall saw: {'; '.join(_shortened(result.seen.log))}")
    return "\n".join(lines) + "\n"


def _asked(checked: Checked) -> str:
    name = f"`{checked.check.name}`"
    return name if checked.check.weight is Weight.REQUIRED else f"({name})"


def _answer(checked: Checked) -> str:
    return {True: "yes", False: "NO", None: "not asked"}[checked.is_good]


def _shortened(log: Sequence[str]) -> list[str]:
    """A sequence makes a long log; the attempts at the primary tell it."""
    if len(log) <= LONGEST_LOG:
        return list(log)
    at_primary = [line for line in log if " fb-ok " not in line]
    rest = len(log) - len(at_primary)
    return [*at_primary, f"and {rest} attempts at the fallback"]


LONGEST_LOG = 12
