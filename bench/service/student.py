"""One client that generates, fails and retakes, timing each call."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PROFILE = Path(__file__).parent.parent.parent / "examples" / "profiles" / "data-analyst.json"


class StudentClient:
    """A verification over HTTP; `milliseconds` are those of the last call, as the client sees them."""

    def __init__(self, client: httpx.Client, api_key: str) -> None:
        self._client = client
        self._api_key = api_key
        self.milliseconds = 0.0
        self.token = ""
        self.questions: list[dict[str, Any]] = []

    def prepare(self) -> None:
        """Open a verification and store what is to be asked about."""
        profile = json.loads(PROFILE.read_text())
        verify = {**profile["verify"], "email": f"{uuid4().hex}@example.com"}
        verify["callbackWebhookUrl"] = "http://127.0.0.1:9/"
        opened = self._post("/verify", verify, self._api_key)
        self.token = opened["sessionToken"]
        ids = {name: opened[name] for name in ("recordVerificationId", "recordUserId")}
        self._post("/step1/storeskills/store", {**ids, "skills": profile["skills"]}, self.token)
        self._post("/step2/verification-method", {**ids, "verificationMethod": "assessment"}, self.token)
        self._post(
            "/step3/store-verification-items/store", {"sessionToken": self.token, **profile["items"]}, self.token
        )

    def generate(self) -> None:
        self.questions = self._post("/assessment/generate", None, self.token)["questions"]

    def retake(self) -> None:
        self.questions = self._post("/assessment/retakeassessment", None, self.token)["questions"]

    def submit(self) -> bool:
        """Answer with the first option throughout; by chance that passes now and then, which is told."""
        answers = [{"questionId": question["questionId"], "selectedAnswer": 0} for question in self.questions]
        passed: bool = self._post("/assessment/submit", {"answers": answers}, self.token)["result"]["passed"]
        return passed

    def _post(self, path: str, body: dict[str, Any] | None, credential: str) -> dict[str, Any]:
        begun = time.perf_counter()
        response = self._client.post(path, json=body, headers={"x-api-key": credential})
        self.milliseconds = (time.perf_counter() - begun) * 1000
        response.raise_for_status()
        data: dict[str, Any] = response.json()["data"]
        return data
