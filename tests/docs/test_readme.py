"""The tour of the README is run as it stands there, so that no reader meets a command that does not work."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from serving.starting import free_port

ROOT = Path(__file__).parent.parent.parent
SHELL_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
ANSWER_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the tour's commands print."""
    folder = tmp_path_factory.mktemp("tour")
    (folder / "examples").symlink_to(ROOT / "examples")
    return _run_tour(folder)


def test_every_answer_of_the_tour_is_a_success(told: str) -> None:
    answers = [json.loads(line) for line in re.findall(r'\{"success".*?"executionTime":"\d+ms"\}', told)]
    assert len(answers) == 6
    assert all(answer["success"] for answer in answers)


def test_the_answers_shown_in_the_readme_have_the_fields_of_those_given(told: str) -> None:
    for block in ANSWER_BLOCK.findall(_tour()):
        shown = json.loads(block)
        assert any(_shape(shown) == _shape(given) for given in _objects(told)), f"nothing given looks like {block[:80]}"


def _tour() -> str:
    readme = (ROOT / "README.md").read_text()
    return readme.split("## Five-minute tour", 1)[1].split("\n## ", 1)[0]


def _run_tour(folder: Path) -> str:
    commands = "\n".join(SHELL_BLOCK.findall(_tour())).replace("make install\n", "")
    script = commands.replace("8000", str(free_port())).replace(".venv/bin/retake", "retake")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RETAKE_")}
    finished = subprocess.run(
        ("bash", "-m", "-c", f"set -eu\ntrap 'kill %1; wait' EXIT\n{script}"),
        env={**clean, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def _objects(text: str) -> list[object]:
    decoder, found, index = json.JSONDecoder(), [], text.find("{")
    while index >= 0:
        value, end = decoder.raw_decode(text, index)
        found.append(value)
        index = text.find("{", end)
    return found


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: _shape(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__
