"""Requests that schemathesis generates from the served document, against a server in a process of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import hypothesis
import pgqueuer.core.buffers
import pgqueuer.core.qm
import pytest
import schemathesis
from litestar import Litestar
from schemathesis import BaseSchema, Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.openapi.pages import PAGES
from piccolo_conf import DB
from tests.documented import Call, Document
from tests.integration.deployment import Deployment, client_of, deployed
from tests.server_process import ONE_PROCESS, serving
from tests.stage import Stage

EXAMPLES = 15
WITHOUT_ENVELOPE = {"getIndex", "getLiveness", "getReadiness"}
NEVER_RIGHT = {"submitAssessment", "saveAnswers"}  # nobody guesses the ids of questions
HELD_BACK = {"slow", "fail"}  # scenarios that rehearse seconds of waiting and a documented 500
OWN_PARTS = {"recordVerificationId": "ver_", "deliveryId": "msg_", "recordUserId": "usr_"}
OWN_IDS = ("recordVerificationId", "recordUserId", "sessionToken")


@pytest.fixture(scope="module")
async def deployment(app: Litestar) -> AsyncIterator[Deployment]:
    """A database of its own on the server that the app of the other tests brought up."""
    async with deployed(DB) as deployment:
        yield deployment


@pytest.fixture(scope="module")
async def stage(app: Litestar, deployment: Deployment) -> AsyncIterator[Stage]:
    """The stage is the served process."""
    async with serving(deployment.environment, *ONE_PROCESS) as server, client_of(server) as client:
        document = Document((await client.get(f"{server.root_url}/docs/openapi.json")).json())
        yield Stage(app, client, document, deployment.api_key)


@pytest.fixture(autouse=True)
def _undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis watches the generator that all modules share; the pauses of the queue in this process draw from it."""
    for module in (pgqueuer.core.qm, pgqueuer.core.buffers):
        monkeypatch.setattr(module, "random", Random())  # noqa: S311  # of pauses


@pytest.fixture(scope="module")
def schema(stage: Stage) -> BaseSchema:
    return schemathesis.openapi.from_dict(stage.document.content)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation_id", PAGES)
async def test_generated_requests_get_documented_answers(
    stage: Stage, deployment: Deployment, schema: BaseSchema, operation_id: str, mode: GenerationMode
) -> None:
    await deployment.rows("DELETE FROM rate_window")
    call = await stage.call(operation_id)
    method, path = stage.document.operations[operation_id]
    root = str(stage.client.base_url).removesuffix("/api/v1/")
    operation = schema[path][method.upper()]
    statuses: set[int] = set()
    keys: set[str] = set()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,  # the machine may be busy
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),  # they are about speed, too
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def every_answer_is_documented(case: Case[Any]) -> None:
        _let_in(case, call, mode)
        if case.headers.get("Idempotency-Key") in keys:
            del case.headers["Idempotency-Key"]  # else most answers would be that the key was used before
        keys.add(case.headers.get("Idempotency-Key", ""))
        response = case.call(base_url=root)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    await asyncio.to_thread(every_answer_is_documented)
    assert statuses - {401}, "no generated request came further than the credential"
    assert 200 in statuses or mode is GenerationMode.NEGATIVE or operation_id in NEVER_RIGHT


def _let_in(case: Case[Any], call: Call, mode: GenerationMode) -> None:
    """Bring a valid credential, so that the rest of the request is looked at; with fitting input also our own ids."""
    case.headers.pop("x-api-key", None)
    if "x-api-key" in call.headers:
        case.headers["x-api-key"] = call.headers["x-api-key"]
    if case.headers.get("x-sandbox-scenario") in HELD_BACK:
        del case.headers["x-sandbox-scenario"]
    if mode is GenerationMode.POSITIVE and "sessionToken" in case.path_parameters:
        case.path_parameters["sessionToken"] = call.url.rpartition("/")[2]
    for name in OWN_PARTS.keys() & case.path_parameters.keys() if mode is GenerationMode.POSITIVE else ():
        case.path_parameters[name] = next(part for part in call.url.split("/") if part.startswith(OWN_PARTS[name]))
    if isinstance(case.body, dict) and isinstance(call.body, dict) and mode is GenerationMode.POSITIVE:
        case.body.update({name: call.body[name] for name in OWN_IDS if name in call.body})


def told_in_the_envelope(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Hold an answer to the one shape of all answers."""
    operation_id = case.operation.definition.raw["operationId"]
    is_stream = response.headers["content-type"][0].startswith("text/event-stream")
    assert not is_stream or (operation_id, response.status_code) == ("getProgress", 200)
    if operation_id not in WITHOUT_ENVELOPE and not is_stream:
        body = json.loads(response.content)
        expected = (
            {"success", "data", "message", "executionTime"} if response.status_code == 200 else {"success", "error"}
        )
        assert body.keys() == expected
        assert body["success"] is (response.status_code == 200)
    assert response.headers["x-request-id"]


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    told_in_the_envelope,
]
