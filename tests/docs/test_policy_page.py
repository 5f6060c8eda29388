"""docs/policy.md has the figures that the command prints, and recommends what they bear out."""

import re
from pathlib import Path

from assessment.scoring.odds import chance_to_pass, columns, pass_odds, score_intervals
from cli.policy import Answers, odds_text

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
SHOWN = columns(12)


def test_the_page_has_the_tables_that_the_command_prints() -> None:
    (table,) = re.findall(r"<!-- odds -->\n(.*)\n<!-- end of odds -->", PAGE, re.DOTALL)
    assert table == odds_text(Answers(SHOWN, pass_odds(10, SHOWN), score_intervals(10)), 10)


def test_the_figures_in_its_sentences_are_right() -> None:
    for known, said in ((0.4, "40% known passes the first time in 41%"), (0.25, "25% known in 11%")):
        assert f"{chance_to_pass(known, 20):.0%}" in said
        assert said in " ".join(PAGE.split())
    assert f"{chance_to_pass(0.75, 20):.0%}" == "99%"
    assert chance_to_pass(0, 10, 3) < 0.06
    assert chance_to_pass(0.6, 10, 3) > 0.99
