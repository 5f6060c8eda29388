"""What a run will take: calls, tokens and dollars, without asking anybody."""

from collections.abc import Sequence

import msgspec

from assessment.models import Slot
from bench.models.runner.plan import Request, Subject, retakes_of, units
from bench.models.runner.solving import ROTATIONS
from bench.models.runner.students import ExampleStudent
from providers import prompts
from providers.build import price_of
from providers.config import ProvidersConfig
from providers.protocol import Order, Wanted

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_ITEM = 120  # of an answer, as models write them
TOKENS_PER_QUESTION = 110  # of a quiz
TOKENS_PER_CHOICE = 12
QUIZZES = ROTATIONS + 2


class CostEstimate(msgspec.Struct, frozen=True):
    """Of one subject; `usd` is None where a price is not known."""

    subject: str
    sets: int
    calls: int
    tokens: int
    usd: float | None


def estimates(config: ProvidersConfig, request: Request, students: Sequence[ExampleStudent]) -> list[CostEstimate]:
    """The least a run takes: nothing is rejected, nobody fails."""
    return [_of_subject(config, request, subject, students) for subject in request.subjects]


def _of_subject(
    config: ProvidersConfig, request: Request, subject: Subject, students: Sequence[ExampleStudent]
) -> CostEstimate:
    questions = config.settings.questions
    sets = sum(1 + retakes_of(request, unit) for unit in units(request, subject, students))
    calls = sets * -(-questions.total // questions.per_call)
    written = sets * (questions.total + questions.spare)
    prompt = max(map(_prompt_tokens, students))
    quizzes = sets * QUIZZES * len(subject.solvers)
    usage = {subject.chain[0]: (calls * prompt, written * TOKENS_PER_ITEM)}
    for solver in subject.solvers:
        asked = sets * QUIZZES * questions.total
        usage[solver] = (asked * TOKENS_PER_QUESTION, asked * TOKENS_PER_CHOICE)
    tokens = sum(map(sum, usage.values()))
    return CostEstimate(subject.name, sets, calls + quizzes, tokens, _usd(config, usage))


def _usd(config: ProvidersConfig, usage: dict[str, tuple[int, int]]) -> float | None:
    vendors = {vendor.name: vendor for vendor in config.settings.vendors}
    total = 0.0
    for name, (read, written) in usage.items():
        price = price_of(vendors[name])
        if price is None:
            return None
        total += (read * price.input_per_million + written * price.output_per_million) / 1e6
    return total


def _prompt_tokens(student: ExampleStudent) -> int:
    wanted = tuple(
        Wanted(f"s{number}", "p1", Slot(skill, student.sources[0])) for number, skill in enumerate(student.skills, 1)
    )
    prompt = prompts.build(Order(wanted=wanted))
    return (len(prompt.system) + len(prompt.user)) // CHARACTERS_PER_TOKEN
