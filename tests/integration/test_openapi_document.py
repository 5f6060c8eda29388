"""The document itself: valid, complete, consistent, and silent about right answers."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import jsonschema_rs
import pytest
from litestar import Litestar
from litestar.response import ServerSentEvent
from litestar.routes import HTTPRoute
from schemathesis.specs.openapi.definitions import OPENAPI_31

from api.errors import CATALOGUE
from api.openapi.examples import ARCHIVED, FRESH, STUDENT, VERIFICATION
from api.openapi.pages import PAGES, TAGS
from assessment.models import Attempt, Mode, Provenance, Skill
from assessment.notices import Addressee, completed, initiated
from tests.documented import JSON, Document
from tests.journey import Json
from tests.server_process import run_retake
from tests.stage import served_document

ANYWHERE = {
    "METHOD_NOT_ALLOWED": "no operation answers it: it is for methods that are none of a path's operations",
    "REQUEST_TIMEOUT": "the server answers it before there is an operation, or for any that reads a body",
    "URI_TOO_LONG": "the server answers it before there is an operation",
    "HEADERS_TOO_LARGE": "likewise",
}
NOT_DOCUMENTED = {
    "/api/v1/step3/store-verification-items/session": "only says that the token is missing; described with the token's",
    "/metrics": "for Prometheus, not for clients",
    "/docs": "this document",
    "/docs/openapi.json": "this document",
    "/docs/scalar": "this document",
    "/docs/{path:str}": "Litestar's answer for pages that are none",
}
BETRAYING = {"correctAnswer", "isCorrect", "explanation", "selectedAnswer", "key", "rationale", "seed"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
METHODS_OF_ITS_OWN = {"OPTIONS"}  # Litestar answers it


@pytest.fixture(scope="module")
async def document(app: Litestar) -> Document:
    return await served_document(app)


def test_the_document_is_valid_openapi_3_1(document: Document) -> None:
    validator = jsonschema_rs.Draft202012Validator(OPENAPI_31)
    assert [error.message for error in validator.iter_errors(document.content)] == []
    assert document.content["openapi"].startswith("3.1.")


def test_every_schema_is_valid_and_every_reference_leads_somewhere(document: Document) -> None:
    for place in _places_of(document.content, "schema"):
        document.complaints_at(place, None)  # raises for a reference that leads nowhere
    for schema in document.content["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})


def test_every_route_is_documented_or_known_to_be_not(app: Litestar, document: Document) -> None:
    served = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path not in NOT_DOCUMENTED
        for method in set(route.methods) - METHODS_OF_ITS_OWN
    }
    documented = {(method.upper(), _python_names(path)) for method, path in document.operations.values()}
    assert served == documented
    assert {route.path for route in app.routes} >= NOT_DOCUMENTED.keys()


def test_pages_name_the_type_their_handler_returns(app: Litestar) -> None:
    found = set()
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if handler.operation_id in PAGES:
                (inner, *_) = handler.parsed_fn_signature.return_type.inner_types or (None,)
                returned = inner.annotation if inner else handler.parsed_fn_signature.return_type.annotation
                page = PAGES[str(handler.operation_id)]
                assert returned == (page.data if page.media == JSON else ServerSentEvent), handler.operation_id
                found.add(handler.operation_id)
    assert found == PAGES.keys()


@pytest.mark.parametrize("operation_id", PAGES)
def test_every_operation_is_told_in_full(document: Document, operation_id: str) -> None:
    operation = document.operation(operation_id)
    method, path = document.operations[operation_id]
    names = {(parameter["in"], parameter["name"]) for parameter in operation["parameters"]}
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= TAGS.keys()
    assert {name for place, name in names if place == "path"} == {part[1:-1] for part in path.split("/") if "{" in part}
    assert ("header", "x-request-id") in names
    assert ("requestBody" in operation) == (method in ("post", "put"))
    assert (("header", "Idempotency-Key") in names) == (method == "post")


@pytest.mark.parametrize("operation_id", PAGES)
def test_every_example_fits_its_schema(document: Document, operation_id: str) -> None:
    operation = document.operation(operation_id)
    for status, response in operation["responses"].items():
        for example in response["content"].get(JSON, {"examples": {}})["examples"].values():
            assert document.complaints(operation_id, int(status), example["value"]) == []
    if "requestBody" in operation:
        method, path = document.operations[operation_id]
        for example in operation["requestBody"]["content"][JSON]["examples"].values():
            place = document.place("paths", path, method, "requestBody", "content", JSON, "schema")
            assert document.complaints_at(place, example["value"]) == []


def test_nothing_stands_beside_a_reference_because_generators_of_clients_lose_it(document: Document) -> None:
    schemas = {**document.content, "paths": _without_examples(document.content["paths"])}
    assert [entry for entry in _objects(schemas) if "$ref" in entry and len(entry) > 1] == []


@pytest.mark.parametrize("operation_id", PAGES)
def test_the_codes_of_an_operation_are_an_enumeration_where_the_code_stands(
    document: Document, operation_id: str
) -> None:
    listed: set[str] = set()
    for status, response in document.operation(operation_id)["responses"].items():
        schema = response["content"].get(JSON, {"schema": {}})["schema"]
        if "error" in schema.get("properties", {}):
            code = schema["properties"]["error"]["properties"]["code"]
            assert code["type"] == "string"
            assert {CATALOGUE[name].status for name in code["enum"]} == {int(status)}
            listed.update(code["enum"])
    assert listed == set(PAGES[operation_id].errors)


def test_no_two_schemas_that_differ_have_one_title(document: Document) -> None:
    by_title: dict[str, set[str]] = {}
    for entry in _objects(document.content):
        if isinstance(entry.get("title"), str) and "type" in entry:
            by_title.setdefault(entry["title"], set()).add(json.dumps(entry, sort_keys=True))
    assert [title for title, schemas in by_title.items() if len(schemas) > 1] == []


def test_operations_stand_in_the_order_in_which_a_client_calls_them(document: Document) -> None:
    assert list(document.operations) == list(PAGES)
    called = [*("verify", "storeSkills", "storeVerificationMethod", "storeVerificationItems", "generateAssessment")]
    called += ["submitAssessment", "retakeAssessment", "listAttempts"]
    assert [operation_id for operation_id in document.operations if operation_id in called] == called


def test_ids_of_ours_are_held_to_how_they_really_look(document: Document) -> None:
    ours = re.compile(
        "recordVerificationId|recordUserId|keyId|questionId|sessionToken|record(Project|Experience|Certificate)Id"
    )
    sent = [entry for name, entry in document.content["components"]["schemas"].items() if not name.endswith("Request")]
    fields = [(name, field) for entry in sent for name, field in entry["properties"].items() if ours.fullmatch(name)]
    assert {name for name, _ in fields} >= {"recordVerificationId", "keyId", "questionId", "recordProjectId"}
    loose = [name for name, field in fields if "pattern" not in field]
    assert loose == ["questionId"] * 2  # of an answer, which a client sends to be saved or scored


def test_every_code_of_the_catalogue_is_documented(document: Document) -> None:
    documented = {code for operation_id in PAGES for code in document.failure_examples(operation_id)}
    assert documented == CATALOGUE.keys() - ANYWHERE.keys()
    assert all(code in document.content["info"]["description"] for code in ANYWHERE)


@pytest.mark.parametrize("operation_id", sorted(PAGES.keys() - {"getAttempt"}))
def test_no_answer_but_that_of_an_archived_attempt_has_a_field_for_what_is_right(
    document: Document, operation_id: str
) -> None:
    responses = document.operation(operation_id)["responses"]
    own = {"selectedAnswer"} if operation_id == "getQuestions" else set()  # what the student saved
    assert (BETRAYING - own).isdisjoint(_field_names(responses, document.content))


def test_the_archived_attempt_has_such_fields_so_that_the_test_above_would_see_them(document: Document) -> None:
    names = set(_field_names(document.operation("getAttempt")["responses"], document.content))
    assert {"correctAnswer", "isCorrect", "explanation"} <= names


def test_the_examples_show_no_right_answer_of_a_question_that_waits(document: Document) -> None:
    waiting = {question["question"] for question in FRESH}
    assert waiting.isdisjoint(question["question"] for question in ARCHIVED)
    assert json.dumps(document.content).count('"correctAnswer": ') == len(ARCHIVED) + 1  # and the schema's


def test_webhooks_are_sent_as_documented(document: Document) -> None:
    to = Addressee(VERIFICATION, STUDENT, "stu-1", Mode.TEST, "Ada", None)
    now, skills = datetime.now(UTC), [Skill("sql", "SQL")]
    attempt = Attempt(
        number=1,
        score=40,
        passed=False,
        correct=4,
        total=10,
        skills=(),
        submitted_at=now,
        questions=(),
        provenance=Provenance(),
    )
    for notice in (initiated(to, skills, 10, now), completed(to, skills, attempt)):
        content = document.content["webhooks"][notice.event.value]["post"]["requestBody"]["content"][JSON]
        place = document.place("webhooks", notice.event.value, "post", "requestBody", "content", JSON, "schema")
        assert document.complaints_at(place, json.loads(notice.body)) == []
        assert document.complaints_at(place, content["example"]) == []


async def test_the_page_shows_the_document_and_unknown_pages_get_the_envelope(client: httpx.AsyncClient) -> None:
    page = await client.get("http://retake.test/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "/docs/openapi.json" in page.text
    for path in (f"/docs/{uuid4().hex}", "/docs/unknown.json"):
        unknown = await client.get(f"http://retake.test{path}")
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_the_command_prints_the_document_that_is_served(document: Document) -> None:
    assert json.loads(await run_retake("openapi", environment={})) == document.content


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for entry in value if isinstance(value, list) else ():
        yield from _objects(entry)


def _without_examples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_examples(entry) for key, entry in value.items() if key not in ("example", "examples")}
    return [_without_examples(entry) for entry in value] if isinstance(value, list) else value


def _places_of(value: Any, name: str, place: str = "") -> Iterator[str]:
    """Where in a JSON value a field of this name stands, as JSON pointers for a URI fragment."""
    if isinstance(value, dict):
        for key, entry in value.items():
            inner = f"{place}{Document.pointer(key)}"
            if key == name:
                yield inner
            yield from _places_of(entry, name, inner)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _places_of(entry, name, f"{place}/{index}")


def _field_names(value: Any, content: Json) -> Iterator[str]:
    """Every property name that a part of the document speaks of, through its references."""
    if isinstance(value, list):
        for entry in value:
            yield from _field_names(entry, content)
    elif isinstance(value, dict):
        yield from value
        if "$ref" in value:
            _, section, name = value["$ref"].removeprefix("#/").split("/")
            yield from _field_names(content["components"][section][name], content)
        for entry in value.values():
            yield from _field_names(entry, content)


def _python_names(path: str) -> str:
    """Write path parameters as the handlers do."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in path)
