"""One fresh set, however many calls ask for it at the same time."""

import secrets
from collections.abc import Sequence
from random import Random

import msgspec

from assessment.assembly import show
from assessment.blueprint import plan
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, SetRefused
from assessment.models import Brief, Dossier, FormPlan, Question, QuestionSet, SetState
from assessment.ports import AssessmentStore, Busy, Finished, Lease, QuestionWriter, StateChanged
from assessment.robots import expected_hits
from assessment.set_rules import broken

SEED_BYTES = 32
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.4
SILENCE_SECONDS = 8.0  # a holder that is not heard of for so long, several renewals, is taken for dead


class LookAgain(msgspec.Struct, frozen=True):
    """The verification is no longer what it was; `ended` counts the generations that are no answer any more."""

    ended: int


async def fresh_set(
    dossier: Dossier,
    ended: int,
    form: FormPlan,
    scenario: str | None,
    deadline: Deadline,
    store: AssessmentStore,
    writer: QuestionWriter,
) -> QuestionSet | LookAgain:
    """Write and activate a set as `form` says, or take over the one an overlapping call makes.

    A call overlaps with what ends after it saw `ended` generations end. No clock decides over that, nor over whose
    lease it is: those of two machines differ, and one may be set back.
    Raises GenerationFailed when no complete set could be had in time; then nothing was changed.
    """
    if deadline.expired:
        raise GenerationFailed
    verification_id = dossier.standing.verification_id
    silent: Busy | None = None
    while True:
        claim = await store.claim(verification_id, ended, silent)
        if isinstance(claim, Lease):
            return await _write(claim, dossier, form, scenario, deadline, store, writer)
        if isinstance(claim, Finished):
            return await _shared(claim, dossier, store)
        silent = await _watched(claim, verification_id, deadline, store)


async def rest(deadline: Deadline, seconds: float) -> float:
    """Pause before looking again, and give the next pause, a longer one. Raises GenerationFailed when time is up."""
    if deadline.remaining <= seconds:
        raise GenerationFailed
    await deadline.clock.sleep(seconds)
    return min(seconds * 2, LONGEST_PAUSE_SECONDS)


async def _watched(busy: Busy, verification_id: str, deadline: Deadline, store: AssessmentStore) -> Busy | None:
    """Wait until nobody writes any more, or give the lease of one who was not heard of for long.

    Only our own pauses count as silence: while the database does not answer, nobody can be heard.
    """
    pause, silence = FIRST_PAUSE_SECONDS, 0.0
    while silence < SILENCE_SECONDS:
        paused = pause
        pause = await rest(deadline, pause)
        now = await store.look(verification_id)
        if now is None:
            return None
        silence = silence + paused if now == busy else 0.0
        busy = now
    return busy


async def _write(
    lease: Lease,
    dossier: Dossier,
    form: FormPlan,
    scenario: str | None,
    deadline: Deadline,
    store: AssessmentStore,
    writer: QuestionWriter,
) -> QuestionSet | LookAgain:
    try:
        async with store.keep(lease):
            brief = _brief(dossier, form, scenario)
            written = await writer.write(brief, deadline)
        rng = Random(secrets.token_bytes(SEED_BYTES))  # noqa: S311  # seeded anew for each set with what nobody can guess
        questions = show(written.items, rng)
        _refuse_broken(questions, brief, dossier)
        hits = expected_hits(questions, form.language)
        provenance = msgspec.structs.replace(written.provenance, robots=hits)
        return await store.activate(lease, dossier.standing.revision, questions, provenance)
    except StateChanged:
        await store.give_up(lease)
        return LookAgain(lease.ended + 1)
    except BaseException:
        await store.give_up(lease)
        raise


def _refuse_broken(questions: Sequence[Question], brief: Brief, dossier: Dossier) -> None:
    """Look at the very set that is about to be shown. Raises SetRefused when it breaks a rule of sets.

    A rehearsal may mark its right options, which a robot can live off.
    """
    skill_ids = {skill.skill_id for skill in dossier.skills}
    source_ids = {slot.source.source_id for slot in brief.slots}
    violations = broken(questions, len(brief.slots), brief.language, skill_ids, source_ids)
    rules = dict.fromkeys(violation.finding.rule for violation in violations)
    if brief.scenario is not None:
        rules.pop("robots", None)
    if rules:
        raise SetRefused(tuple(rules))


async def _shared(finished: Finished, dossier: Dossier, store: AssessmentStore) -> QuestionSet | LookAgain:
    """The set of the call we overlapped with, unless it is gone or scored, or that call stopped over a change."""
    standing = dossier.standing
    if finished.set_id is None:
        if (await store.load(standing.verification_id)).standing.revision != standing.revision:
            return LookAgain(finished.ended)
        raise GenerationFailed
    current = await store.current_set(standing.verification_id)
    if current is None or current.set_id != finished.set_id or current.state is not SetState.ACTIVE:
        return LookAgain(finished.ended)
    return current


def _brief(dossier: Dossier, form: FormPlan, scenario: str | None) -> Brief:
    standing = dossier.standing
    return Brief(
        mode=standing.mode,
        slots=plan(dossier.skills, dossier.sources, form, standing.attempts),
        seen=dossier.seen,
        language=form.language,
        seed=f"{standing.verification_id}:{standing.revision}",
        scenario=scenario,
    )
