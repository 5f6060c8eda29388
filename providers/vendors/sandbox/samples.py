"""Sample items for skills without an item bank: plainly marked, about good practice in any profession.

Each situation has one fitting first step, habit and sign of success. The three distractors are what fits other
situations, so that the key is right by construction and no option stands out by its style.
"""

from typing import NamedTuple

from providers.vendors.sandbox.bank import BankItem

# Which other situations lend their answers, by how many places further down they stand: none of them fits, and so
# chosen that no robot (assessment.sets.robots) finds the right one more often than by guessing.
_LENDERS = {
    "first": (
        (1, 2, 4),
        (1, 2, 11),
        (1, 2, 13),
        (8, 9, 12),
        (1, 2, 11),
        (1, 2, 10),
        (1, 2, 3),
        (1, 2, 6),
        (1, 4, 7),
        (1, 2, 6),
        (1, 2, 5),
        (1, 2, 3),
        (1, 2, 3),
        (1, 2, 4),
    ),
    "habit": (
        (2, 3, 5),
        (1, 3, 5),
        (1, 2, 10),
        (1, 2, 3),
        (1, 2, 8),
        (1, 2, 3),
        (6, 11, 12),
        (1, 3, 10),
        (1, 2, 4),
        (1, 2, 8),
        (1, 4, 11),
        (1, 2, 3),
        (1, 2, 12),
        (1, 4, 9),
    ),
    "sign": (
        (1, 2, 4),
        (1, 2, 4),
        (1, 2, 6),
        (1, 4, 9),
        (1, 4, 12),
        (1, 2, 3),
        (6, 11, 13),
        (1, 5, 8),
        (1, 6, 8),
        (1, 2, 13),
        (1, 2, 11),
        (1, 6, 9),
        (1, 2, 3),
        (1, 2, 3),
    ),
}


class _Situation(NamedTuple):
    what: str
    first: str
    habit: str
    sign: str


_QUESTIONS = {
    "first": "Which first step helps most?",
    "habit": "Which habit makes such a situation rarer?",
    "sign": "Which sign shows best that it is settled?",
}

_SITUATIONS = (
    _Situation(
        "a request reaches you that can be read in two ways",
        "Ask the person who sent it which meaning is intended",
        "Agree on a written goal before a piece of work starts",
        "Both sides name the expected result in the same words",
    ),
    _Situation(
        "someone reports a fault that you cannot reproduce",
        "Collect the exact steps and conditions that led to it",
        "Have every report state its steps and its conditions",
        "The reported steps now lead to the proper result",
    ),
    _Situation(
        "halfway through you notice that the deadline cannot be met",
        "Tell those who wait and offer them a smaller scope",
        "Compare progress with the plan at fixed points in time",
        "The agreed part is delivered on the newly agreed date",
    ),
    _Situation(
        "only one colleague knows how an important task is done",
        "Let a second person do the task under guidance",
        "Rotate such tasks so that two people know each one",
        "A second person completes the task without asking",
    ),
    _Situation(
        "two reports show different figures for the same quantity",
        "Trace both figures back to the records behind them",
        "Define each figure once and derive all reports from it",
        "Both documents now agree and rest on the same records",
    ),
    _Situation(
        "something that worked has stopped working after a change",
        "Undo the change and confirm that the old state works",
        "Introduce changes singly and try each one out before",
        "The change is in place again and the old checks pass",
    ),
    _Situation(
        "the same slip happens in a routine task again and again",
        "Watch the task once and note where the slip occurs",
        "Put a short checklist at the point where it goes wrong",
        "The routine runs for several weeks without the error",
    ),
    _Situation(
        "two clients ask for results that exclude each other",
        "Bring both together and name the conflict openly",
        "Settle early who decides when interests collide",
        "Both accept one documented decision and its reasons",
    ),
    _Situation(
        "you are sent confidential data that you do not need",
        "Leave it unused and inform the person in charge of it",
        "Request nothing beyond what the task really requires",
        "Nobody without a reason can open the files any longer",
    ),
    _Situation(
        "a process has become too slow and nobody knows why",
        "Measure each stage to find where the time is spent",
        "Track the duration of every stage and set a limit",
        "The measured duration stays below the agreed limit",
    ),
    _Situation(
        "a decision hangs on a claim whose origin is unknown",
        "Look for an independent source that supports it",
        "Note where a statement comes from when you record it",
        "A second, independent source states the same",
    ),
    _Situation(
        "a colleague hands over work that contains several mistakes",
        "Go through the mistakes together with the colleague",
        "Let a second person look over all work beforehand",
        "The next delivery arrives complete and correct",
    ),
    _Situation(
        "you take over unfinished work without any notes",
        "List what is done and open, and have the list confirmed",
        "Keep brief running notes that a successor could follow",
        "You can state the next three tasks and their reasons",
    ),
    _Situation(
        "people hardly use the result that you have delivered",
        "Watch some of them at work and ask what hinders them",
        "Show early drafts to those who will work with them",
        "They reach for it daily without being reminded",
    ),
)


def _sample(index: int, aspect: str, question: str) -> BankItem:
    situation = _SITUATIONS[index]
    others = [_SITUATIONS[(index + offset) % len(_SITUATIONS)] for offset in _LENDERS[aspect][index]]
    return BankItem(
        id=f"sample-{aspect}-{index + 1:02}",
        concept=f"sample-{aspect}-{index + 1:02}",
        difficulty="easy",
        stem=f"[Sample] Think of your use of {{skill}}: {situation.what}. {question}",
        key=getattr(situation, aspect),
        distractors=tuple(getattr(other, aspect) for other in others),
        rationale="A sample item: this answer deals with the situation described, the others with different ones.",
    )


SAMPLES = tuple(
    _sample(index, aspect, question) for aspect, question in _QUESTIONS.items() for index in range(len(_SITUATIONS))
)
