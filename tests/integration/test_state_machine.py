"""Any story a client can tell: after each step the API agrees with a simple model of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assessment.models import Policy, Shown
from db.policies import Policies
from piccolo_conf import DB
from providers.prompts import VERSION
from tests.journey import Journey, Json, answers
from tests.rows import run_out

STEPS = 16
EXAMPLES = 50

SKILLS = [[{"skillId": "sql"}], [{"skillId": "python"}, {"skillId": "react"}], [{"skillId": "python"}]]
ITEMS = [{"projectIds": ["prj-da-1"]}, {"projectIds": ["prj-da-2"], "credentialIds": ["crt-da-1"]}]

Operation = tuple[str, int]

# how often a client does what: often enough the right thing for a story to get somewhere
WEIGHTS: dict[Operation, int] = {
    **{("skills", choice): 1 for choice in range(len(SKILLS))},
    **{("items", choice): 1 for choice in range(len(ITEMS))},
    ("method", 0): 1,
    ("method", 1): 2,
    ("generate", 0): 5,
    ("generate_in_vain", 0): 1,
    ("retake", 0): 5,
    ("retake_in_vain", 0): 1,
    ("stale_submit", 0): 2,
    ("save", 0): 1,
    ("save", 1): 2,
    ("stale_save", 0): 1,
    ("look", 0): 2,
    ("run_out", 0): 1,
    ("submit", 0): 2,
    ("submit", 5): 4,
    ("submit", 6): 1,
    ("submit", 10): 1,
}
PREPARATION: list[Operation] = [("skills", 0), ("method", 1), ("items", 0)]
MAIN_STORY: list[Operation] = [
    *PREPARATION,
    *[("generate", 0), ("generate", 0), ("retake", 0), ("submit", 5), ("submit", 5), ("generate", 0)],
    *[("retake_in_vain", 0), ("retake", 0), ("retake", 0), ("stale_submit", 0), ("skills", 1), ("submit", 6)],
    *[("retake", 0), ("submit", 6), ("submit", 6), ("retake", 0), ("generate", 0), ("skills", 2), ("items", 1)],
]
SLOW: list[Operation] = [
    *PREPARATION,
    *[("generate", 0), ("look", 0), ("save", 1), ("save", 0), ("save", 0), ("look", 0), ("run_out", 0), ("save", 1)],
    *[("submit", 10), ("look", 0), ("retake", 0), ("stale_save", 0), ("look", 0), ("save", 0), ("submit", 6)],
]
SPENDTHRIFT: list[Operation] = [
    *PREPARATION,
    *[("generate", 0), ("submit", 0), *[("retake", 0)] * 4, ("retake_in_vain", 0), ("skills", 1), *[("retake", 0)] * 3],
    *[("items", 1), ("retake", 0), ("skills", 0), ("submit", 0), ("retake_in_vain", 0)],
]
operations = st.sampled_from([operation for operation, weight in WEIGHTS.items() for _ in range(weight)])
stories = st.tuples(
    st.sampled_from([PREPARATION, PREPARATION, PREPARATION, []]), st.lists(operations, min_size=1, max_size=STEPS)
).map(lambda told: told[0] + told[1])


class Model(msgspec.Struct):
    """What ought to be true, without a thought of how it is stored."""

    policy: Policy = Policy()
    method: int | None = None
    skills: int | None = None
    items: int | None = None
    scores: list[int] = []
    waiting: list[Json] | None = None
    scored: bool = False
    replaced: list[Json] | None = None
    saved: dict[str, int] = {}
    timed_out: bool = False
    sets: int = 0
    starts: int = 0

    @property
    def locked(self) -> bool:
        return any(score >= 60 for score in self.scores)

    def score(self, score: int, *, timed_out: bool) -> None:
        self.scores.append(score)
        self.waiting, self.scored, self.timed_out, self.saved = None, True, timed_out, {}
        self.sets = self.starts = 0

    def discard(self) -> None:
        self.saved = {}
        if self.waiting is not None:
            self.replaced, self.waiting = self.waiting, None

    def ask(self, questions: list[Json]) -> None:
        self.replaced = self.waiting or self.replaced
        self.waiting, self.scored, self.timed_out, self.saved = questions, False, False, {}
        self.sets += 1
        self.starts += 1

    @property
    def sets_left(self) -> int:
        most = self.policy.sets_per_attempt
        return max(0, min(most - self.sets, 4 * most - self.starts))

    @property
    def attempts_left(self) -> int | None:
        most = self.policy.max_attempts
        return None if most is None else most - len(self.scores)

    def lacks(self) -> str:
        if not self.sets_left:
            return "TOO_MANY_SETS"
        return "NO_DATA" if self.items is None else "NO_SKILLS" if self.skills is None else ""

    def generate_refusal(self) -> str:
        if self.locked:
            return "ASSESSMENT_LOCKED"
        if self.method is None:
            return "VERIFICATION_NOT_FOUND"
        if self.method == 0:
            return "INVALID_VERIFICATION_TYPE"
        if self.waiting is not None:
            return ""
        return "RETAKE_REQUIRED" if self.scores else self.lacks()

    def retake_refusal(self) -> str:
        if self.locked:
            return "ASSESSMENT_LOCKED"
        if not self.scores:
            return "NO_PRIOR_ATTEMPT"
        if self.method == 0:
            return "INVALID_VERIFICATION_TYPE"
        return "RETAKE_LIMIT_REACHED" if self.attempts_left == 0 else self.lacks()

    def submit_refusal(self) -> str:
        if self.locked:
            return "ASSESSMENT_LOCKED"
        return self.save_refusal()

    def save_refusal(self) -> str:
        if self.waiting is None and self.scored:
            return "TIME_IS_UP" if self.timed_out else "ALREADY_SUBMITTED"
        return "NO_QUESTIONS" if self.waiting is None else ""

    def state(self) -> Json:
        name = "failed" if self.scores else "not_started"
        calls = {
            "generate": self.generate_refusal(),
            "submit": self.submit_refusal(),
            "retakeassessment": self.retake_refusal(),
        }
        return {
            "state": "locked" if self.locked else "ready" if self.waiting is not None else name,
            "isLocked": self.locked,
            "attempts": len(self.scores),
            "lastScore": self.scores[-1] if self.scores else None,
            "attemptsLeft": self.attempts_left,
            "retakeAllowedAt": None,
            "setsLeft": self.sets_left,
            "timeLimitSeconds": None,
            "endsAt": None,
            "questionsWrittenBy": WRITERS if self.waiting is not None or self.scored else None,
            "next": [call for call, refusal in calls.items() if not refusal],
        }


class Story:
    """One verification and the model of it, side by side."""

    def __init__(self, journey: Journey, policy: Policy) -> None:
        self.journey = journey
        self.model = Model(policy)
        self.archive: list[Json] = []

    async def skills(self, choice: int) -> None:
        response = await self.journey.store_skills(SKILLS[choice])
        if agrees(response, "ASSESSMENT_ALREADY_PASSED" if self.model.locked else ""):
            if self.model.skills != choice:
                self.model.discard()
            self.model.skills = choice

    async def items(self, choice: int) -> None:
        refusal = "ASSESSMENT_ALREADY_PASSED" if self.model.locked else ""
        response = await self.journey.attach(ITEMS[choice])
        if agrees(response, "VERIFICATION_METHOD_NOT_SET" if self.model.method is None else refusal):
            if self.model.items != choice:
                self.model.discard()
            self.model.items = choice

    async def method(self, choice: int) -> None:
        is_other = self.model.method != choice
        refusal = "ASSESSMENT_ALREADY_PASSED" if self.model.locked and is_other else ""
        if agrees(await self.journey.choose_method("assessment" if choice else "human"), refusal):
            if is_other:
                self.model.discard()
            self.model.method = choice

    async def generate(self, _: int) -> None:
        waiting = self.model.waiting
        response = await self.journey.generate()
        if agrees(response, self.model.generate_refusal()):
            data = response.json()["data"]
            assert data.get("alreadyGenerated", False) is (waiting is not None)
            assert waiting is None or data["questions"] == waiting
            if waiting is None:
                self.model.ask(data["questions"])

    async def generate_in_vain(self, _: int) -> None:
        refusal = self.model.generate_refusal()
        waits = self.model.waiting is not None
        expected = refusal or ("" if waits else FAILED)
        agrees(await self.journey.generate(**{"x-sandbox-scenario": "fail"}), expected)
        self.model.starts += expected == FAILED

    async def retake(self, _: int) -> None:
        response = await self.journey.retake()
        if agrees(response, self.model.retake_refusal()):
            data = response.json()["data"]
            assert data["retakeAttemptNumber"] == len(self.model.scores) + 1
            self.model.ask(data["questions"])

    async def retake_in_vain(self, _: int) -> None:
        refusal = self.model.retake_refusal()
        agrees(await self.journey.retake(**{"x-sandbox-scenario": "fail"}), refusal or FAILED)
        self.model.starts += not refusal

    async def submit(self, right: int) -> None:
        given = answers(self.model.waiting or SOMETHING, right)
        response = await self.journey.client.post(
            "/assessment/submit", json={"answers": given}, headers=self.journey.headers
        )
        if agrees(response, self.model.submit_refusal()):
            assert response.json()["data"]["result"]["score"] == right * 10
            self.model.score(right * 10, timed_out=False)

    async def stale_submit(self, _: int) -> None:
        """Answer a set that was replaced or discarded before it was answered."""
        if self.model.replaced is None:
            return
        response = await self.journey.submit(10, self.model.replaced)
        agrees(response, self.model.submit_refusal() or "INVALID_ANSWER")

    async def save(self, place: int) -> None:
        """Answer a question or two rightly, or take the answer back."""
        questions = self.model.waiting or self.scored_questions
        if not questions:
            agrees(await self.journey.save(SOMETHING[0], 0), "NO_QUESTIONS")
            return
        question = questions[place]
        right = next(index for index, option in enumerate(question["options"]) if option.endswith("(right)"))
        back = place == 0 and question["questionId"] in self.model.saved
        response = await self.journey.save(question, None if back else right)
        if not agrees(response, self.model.save_refusal()):
            return
        if back:
            del self.model.saved[question["questionId"]]
        else:
            self.model.saved[question["questionId"]] = right
        assert response.json()["data"] == {"saved": len(self.model.saved), "total": 10}

    async def stale_save(self, _: int) -> None:
        if self.model.replaced is not None and self.model.save_refusal() != "NO_QUESTIONS":
            agrees(await self.journey.save(self.model.replaced[0], 0), "INVALID_ANSWER")

    async def look(self, _: int) -> None:
        response = await self.journey.client.get("/assessment/questions", headers=self.journey.headers)
        if agrees(response, "" if self.model.waiting is not None else "NO_QUESTIONS"):
            data = response.json()["data"]
            assert data["questions"] == self.model.waiting
            assert {each["questionId"]: each["selectedAnswer"] for each in data["answers"]} == self.model.saved

    async def run_out(self, _: int) -> None:
        """Time is up: what was saved is scored, and the answers that come now are not."""
        if self.model.waiting is None:
            return
        await run_out(self.journey)
        score = 10 * len(self.model.saved)
        late = await self.journey.submit(10, self.model.waiting)
        agrees(late, "TIME_IS_UP")
        self.model.score(score, timed_out=True)

    @property
    def scored_questions(self) -> list[Json]:
        """The set that was scored last, while it is the current one."""
        return self.journey.questions if self.model.scored else []

    async def check(self) -> None:
        state = await self.journey.state()
        assert (state.pop("startedAt") is None) is (self.model.waiting is None)
        assert {name: state[name] for name in state if name != "recordVerificationId"} == self.model.state()
        archive = await self.archived()
        assert archive[: len(self.archive)] == self.archive, "an earlier attempt has changed"
        assert [attempt["score"] for attempt in archive] == self.model.scores
        assert not archive or not self.model.scored or archive[-1]["timedOut"] is self.model.timed_out
        assert [attempt["attemptNumber"] for attempt in archive] == list(range(1, len(archive) + 1))
        for attempt in archive:
            if not attempt["passed"]:
                assert attempt["answersShown"] == self.model.policy.answers
        self.archive = archive

    async def archived(self) -> list[Json]:
        client, headers = self.journey.client, self.journey.headers
        listed = (await client.get("/assessment/attempts", headers=headers)).json()["data"]["attempts"]
        return [
            (await client.get(f"/assessment/attempts/{entry['attemptNumber']}", headers=headers)).json()["data"]
            for entry in listed
        ]


FAILED = "GENERATION_FAILED"
WRITERS = {"kind": "bank", "models": ["sandbox"], "promptVersion": VERSION}
SOMETHING: list[Json] = [{"questionId": f"q_{number}", "options": ["a (right)", "b"]} for number in range(10)]


def agrees(response: httpx.Response, refusal: str) -> bool:
    """Compare an answer with what the model says; True when the call was accepted."""
    body: dict[str, Any] = response.json()
    assert body.get("error", {}).get("code", "") == refusal
    return not refusal


STRICT = Policy(max_attempts=2, sets_per_attempt=3, answers=Shown.SCORE)


async def tell(journey: Journey, policy: Policy, story: list[Operation]) -> None:
    (await journey.verify()).raise_for_status()
    told = Story(journey, policy)
    await told.check()
    for name, argument in story:
        step: Callable[[int], Awaitable[None]] = getattr(told, name)
        await step(argument)
        await told.check()


@settings(
    max_examples=EXAMPLES,
    deadline=None,  # other tests of the run share the processor
    # the client and the key serve every story: each opens a verification of its own
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories)
@example(story=MAIN_STORY)
@example(story=SPENDTHRIFT)
@example(story=SLOW)
async def test_every_story_ends_as_the_model_says(
    client: httpx.AsyncClient, test_key: str, story: list[Operation]
) -> None:
    await tell(Journey(client, test_key), Policy(), story)


@settings(
    max_examples=EXAMPLES // 2,
    deadline=None,  # as above
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # as above
)
@given(story=stories)
@example(story=MAIN_STORY)
@example(story=SPENDTHRIFT)
@example(story=SLOW)
async def test_every_story_under_a_strict_policy_ends_as_the_model_says(
    client: httpx.AsyncClient, test_key: str, platform_name: str, story: list[Operation]
) -> None:
    assert await Policies(DB).put(platform_name, STRICT)
    await tell(Journey(client, test_key), STRICT, story)
