"""The three files of a report, read as their readers do: with an HTML parser, a CSV reader and a YAML reader."""

import csv
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
import yaml

from assessment.findings import hard
from bench.models.figures import Measured, Summary
from bench.models.metrics import METRICS
from bench.models.records import ItemRecord
from bench.models.report import plots, prose, svg, write_report
from bench.models.report.snippet import providers_yaml
from tests.unit.bench.models.summary_factory import bare, comparison, item, items, run, summary, unknown

HEADINGS = [
    "What was run",
    "Verdict",
    "Summary",
    "Price and acceptance",
    "How long sets take",
    "Rejects by rule",
    "Key positions",
    "Difficulty",
    "All metrics",
    "Comparisons",
    "Items to read",
    "The chain for providers.yaml",
    "How to read it",
    "Limits",
]
VOID = {"meta", "br", "hr", "img", "input", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
HOSTILE = (
    '<script>alert("x")</script><img src="https://evil.example/p.png" onerror=alert(1)></style></svg>'
    "{{ 7 * 7 }} ```\n# heading\n![x](https://evil.example/q.png) \u202egnp.exe\u202c\x00\x1b[2J \ud800 &amp; end"
)


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, headings and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open and self._open[-1] == "h2":
            self.headings.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def written(found: Summary, out: Path, shown: list[ItemRecord] | None = None) -> tuple[str, str, str]:
    write_report(found, items(found) if shown is None else shown, out)
    html, markdown, rows = (
        (out / name).read_text(encoding="utf-8") for name in ("report.html", "report.md", "summary.csv")
    )
    return html, markdown, rows


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    return written(summary(), tmp_path_factory.mktemp("report") / "made" / "when-missing")


def test_the_page_has_its_sections_in_order(files: tuple[str, str, str]) -> None:
    assert Page(files[0]).headings == HEADINGS


def test_the_markdown_has_the_same_sections_but_for_the_plots(files: tuple[str, str, str]) -> None:
    assert re.findall(r"^## (.*)$", files[1], re.MULTILINE) == [
        each for each in HEADINGS if each != "Price and acceptance"
    ]


def test_the_page_needs_nothing_from_outside(files: tuple[str, str, str]) -> None:
    assert "http:" not in files[0]
    assert "https:" not in files[0]
    page = Page(files[0])
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a"}
    assert not any(name.startswith("on") or name == "src" for _, found in page.elements for name in found)
    assert all(found["href"].startswith("#") for _, found in page.elements if "href" in found)
    assert "@import" not in files[0]
    assert not re.search(r"url\((?!#)", files[0])


def test_ids_are_unique_and_references_inside_the_page_are_met(files: tuple[str, str, str]) -> None:
    page = Page(files[0])
    ids = [found["id"] for _, found in page.elements if "id" in found]
    assert len(ids) == len(set(ids))
    wanted = {found["href"][1:] for _, found in page.elements if "href" in found} | set(
        re.findall(r"url\(#([^)]+)\)", files[0])
    )
    assert wanted
    assert wanted <= set(ids)


def test_every_plot_is_there_for_wide_and_narrow_pages_and_can_be_read_out(files: tuple[str, str, str]) -> None:
    drawn = Page(files[0]).of("svg")
    assert [each["class"] for each in drawn] == ["plot wide", "plot narrow"] * 6
    assert all(each["role"] == "img" and "1 mini" in each["aria-label"] for each in drawn)


def test_plots_use_only_colours_of_the_page(files: tuple[str, str, str]) -> None:
    plot = plots.latency(summary()).wide
    assert "var(--ink)" in plot
    assert set(re.findall(r"#[0-9a-fA-F]{6}", "".join(re.findall(r"<svg.*?</svg>", files[0], re.DOTALL)))) == set()
    style = files[0].split("<style>")[1].split("</style>")[0]
    assert all(style.count(f"--{role}:") == 2 for role in svg.COLOURS), "each colour once for light and once for dark"


def test_text_in_plots_stays_text(files: tuple[str, str, str]) -> None:
    assert Page(plots.latency(summary()).wide).text.count("5 sandbox") == 1


def test_matplotlib_is_loaded_for_the_page_only() -> None:
    code = "import sys, bench.models.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_subjects_that_are_no_real_models_are_labelled(files: tuple[str, str, str]) -> None:
    page = Page(files[0])
    labels = [each["class"] for each in page.of("span") if each.get("class", "").startswith("label")]
    assert labels == ["label real"] * 4 + ["label unreal"] * 2
    assert "sandbox and always-b are no real models" in page.text
    assert "sandbox and always-b are no real models" in files[1]


def test_a_run_without_any_real_model_says_so() -> None:
    planted = (bare("one", label="planted"), bare("two", label="sandbox"))
    assert prose.caution(planted).startswith("No real model was asked")
    assert not prose.caution((bare("one"),))


def test_the_verdict_is_two_sentences_and_names_the_chain() -> None:
    said = prose.verdict(summary(), METRICS)
    assert len(re.findall(r"[.](?: |$)", said)) == 2
    assert said.startswith("Let mini write the questions, with haiku behind it: it completed 98.0% of its sets")
    assert (
        "Of its 10 comparisons with other subjects, 1 came out for it and 0 against it; 9 showed no difference" in said
    )


def test_a_run_without_a_chain_recommends_none() -> None:
    assert prose.verdict(unknown(), METRICS).startswith("This run recommends no chain. ")
    assert not providers_yaml(unknown())


def test_pairs_without_a_verdict_show_no_difference(files: tuple[str, str, str]) -> None:
    assert (
        Page(files[0]).text.count("no difference shown") == 15 + 10 + 1
    )  # prices, complete sets, the heading of prices
    assert files[1].count("no difference shown") == 15 + 10


def test_every_figure_comes_back_from_the_rows(files: tuple[str, str, str]) -> None:
    read = list(csv.DictReader(files[2].splitlines()))
    found = {
        (row["subject"], row["metric"]): Measured(
            _number(row["value"]), _number(row["low"]), _number(row["high"]), int(row["n"])
        )
        for row in read
    }
    wanted = {(each.subject, name): figure for each in summary().subjects for name, figure in each.figures.items()}
    assert found == wanted
    assert {row["unit"] for row in read if row["metric"] == "form_p95"} == {"seconds"}


def test_hostile_items_are_only_text_on_the_page(tmp_path: Path) -> None:
    finding = hard("markup", HOSTILE)
    shown = [
        item(stem=HOSTILE, options=(HOSTILE,) * 4, rationale=HOSTILE),
        item(stem=HOSTILE, options=(HOSTILE,) * 4, findings=(finding,), accepted=False, in_form=False, profile=HOSTILE),
    ]
    html, _, _ = written(summary(1), tmp_path, shown)
    page = Page(html)
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert page.headings == HEADINGS
    assert (
        page.text.count('<script>alert("x")</script>') == 2 * 5 + 1 + 1 + 1
    )  # stems, options, rationale, finding, profile
    assert "{{ 7 * 7 }}" in page.text
    assert "&amp; end" in page.text


def test_hidden_characters_are_made_visible(tmp_path: Path) -> None:
    html, markdown, _ = written(summary(1), tmp_path, [item(stem=HOSTILE)])
    for text in (html, markdown):
        assert not re.search("[\u202e\u202c\x00\x1b\ud800]", text)
        assert "[U+202E]gnp.exe[U+202C][U+0000][U+001B][2J [U+D800]" in text


def test_hostile_items_cannot_leave_their_block_in_the_markdown(tmp_path: Path) -> None:
    _, markdown, _ = written(
        summary(1), tmp_path, [item(stem=f"````\n{HOSTILE}"), item(rationale="`````", profile="nurse")]
    )
    outside = _outside_fences(markdown)
    assert "evil.example" in markdown
    assert "evil.example" not in outside
    assert "`````" not in outside


def test_names_cannot_break_a_table_of_the_markdown(tmp_path: Path) -> None:
    found = msgspec.structs.replace(unknown(), subjects=(bare("mini", model="a|b\n<b>[x](y)"),), comparisons=())
    _, markdown, _ = written(found, tmp_path, [])
    assert r"1 mini (real · a\|b \<b\>\[x\](y))" in markdown
    assert len({line.replace(r"\|", "").count("|") for line in _table_after(markdown, "## Summary")}) == 1


def test_a_subject_that_nothing_is_known_of_breaks_nothing(tmp_path: Path) -> None:
    html, markdown, rows = written(unknown(), tmp_path, [])
    page = Page(html)
    assert page.headings == HEADINGS
    assert page.of("svg") == []
    assert "No set was timed." in page.text
    assert "No item to show." in markdown
    first = next(csv.DictReader(rows.splitlines()))
    assert (first["value"], first["low"], first["high"], first["n"]) == ("", "", "", "0")
    assert not re.search(r"(None|nan)", page.text + markdown)


def test_a_run_without_subjects_is_still_a_report(tmp_path: Path) -> None:
    html, _, rows = written(Summary(run=run(()), subjects=(), comparisons=()), tmp_path, [])
    assert Page(html).headings == HEADINGS
    assert len(rows.splitlines()) == 1


def test_a_free_subject_is_shown_in_the_plot_of_prices(tmp_path: Path) -> None:
    free = {"usd_per_accepted": Measured(0.0), "accepted_rate": Measured(0.5)}
    found = msgspec.structs.replace(unknown(), subjects=(bare("mini", figures=free), bare("haiku")))
    plot = plots.pareto(found)
    assert "1 mini: $0.00, 50.0% accepted" in plot.wide
    html, _, _ = written(found, tmp_path, [])
    assert "Not shown, for want of a price or of items: haiku." in html


def test_rare_rules_are_taken_together(files: tuple[str, str, str]) -> None:
    found = summary()
    plot = plots.rules(found, [each.rejects for each in found.subjects], "rejects", "Rejects")
    assert [mark.text for mark in plot.marks][-1] == "other rules"
    assert len(plot.marks) == 7


def test_an_unknown_metric_goes_by_its_name(tmp_path: Path) -> None:
    found = msgspec.structs.replace(
        unknown(),
        subjects=(bare("mini", figures={"brand_new": Measured(3.0, 2.0, 4.0, 5)}),),
        comparisons=(comparison("brand_new", "mini", "haiku", Measured(1.0)),),
    )
    html, _, rows = written(found, tmp_path, [])
    assert "brand new" in Page(html).text
    assert rows.splitlines()[1] == "mini,real,openai/model,brand_new,count,3.0,2.0,4.0,5"


def test_the_chain_can_be_pasted_into_providers_yaml() -> None:
    found = msgspec.structs.replace(
        summary(), chain=("mini", "true", "1.0", "sandbox"), chain_reasons=("cheap\nchain: [evil]", "b\u2028- evil")
    )
    text = providers_yaml(found)
    assert yaml.safe_load(text) == {"chain": ["mini", "true", "1.0", "sandbox"]}
    assert "  # cheap chain: [evil]\n  - " in text
    assert "  # caution: sandbox, not a real model\n" in text


def test_the_page_shows_the_chain_as_it_is_to_be_pasted(files: tuple[str, str, str]) -> None:
    assert providers_yaml(summary()) in Page(files[0]).text
    assert providers_yaml(summary()) in files[1]


def test_the_same_run_gives_the_same_files(files: tuple[str, str, str], tmp_path: Path) -> None:
    assert written(summary(), tmp_path) == files


def _number(text: str) -> float | None:
    return float(text) if text else None


def _outside_fences(markdown: str) -> str:
    """What stands outside of fenced blocks; a block ends at a line of as many backticks as began it, or more."""
    fence, lines = "", []
    for line in markdown.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            fence = "" if len(ticks) >= len(fence) and line.strip() == ticks else fence
        elif len(ticks) >= 3:
            fence = ticks
        else:
            lines.append(line)
    return "\n".join(lines)


def _table_after(markdown: str, heading: str) -> list[str]:
    lines = markdown.split(heading)[1].strip().splitlines()
    return [line for line in lines[: lines.index("")] if line.startswith("|")]
