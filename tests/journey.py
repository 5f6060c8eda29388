"""A student's way through the API, one method per call; `ready` and `failed` take the shortest way to a state."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PROFILES = Path(__file__).parent.parent / "examples" / "profiles"
RIGHT = "(right)"
MARKED = {"x-sandbox-scenario": "marked"}

Json = dict[str, Any]


def profile(name: str = "data-analyst") -> Json:
    """One of the example students, with an e-mail address no other test uses and a webhook that goes nowhere."""
    content: Json = json.loads((PROFILES / f"{name}.json").read_text())
    content["verify"]["email"] = f"{uuid4().hex}@example.com"
    content["verify"]["callbackWebhookUrl"] = "http://127.0.0.1:9/hook"
    return content


def answers(questions: list[Json], right: int) -> list[Json]:
    """Answer questions of the scenario `marked`: the first `right` of them rightly, the others wrongly."""
    return [
        {
            "questionId": question["questionId"],
            "selectedAnswer": next(
                index
                for index, option in enumerate(question["options"])
                if option.endswith(RIGHT) is (position < right)
            ),
        }
        for position, question in enumerate(questions)
    ]


class Journey:
    """One verification; every method gives the whole response, and remembers what the next call needs."""

    def __init__(self, client: httpx.AsyncClient, api_key: str, student: str = "data-analyst") -> None:
        self.client = client
        self.api_key = api_key
        self.profile = profile(student)
        self.token = ""
        self.verification_id = ""
        self.student_id = ""
        self.delivery_id = ""
        self.questions: list[Json] = []

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.token}

    async def verify(self, **changes: Any) -> httpx.Response:
        body = {**self.profile["verify"], **changes}
        response = await self.client.post("/verify", json=body, headers={"x-api-key": self.api_key})
        if response.is_success:
            data = response.json()["data"]
            self.token, self.verification_id = data["sessionToken"], data["recordVerificationId"]
            self.student_id = data["recordUserId"]
        return response

    async def store_skills(self, skills: list[Json] | None = None) -> httpx.Response:
        body = {
            "recordVerificationId": self.verification_id,
            "recordUserId": self.student_id,
            "skills": self.profile["skills"] if skills is None else skills,
        }
        return await self.client.post("/step1/storeskills/store", json=body, headers=self.headers)

    async def choose_method(self, method: str = "assessment") -> httpx.Response:
        body = {"recordVerificationId": self.verification_id, "verificationMethod": method}
        return await self.client.post("/step2/verification-method", json=body, headers=self.headers)

    async def attach(self, items: Json | None = None) -> httpx.Response:
        body = {"sessionToken": self.token, **(self.profile["items"] if items is None else items)}
        return await self.client.post("/step3/store-verification-items/store", json=body)

    async def generate(self, **headers: str) -> httpx.Response:
        return await self._take("/assessment/generate", headers)

    async def retake(self, **headers: str) -> httpx.Response:
        return await self._take("/assessment/retakeassessment", headers)

    async def submit(self, right: int, questions: list[Json] | None = None) -> httpx.Response:
        body = {"answers": answers(self.questions if questions is None else questions, right)}
        return await self.client.post("/assessment/submit", json=body, headers=self.headers)

    async def save(self, question: Json, selected: int | None) -> httpx.Response:
        body = {"answers": [{"questionId": question["questionId"], "selectedAnswer": selected}]}
        return await self.client.put("/assessment/answers", json=body, headers=self.headers)

    async def deliveries(self, **query: str) -> httpx.Response:
        params = {"recordVerificationId": self.verification_id, **query}
        return await self.client.get("/webhooks/deliveries", params=params, headers={"x-api-key": self.api_key})

    async def state(self) -> Json:
        response = await self.client.get("/assessment", headers=self.headers)
        data: Json = response.json()["data"]
        return data

    async def prepared(self) -> "Journey":
        """Everything stored, nothing generated."""
        for step in (self.verify, self.store_skills, self.choose_method, self.attach):
            (await step()).raise_for_status()
        return self

    async def ready(self) -> "Journey":
        """A first set waits for answers; its right options are marked."""
        await self.prepared()
        (await self.generate()).raise_for_status()
        return self

    async def answering(self) -> "Journey":
        """A first set waits, and one of its answers is saved."""
        await self.ready()
        (await self.save(self.questions[0], 1)).raise_for_status()
        return self

    async def delivering(self) -> "Journey":
        """A webhook is on its way."""
        await self.ready()
        self.delivery_id = (await self.deliveries()).json()["data"]["deliveries"][0]["deliveryId"]
        return self

    async def failed(self) -> "Journey":
        """One attempt, failed with no answer right."""
        await self.ready()
        (await self.submit(right=0)).raise_for_status()
        return self

    async def locked(self) -> "Journey":
        """One attempt, passed."""
        await self.ready()
        (await self.submit(right=10)).raise_for_status()
        return self

    async def _take(self, path: str, headers: dict[str, str]) -> httpx.Response:
        response = await self.client.post(path, headers={**self.headers, **(headers or MARKED)})
        if response.is_success:
            self.questions = response.json()["data"]["questions"]
        return response
