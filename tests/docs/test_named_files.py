"""What the documents name is there: files, pages and the targets of the Makefile."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
IN_BACKTICKS = re.compile(r"`([\w-]+(?:/[\w.-]+)*/[\w.-]+\.(?:py|toml|yaml|sql|md|jsonl))`")
LINK = re.compile(r"\]\(([\w./-]+)\)")
TARGETS = re.compile(r"^\.PHONY: (.*)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [ROOT / path for path in IN_BACKTICKS.findall(text)] + [page.parent / path for path in LINK.findall(text)]
    assert [str(path) for path in named if not path.exists()] == []


def test_files_are_named_in_the_pages_that_tell_where_things_are() -> None:
    for name in ("CONTRIBUTING.md", "docs/architecture.md"):
        assert len(IN_BACKTICKS.findall((ROOT / name).read_text(encoding="utf-8"))) >= 5


def test_contributing_lists_every_target_of_the_makefile() -> None:
    targets = TARGETS.findall((ROOT / "Makefile").read_text(encoding="utf-8"))[0].split()
    listed = re.findall(r"^make ([\w-]+) +#", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(targets)
