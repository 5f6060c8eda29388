"""What a repair saves: sets whose first author gives every key away by its length, by a second one with and without."""

import msgspec

from assessment.deadline import Deadline, SystemClock
from assessment.models import Brief, FormPlan, Mode
from assessment.sets.blueprint import plan
from bench.kept_attempts import KeptAttempts
from bench.quality.chains import HABITUAL, SOUND, SOURCES, longest
from bench.quality.habits import HabitAuthor, plain
from bench.quality.sets import BUDGET_SECONDS, skills_of
from providers.config import Questions
from providers.ledger import Purpose
from providers.routing.chain import Chain
from providers.routing.upstream import FREE, Upstream
from providers.writing.writer import Writer

REPAIR_SETS = 50
FIRST_TOKEN_SECONDS, TOKENS_PER_SECOND = 0.5, 80.0  # of a brisk vendor, as in the fault matrix


class RepairFigures(msgspec.Struct, frozen=True):
    """Of the second vendor alone, for a set: requests, tokens, and seconds until the slowest of a round has ended."""

    repairs: bool
    sets: int
    requests: float
    input_tokens: float
    output_tokens: float
    seconds: float
    repaired: int


async def measure(*, repairs: bool, sets: int = REPAIR_SETS) -> RepairFigures:
    """Have sets written whose first author gives every key away by its length."""
    attempts = KeptAttempts()
    for number in range(sets):
        authors = HabitAuthor(f"{HABITUAL} {number}", longest), HabitAuthor(SOUND, plain, repairs=repairs)
        chain = Chain([Upstream(author, 60, 64, price=FREE) for author in authors])
        brief = Brief(Mode.LIVE, plan(skills_of(number), SOURCES, FormPlan(), number))
        await Writer(chain, Questions(), "repairs", ledger=attempts).write(
            brief, Deadline(SystemClock(), BUDGET_SECONDS)
        )
    calls = [it for it in attempts.records if it.vendor == SOUND and it.accepted]
    rounds: dict[tuple[str, int], float] = {}
    for call in calls:
        moment = call.writing_id, call.round_number
        seconds = FIRST_TOKEN_SECONDS + call.output_tokens / TOKENS_PER_SECOND
        rounds[moment] = max(seconds, rounds.get(moment, 0.0))
    return RepairFigures(
        repairs=repairs,
        sets=sets,
        requests=len(calls) / sets,
        input_tokens=sum(call.input_tokens for call in calls) / sets,
        output_tokens=sum(call.output_tokens for call in calls) / sets,
        seconds=sum(rounds.values()) / sets,
        repaired=sum(call.accepted for call in calls if call.purpose is Purpose.REPAIR),
    )
