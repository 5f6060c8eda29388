"""The running app and its document, and verifications in the state that a test asks for."""

from typing import Any

import httpx
import msgspec
from litestar import Litestar

from api.services import Services
from tests.documented import Call, Document, told_by_the_document
from tests.journey import Journey

TO_STATE = {
    "storeSkills": "verify",
    "storeVerificationMethod": "verify",
    "getSession": "verify",
    "storeVerificationItems": "chosen",
    "generateAssessment": "prepared",
    "submitAssessment": "ready",
    "retakeAssessment": "failed",
    "getAssessment": "failed",
    "getProgress": "failed",
    "getQuestions": "answering",
    "saveAnswers": "ready",
    "accommodate": "ready",
    "exportPerson": "failed",
    "erasePerson": "failed",
    "listDeliveries": "delivering",
    "replayDelivery": "delivering",
    "listAttempts": "failed",
    "getAttempt": "failed",
    "getStudentSkills": "chosen",
}


class Stage:
    """What a provocation needs; every one plays on a verification of its own."""

    def __init__(self, app: Litestar, client: httpx.AsyncClient, document: Document, api_key: str) -> None:
        self.app = app
        self.client = client
        self.document = document
        self.api_key = api_key

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def journey(self) -> Journey:
        return told_by_the_document(self.client, self.api_key)

    async def journey_to(self, state: str) -> Journey:
        """Take a new journey to a state of Journey's, or to `chosen`: skills and method, no items yet."""
        journey = self.journey()
        if state == "chosen":
            for step in (journey.verify, journey.store_skills, journey.choose_method):
                (await step()).raise_for_status()
        elif state == "verify":
            (await journey.verify()).raise_for_status()
        elif state:
            await getattr(journey, state)()
        return journey

    async def call(self, operation_id: str, state: str | None = None) -> Call:
        """The documented request, in a state where it succeeds or in the given one."""
        return self.call_of(operation_id, await self.journey_to(state or TO_STATE.get(operation_id, "")))

    def call_of(self, operation_id: str, journey: Journey) -> Call:
        return Call(self.document, operation_id, journey)

    def replace(self, **others: Any) -> None:
        """Put other services in; the fixture `services` puts the real ones back."""
        self.app.state.services = msgspec.structs.replace(self.services, **others)


async def served_document(app: Litestar) -> Document:
    """The document as clients get it."""
    async with client_from("openapi", app) as client:
        return Document((await client.get("http://retake.test/docs/openapi.json")).json())


def client_from(address: str, app: Litestar) -> httpx.AsyncClient:
    """A client with an address of its own, for what is limited by address."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))  # type: ignore[arg-type]  # ASGI types differ in name only
    return httpx.AsyncClient(transport=transport, base_url="http://retake.test/api/v1")
