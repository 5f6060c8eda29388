"""The page of Failover Bench is complete, and says how each score came about."""

import re
from pathlib import Path

import msgspec
import pytest

from bench.failover import report
from bench.failover.catalogue import CATALOGUE
from bench.failover.published import BIFROST, DIRECT, PORTKEY, PROXY, PUBLISHED, PUBLISHED_ALONE, REFERENCE, ROUTER, SDK
from bench.failover.runs import Result
from bench.failover.scoring import Ended, Outage, Seen, Verdict, Weight, ask_all

PAGE = (Path(__file__).parents[4] / "docs" / "failover-bench.md").read_text(encoding="utf-8")
NAMES = [scenario.name for scenario in CATALOGUE]
OUTAGE = Outage(requests=20, hangs=0, during=15, served_during=15, attempts_during=5, back_after=8.0)
SOUND = Seen(
    ended=Ended.SUCCESS,
    is_complete=True,
    seconds=2.5,
    says_usage=True,
    models=("openai/fb-ok",),
    fallback_model="fb-ok",
    primary=(0.0,),
    fallback=(1.0,),
    prompt_sizes=(9,),
    note="primary:ok",
    log=("0.00 s fb-s01 no. 1: 429",),
)


def results(seen: Seen = SOUND) -> list[Result]:
    """The same run of every scenario by everybody."""
    found = []
    for scenario in CATALOGUE:
        run = msgspec.structs.replace(seen, outage=OUTAGE if scenario.repeated else None)
        checked = ask_all(scenario.checks, run)
        found += [Result(scenario, who, run, checked) for who in (report.OURS, report.ROUTER, report.ALONE)]
    return found


def rows(text: str, title: str = "Scorecard") -> dict[str, list[str]]:
    """The rows of a section by scenario."""
    section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| **S")]
    return {line[0].split("**")[1]: line[1:] for line in lines}


@pytest.mark.parametrize("text", [PAGE, report.page({}, results())], ids=["published", "made"])
def test_the_page_has_a_row_and_an_explanation_of_every_scenario(text: str) -> None:
    words = "|".join(Verdict)
    for title, columns in (("Scorecard", 2 + len(PUBLISHED)), ("Without a fallback", 1 + len(PUBLISHED_ALONE))):
        found = rows(text, title)
        assert list(found) == NAMES
        for cells in found.values():
            assert len(cells) == columns
            assert all(re.match(rf"({words}), \S", cell) for cell in cells)
    for scenario in CATALOGUE:
        _, _, after = text.partition(f"### {scenario.name} {scenario.title}\n")
        explained = after.partition("\n### ")[0]
        assert scenario.fault in explained
        for check in scenario.checks:
            name = f"`{check.name}`" if check.weight is Weight.REQUIRED else f"(`{check.name}`)"
            assert explained.count(f"- {name}: ") == 3
        assert explained.count("the wall saw: ") == 3
        assert scenario.unlike in text


def test_the_page_names_its_source_and_its_licence() -> None:
    assert "github.com/failoverbench/failoverbench" in PAGE
    assert "CC BY 4.0" in PAGE


def test_what_was_published_adds_up_to_its_own_totals() -> None:
    totals = {
        REFERENCE: (16, 0, 0, 0),
        PORTKEY: (11, 2, 0, 3),
        BIFROST: (9, 3, 3, 1),
        PROXY: (9, 3, 4, 0),
        ROUTER: (9, 3, 4, 0),
        SDK: (6, 0, 10, 0),
        DIRECT: (4, 0, 12, 0),
    }
    counted = {
        system: tuple(sum(found is word for found, _ in cells.values()) for word in Verdict)
        for system, cells in {**PUBLISHED, **PUBLISHED_ALONE}.items()
    }
    assert counted == totals


def test_a_cell_says_verdict_attempts_and_seconds() -> None:
    found = rows(report.page({}, results()))
    assert found["S01"][0] == "partial, 1p/1f 2.5s"
    assert found["S15"][0] == "pass, 15/15 +8s"


def test_a_row_that_is_missed_is_a_goal_missed_unless_the_task_is_another() -> None:
    assert [goal[3] for goal in report.goals(results())] == [False, True, True]  # S01 and S03 advise a second attempt
    safe = report.goals(results(Seen(ended=Ended.ERROR, primary=(0.0,))))
    assert [goal[3] for goal in safe] == [False, False, True]
    failed = report.goals(results(Seen(ended=Ended.HANG)))
    assert [goal[3] for goal in failed] == [False, True, False]


def test_the_page_says_how_often_the_router_is_scored_as_it_was_published() -> None:
    alike = report.page({}, results(Seen(ended=Ended.ERROR, primary=(0.0,))))
    # S01 to S12, S14 and S16 end safe here, of which S08, S09, S10 and S14 were published so; S13's error is a pass
    assert "The Router's verdict here is the published one in 4 of 16 rows." in alike
    assert "The Router's verdict here is the published one in 16 of 16 rows." in PAGE


def test_a_long_log_shows_the_primary_and_counts_the_fallback() -> None:
    log = tuple(f"{number}.00 s {model} no. 1: 200" for number in range(7) for model in ("fb-s15-flap", "fb-ok"))
    text = report.page({}, results(Seen(ended=Ended.SUCCESS, is_complete=True, log=log)))
    assert "6.00 s fb-s15-flap no. 1: 200; and 7 attempts at the fallback" in text
