"""Students who go on asking whatever is killed, and hold the service to every answer it gave."""

import asyncio
import json
import math
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from bench.kills.watch import Watch

PROFILE = Path(__file__).parent.parent.parent / "examples" / "profiles" / "data-analyst.json"
ATTEMPTS = 3
PATIENCE_SECONDS = 120.0  # from the last kill on; before, one may be unlucky again and again
PAUSE_SECONDS = 0.2
SLOW_SHARE = 0.25  # of the sets take five seconds to write
BUSY = {"SERVICE_UNAVAILABLE", "IDEMPOTENCY_KEY_IN_USE"}  # a client is told to come again
TOO_LATE = "GENERATION_FAILED"  # the 90 seconds are over, in which no worker lived long enough
NO_MORE = "TOO_MANY_SETS"

Json = dict[str, Any]


class Scored(NamedTuple):
    """Answers whose score was acknowledged."""

    verification_id: str
    number: int
    chosen: dict[str, int]


class Seen:
    """What all students have seen, added up."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.after_cut: Counter[str] = Counter()
        self.scored: list[Scored] = []
        self.lost_sets: list[str] = []
        self.surprises: list[str] = []
        self.too_late = 0
        self.last_kill = math.inf

    def is_over(self, seconds: float) -> bool:
        """Whether the last kill is so long ago."""
        return time.monotonic() - self.last_kill > seconds


class Surprise(Exception):
    """An answer that this call must not get."""


class Student:
    """One story: a verification, a set, and attempts that mostly fail."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        ports: list[int],
        api_key: str,
        hook: str,
        watch: Watch,
        seen: Seen,
        rng: Random,
    ) -> None:
        self._client, self._ports, self._api_key, self._hook = client, ports, api_key, hook
        self._watch, self._seen, self._rng = watch, seen, rng
        self._token = self._verification_id = ""
        self._was_cut = False

    async def live(self) -> None:
        """Live the story to its end, or to the first answer that must not be."""
        try:
            await self._prepare()
            questions = await self._set("/assessment/generate")
            for number in range(1, ATTEMPTS + 1):
                if not questions or await self._submit(number, questions):
                    return
                if number < ATTEMPTS:
                    questions = await self._set("/assessment/retakeassessment")
        except Surprise as surprise:
            self._seen.surprises.append(str(surprise))

    async def _prepare(self) -> None:
        profile = json.loads(PROFILE.read_text())
        verify = {**profile["verify"], "email": f"{uuid4().hex}@example.com", "callbackWebhookUrl": self._hook}
        opened = self._data(await self._call("/verify", verify, self._api_key))
        self._token, self._verification_id = opened["sessionToken"], opened["recordVerificationId"]
        ids = {name: opened[name] for name in ("recordVerificationId", "recordUserId")}
        for path, body in (
            ("/step1/storeskills/store", {**ids, "skills": profile["skills"]}),
            ("/step2/verification-method", {**ids, "verificationMethod": "assessment"}),
            ("/step3/store-verification-items/store", {"sessionToken": self._token, **profile["items"]}),
        ):
            self._data(await self._call(path, body, self._token))

    async def _set(self, path: str) -> list[Json]:
        """Ask until there is a set, which then has to be the one that the database holds; none when that is a bound."""
        scenario = "slow" if self._rng.random() < SLOW_SHARE else "marked"
        response = await self._call(path, None, self._token, {"x-sandbox-scenario": scenario})
        if _code(response) == NO_MORE and self._was_cut:
            return []
        questions: list[Json] = self._data(response)["questions"]
        shown = [question["questionId"] for question in questions]
        if len(shown) != 10 or shown != await self._watch.current_questions(self._verification_id):
            self._seen.lost_sets.append(self._verification_id)
        return questions

    async def _submit(self, number: int, questions: list[Json]) -> bool:
        """Answer at random; whether that was the last time. What was sent has to be in the archive as it was sent."""
        chosen = {question["questionId"]: self._rng.randrange(4) for question in questions}
        answers = [{"questionId": name, "selectedAnswer": index} for name, index in chosen.items()]
        response = await self._call("/assessment/submit", {"answers": answers}, self._token)
        taken_before = {"ALREADY_SUBMITTED", "ASSESSMENT_LOCKED"} if self._was_cut else set[str]()
        if _code(response) not in taken_before:
            result = self._data(response)["result"]
            if result["attemptNumber"] != number:
                raise Surprise(f"attempt {result['attemptNumber']} instead of {number}")
        self._seen.scored.append(Scored(self._verification_id, number, chosen))
        return _code(response) == "ASSESSMENT_LOCKED" or (
            response.is_success and self._data(response)["result"]["passed"]
        )

    async def _call(
        self, path: str, body: Json | None, credential: str, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Call one of the servers, and after a cut or a word that it is busy another, as a good client does."""
        self._was_cut = False
        sent = {"x-api-key": credential, **(headers or {})}
        if self._rng.random() < 0.5:
            sent["idempotency-key"] = uuid4().hex
        self._seen.calls[path] += 1
        while not self._seen.is_over(PATIENCE_SECONDS):
            response = await self._try(path, body, sent)
            if response is not None and _code(response) == TOO_LATE:
                self._seen.too_late += 1
                sent.pop("idempotency-key", None)
            elif response is not None and _code(response) not in BUSY:
                return response
            await asyncio.sleep(PAUSE_SECONDS)
        raise Surprise(f"{path}: nothing for {PATIENCE_SECONDS:.0f} s after the last kill")

    async def _try(self, path: str, body: Json | None, sent: dict[str, str]) -> httpx.Response | None:
        before = await self._watch.revision(self._verification_id) if self._verification_id else None
        url = f"http://127.0.0.1:{self._rng.choice(self._ports)}/api/v1{path}"
        try:
            return await self._client.post(url, json=body, headers=sent)
        except httpx.ConnectError:
            return None  # it is down, and has not heard us
        except httpx.TransportError:
            self._was_cut = True
            self._seen.cut[path] += 1
            if before is not None:
                await self._note_state(before)
            return None

    async def _note_state(self, before: int) -> None:
        changed = await self._watch.revision(self._verification_id) - before
        self._seen.after_cut["new" if changed else "old"] += 1

    def _data(self, response: httpx.Response) -> Json:
        if not response.is_success:
            raise Surprise(f"{response.request.url.path}: {response.status_code} {_code(response)}")
        data: Json = response.json()["data"]
        return data


def _code(response: httpx.Response) -> str:
    """The error's code, or nothing."""
    return "" if response.is_success else str(response.json()["error"]["code"])


async def lost_answers(seen: Seen, watch: Watch) -> list[Scored]:
    """The acknowledged answers that are not in the archive as they were sent."""
    return [it for it in seen.scored if await watch.archived(it.verification_id, it.number) != it.chosen]
