"""The OpenAPI document is what the service does: its examples are sent, its errors provoked."""

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar

from api.openapi.pages import PAGES
from api.services import Services
from tests.documented import JSON, Document, same_shape
from tests.provocations import provocation
from tests.stage import Stage, client_from, served_document

CODES = [(operation_id, code) for operation_id, page in PAGES.items() for code in page.errors]


@pytest.fixture(scope="module")
async def document(app: Litestar) -> Document:
    return await served_document(app)


@pytest.fixture
async def stage(app: Litestar, services: Services, document: Document, test_key: str) -> AsyncIterator[Stage]:
    async with client_from("openapi", app) as client:
        yield Stage(app, client, document, test_key)


@pytest.mark.parametrize("operation_id", [name for name, page in PAGES.items() if page.media == JSON])
async def test_the_example_of_a_request_gets_the_answer_of_the_example(stage: Stage, operation_id: str) -> None:
    call = await stage.call(operation_id)
    answer = await call.send()
    body, examples = answer.json(), stage.document.success_examples(operation_id).values()
    assert answer.status_code == 200, body
    assert stage.document.complaints(operation_id, 200, body) == []
    assert any(same_shape(body, example) for example in examples), body
    assert {example.get("message") for example in examples} == {body.get("message")}
    assert answer.headers["x-request-id"] == call.headers["x-request-id"]


@pytest.mark.parametrize(("operation_id", "code"), CODES)
async def test_every_documented_error_is_answered(stage: Stage, operation_id: str, code: str) -> None:
    provoke = provocation(operation_id, code)
    assert provoke is not None, f"nobody knows how to make {operation_id} answer {code}"
    answer = await provoke(stage, operation_id)
    body, (status, example) = answer.json(), stage.document.failure_examples(operation_id)[code]
    assert (answer.status_code, body["error"]["code"]) == (status, code), body
    assert body["error"]["message"] == example["error"]["message"]
    assert stage.document.complaints(operation_id, status, body) == []
    assert ("details" in body["error"]) == ("details" in example["error"])
    assert ("retry-after" in answer.headers) == (status in (429, 503))


async def test_a_set_that_waits_is_documented_as_generated_again(stage: Stage) -> None:
    answer = await (await stage.call("generateAssessment", "ready")).send()
    assert same_shape(answer.json(), stage.document.success_examples("generateAssessment")["again"])


async def test_an_answer_with_a_field_the_document_does_not_name_is_found(stage: Stage) -> None:
    body = (await (await stage.call("getAssessment")).send()).json()
    body["data"]["right"] = 2
    assert stage.document.complaints("getAssessment", 200, body) != []
