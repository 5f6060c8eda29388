"""Open, choose, generate, fail, retake, pass, be refused, look into the archive."""

import time
from typing import Any

import httpx

from cli.demo.transcript import Json, Transcript

RIGHT = "(right)"
MARKED = {"x-sandbox-scenario": "marked"}
SLOW = {"x-sandbox-scenario": "slow"}
SLOW_SECONDS = 5
PASSING = 6
FAILING = 5


class Student:
    """One verification and what its client has to remember."""

    def __init__(self, client: httpx.Client, transcript: Transcript, profile: Json) -> None:
        self._client = client
        self._tell = transcript
        self._profile = profile
        self._ids: dict[str, Any] = {}
        self._headers: dict[str, str] = {}

    def open(self, api_key: str, callback_url: str) -> None:
        """Send the evidence and get a session."""
        body = {**self._profile["verify"], "callbackWebhookUrl": callback_url}
        data = self._tell.expect(self._client.post("/verify", json=body, headers={"x-api-key": api_key}), 200)
        self._ids = {name: data[name] for name in ("recordVerificationId", "recordUserId")}
        self._headers = {"x-api-key": data["sessionToken"]}
        days = data["expiresIn"] // 86400
        self._tell.say(f"{body['name']}: session for {days} days, verification {data['recordVerificationId']}")

    def choose(self) -> None:
        """Store skills and method and attach the source items."""
        skills = self._post("/step1/storeskills/store", {**self._ids, "skills": self._profile["skills"]})
        self._tell.say("skills: " + ", ".join(skill["skillId"] for skill in skills["skills"]))
        method = {"recordVerificationId": self._ids["recordVerificationId"], "verificationMethod": "assessment"}
        self._post("/step2/verification-method", method)
        token = {"sessionToken": self._headers["x-api-key"]}
        items = self._post("/step3/store-verification-items/store", {**token, **self._profile["items"]})["stored"]
        titles = [entry["projectName"] for entry in items["projects"]]
        titles += [f"{entry['role']} at {entry['companyName']}" for entry in items["experience"]]
        titles += [entry["certificateName"] for entry in items["certificates"]]
        self._tell.say("questions may draw on: " + "; ".join(titles))

    def generate(self) -> list[Json]:
        """Get the first set; asking again gives the same one."""
        data = self._post("/assessment/generate", headers=MARKED)
        again = self._post("/assessment/generate")
        same = again["questions"] == data["questions"] and again["alreadyGenerated"] is True
        self._tell.check(same, "asked again, generate returns the same set and calls no model")
        questions: list[Json] = data["questions"]
        self._tell.check(len(questions) == data["totalQuestions"] == 10, "the set is complete: 10 questions")
        return questions

    def show(self, question: Json) -> None:
        self._tell.question(question, _choice(question, right=True))

    def submit(self, questions: list[Json], right: int) -> None:
        """Answer `right` of the questions rightly and check the result against that."""
        answers = [
            {"questionId": question["questionId"], "selectedAnswer": _choice(question, right=index < right)}
            for index, question in enumerate(questions)
        ]
        result = self._post("/assessment/submit", {"answers": answers})["result"]
        verdict = "passed" if result["passed"] else "not passed"
        self._tell.check(
            result["score"] == right * 10 and result["passed"] is (right >= PASSING),
            f"{result['correctAnswers']} of {result['totalQuestions']} right: score {result['score']}, {verdict}",
        )

    def retake_at_once(self) -> None:
        """Get the set that was written while the student read the result; the service says how long that took."""
        began = time.monotonic()
        response = self._client.post("/assessment/retakeassessment", headers=self._headers)
        self._tell.expect(response, 200)
        milliseconds = round((time.monotonic() - began) * 1000)
        self._tell.check(
            milliseconds < SLOW_SECONDS * 1000,
            f"answered in {milliseconds} ms: the set was written after the submit, before anybody asked for it",
        )

    def retake_slowly(self) -> None:
        """Ask again, of a vendor that takes seconds; GET /assessment/progress tells how far it is."""
        with self._tell.waiting(self._client, self._headers):
            response = self._client.post("/assessment/retakeassessment", headers={**self._headers, **SLOW})
        self._tell.expect(response, 200)
        self._tell.say("asked again, nothing is prepared: of a vendor that takes 5 s, the student waits for it")

    def retake(self, before: list[Json]) -> list[Json]:
        """Get a set whose right options are marked, so that the story can go on to a pass."""
        data = self._post("/assessment/retakeassessment", headers=MARKED)
        questions: list[Json] = data["questions"]
        repeated = {question["question"] for question in before} & {question["question"] for question in questions}
        self._tell.check(
            data["retakeAttemptNumber"] == 2 and not repeated, "attempt 2: ten fresh questions, none repeated"
        )
        return questions

    def be_refused(self) -> None:
        """A passed assessment is locked."""
        response = self._client.post("/assessment/retakeassessment", headers=self._headers)
        error = self._tell.expect(response, 403, "ASSESSMENT_LOCKED")
        self._tell.say(f"“{error['message']}”")

    def read_archive(self, first: list[Json]) -> None:
        """Every attempt is kept as it was shown."""
        attempts = self._get("/assessment/attempts")["attempts"]
        self._tell.table(
            ("attempt", "score", "passed", "by skill"),
            [(entry["attemptNumber"], entry["score"], entry["passed"], _by_skill(entry)) for entry in attempts],
        )
        archived = self._get("/assessment/attempts/1")["questions"]
        same = [(entry["question"], entry["options"]) for entry in archived] == [
            (question["question"], question["options"]) for question in first
        ]
        self._tell.check(same, "attempt 1 stands in the archive as it was shown, now with answers and keys")

    def _post(self, path: str, body: Json | None = None, headers: dict[str, str] | None = None) -> Json:
        response = self._client.post(path, json=body, headers={**self._headers, **(headers or {})})
        return self._tell.expect(response, 200)

    def _get(self, path: str) -> Json:
        return self._tell.expect(self._client.get(path, headers=self._headers), 200)


def _choice(question: Json, *, right: bool) -> int:
    return next(index for index, option in enumerate(question["options"]) if option.endswith(RIGHT) is right)


def _by_skill(attempt: Json) -> str:
    return ", ".join(f"{skill['name']} {skill['correct']}/{skill['total']}" for skill in attempt["skills"])
