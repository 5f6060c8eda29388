"""The API as its own document tells it: requests made from the examples, answers held to the schemas."""

import copy
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import jsonschema_rs

from api.openapi import examples
from tests.journey import Journey, Json, answers

JSON = "application/json"


def told_by_the_document(client: httpx.AsyncClient, api_key: str) -> Journey:
    """A journey with the evidence, skills and items of the document's examples."""
    journey = Journey(client, api_key)
    own = {"email": f"{uuid4().hex}@example.com", "callbackWebhookUrl": "http://127.0.0.1:9/hook"}
    journey.profile = {
        "verify": {**examples.VERIFY_REQUEST, **own},
        "skills": examples.STORE_SKILLS_REQUEST["skills"],
        "items": {key: ids for key, ids in examples.STORE_ITEMS_REQUEST.items() if key != "sessionToken"},
    }
    return journey


class Document:
    """The served document."""

    def __init__(self, content: Json) -> None:
        self.content = content
        self.operations: dict[str, tuple[str, str]] = {
            operation["operationId"]: (method, path)
            for path, item in content["paths"].items()
            for method, operation in item.items()
        }
        self._closed = _without_room_for_more(content)
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def operation(self, operation_id: str) -> Json:
        method, path = self.operations[operation_id]
        operation: Json = self.content["paths"][path][method]
        return operation

    def failure_examples(self, operation_id: str) -> dict[str, tuple[int, Json]]:
        """The error codes an operation names, each with its status and example."""
        return {
            code: (int(status), example["value"])
            for status, response in self.operation(operation_id)["responses"].items()
            for code, example in response["content"].get(JSON, {"examples": {}})["examples"].items()
            if example["value"].get("success") is False
        }

    def success_examples(self, operation_id: str) -> dict[str, Json]:
        named = self.operation(operation_id)["responses"]["200"]["content"][JSON]["examples"]
        return {name: example["value"] for name, example in named.items()}

    @staticmethod
    def pointer(part: str) -> str:
        """One step of a JSON pointer that stands in a URI fragment."""
        escaped = part.replace("~", "~0").replace("/", "~1")
        return "/" + escaped.replace("{", "%7B").replace("}", "%7D")

    def place(self, *parts: str) -> str:
        return "".join(self.pointer(part) for part in parts)

    def complaints(self, operation_id: str, status: int, body: object) -> list[str]:
        """What in an answer is not as documented, a field the document does not name included."""
        method, path = self.operations[operation_id]
        return self.complaints_at(
            self.place("paths", path, method, "responses", str(status), "content", JSON, "schema"), body
        )

    def complaints_at(self, place: str, value: object) -> list[str]:
        """What the schema at this place of the document finds wrong with a value."""
        if place not in self._validators:
            self._validators[place] = jsonschema_rs.Draft202012Validator({**self._closed, "$ref": f"#{place}"})
        return [f"{error.instance_path}: {error.message}" for error in self._validators[place].iter_errors(value)]


class Call:
    """A request of one operation, as the document's example makes it; a test may change any part of it."""

    def __init__(self, document: Document, operation_id: str, journey: Journey) -> None:
        operation = document.operation(operation_id)
        self._journey = journey
        self.method, self.url = document.operations[operation_id]
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}
        self.body: Any = _example_body(operation, journey)
        self._place_parameters(operation["parameters"])
        for requirement in operation["security"]:
            for scheme in requirement:
                self.headers["x-api-key"] = journey.api_key if scheme == "PlatformApiKey" else journey.token

    def changed(self, **fields: Any) -> "Call":
        """Put other fields into the body; None takes one out."""
        self.body = {name: value for name, value in {**self.body, **fields}.items() if value is not None}
        return self

    async def send(
        self, content: bytes | AsyncIterator[bytes] | None = None, client: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        return await (client or self._journey.client).request(
            self.method,
            f"http://retake.test{self.url}",
            params=self.query,
            headers=self.headers,
            json=self.body if content is None else None,
            content=content,
        )

    def _place_parameters(self, parameters: list[Json]) -> None:
        for parameter in parameters:
            name, place, example = parameter["name"], parameter["in"], parameter.get("example")
            if place == "path":
                self.url = self.url.replace(f"{{{name}}}", str(_real(name, example, self._journey)))
            elif example is None:
                continue
            elif place == "query":
                self.query[name] = str(example)
            else:
                self.headers[name] = uuid4().hex if name == "Idempotency-Key" else example


def same_shape(actual: object, example: object) -> bool:
    """Tell whether two JSON values have the same fields with the same types; null stands for any type.

    A list of records must not be empty where the example's is not; each record is held to the example's first.
    """
    if actual is None or example is None:
        return True
    if isinstance(actual, dict) and isinstance(example, dict):
        return actual.keys() == example.keys() and all(same_shape(actual[key], example[key]) for key in actual)
    if isinstance(actual, list) and isinstance(example, list):
        records = bool(example) and isinstance(example[0], dict)
        return (bool(actual) or not records) and all(same_shape(entry, example[0]) for entry in actual if example)
    return type(actual) is type(example)


def _example_body(operation: Json, journey: Journey) -> Any:
    if "requestBody" not in operation:
        return None
    (example,) = operation["requestBody"]["content"][JSON]["examples"].values()
    body = {name: _real(name, value, journey) for name, value in example["value"].items()}
    if "callbackWebhookUrl" in body:
        # a student and a receiver of this test's own
        body.update({name: journey.profile["verify"][name] for name in ("email", "callbackWebhookUrl")})
    return body


def _real(name: str, example: Any, journey: Journey) -> Any:
    """Put this journey's id in the place of the example's."""
    return {
        "recordVerificationId": journey.verification_id,
        "recordUserId": journey.student_id,
        "sessionToken": journey.token,
        "deliveryId": journey.delivery_id,
        "answers": answers(journey.questions, right=0),
    }.get(name, example)


def _without_room_for_more(schema: Any) -> Any:
    """Copy a document with every object closed, so that an answer with an unnamed field does not fit."""
    if isinstance(schema, list):
        return [_without_room_for_more(entry) for entry in schema]
    if not isinstance(schema, Mapping):
        return copy.copy(schema)
    closed = {key: _without_room_for_more(value) for key, value in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
    return closed
