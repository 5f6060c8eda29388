"""The parts of a model run: students from profiles, who is measured, what a set takes."""

from pathlib import Path

import pytest

from bench.models.runner.plan import CHAIN, Request, UnknownVendor, retakes_of, subjects_of, units
from bench.models.runner.students import CANARY, COUNTERPART, INJECTED, PLAIN, PROFILES, BadProfile, load
from providers.config import ProvidersConfig

FILE = """
vendors:
  - {name: one, model: openai/one, api_base: "http://127.0.0.1:1/v1"}
  - {name: two, model: openai/planted-two, api_base: "http://127.0.0.1:1/v1"}
  - {name: box, model: sandbox}
chain: [one, box]
"""


@pytest.fixture
def config(tmp_path: Path) -> ProvidersConfig:
    file = tmp_path / "providers.yaml"
    file.write_text(FILE)
    return ProvidersConfig.from_file(file)


def test_there_are_ten_example_students_and_none_of_their_contacts_reaches_a_writer() -> None:
    students = load(PROFILES)
    assert len(students) == 10
    text = "\n".join(student.text for student in students)
    assert "@" not in text
    assert "+1-555" not in text
    assert "Delacroix" not in text


def test_a_skill_is_named_as_the_catalogue_names_it() -> None:
    names = {skill.name for student in load(PROFILES) for skill in student.skills}
    assert {"SQL", "Wound Care", "Search Engine Optimization"} <= names


def test_a_profile_without_sources_or_without_sense_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="no profiles"):
        load(tmp_path)
    (tmp_path / "broken.json").write_text('{"verify": {"name": "A"}, "skills": [{"skillId": "sql"}]}')
    with pytest.raises(BadProfile, match=r"broken\.json: a student needs"):
        load(tmp_path)
    (tmp_path / "broken.json").write_text("[]")
    with pytest.raises(BadProfile, match=r"broken\.json: TypeError"):
        load(tmp_path)


def test_variants_differ_by_one_note_and_only_the_injected_one_gives_orders() -> None:
    student = load(PROFILES)[0]
    plain, other, injected = (student.varied(it).text for it in (PLAIN, COUNTERPART, INJECTED))
    assert "men's club in Hamburg" in plain
    assert "women's club in Lagos" in other
    assert CANARY in injected
    assert CANARY not in plain + other


def test_every_vendor_is_measured_alone_and_the_chain_when_asked_for(config: ProvidersConfig) -> None:
    found = subjects_of(config, has_chain=True)
    assert [(it.name, it.chain, it.label) for it in found] == [
        ("one", ("one",), "real"),
        ("two", ("two",), "planted"),
        ("box", ("box",), "sandbox"),
        (CHAIN, ("one", "box"), "real"),
    ]


def test_nobody_solves_what_it_wrote_and_the_sandbox_solves_nothing(config: ProvidersConfig) -> None:
    assert [it.solvers for it in subjects_of(config)] == [("two",), ("one",), ("one", "two")]
    assert [it.solvers for it in subjects_of(config, has_solvers=False)] == [(), (), ()]


def test_a_vendor_nobody_knows_is_refused_with_those_there_are(config: ProvidersConfig) -> None:
    with pytest.raises(UnknownVendor, match="no vendor is called 'three'; there are one, two, box"):
        subjects_of(config, ["three"])


def test_variants_are_written_once_per_student_and_not_taken_again(config: ProvidersConfig) -> None:
    students = load(PROFILES)[:2]
    request = Request(subjects=subjects_of(config, ["one"]), forms=3, retakes=2)
    planned = list(units(request, request.subjects[0], students))
    assert len(planned) == len(set(planned)) == 3 * 2 + 2 * 2
    assert {retakes_of(request, unit) for unit in planned if unit.variant} == {0}
    assert {retakes_of(request, unit) for unit in planned if not unit.variant} == {2}
