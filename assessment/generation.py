"""One fresh set, however many calls ask for it at the same time."""

import secrets
from random import Random

import msgspec

from assessment.assembly import show
from assessment.blueprint import plan
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed
from assessment.models import Brief, Dossier, FormPlan, QuestionSet, SetState
from assessment.ports import AssessmentStore, Finished, Lease, QuestionWriter, StateChanged
from assessment.robots import expected_hits

SEED_BYTES = 32
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.4


async def fresh_set(
    dossier: Dossier,
    form: FormPlan,
    scenario: str | None,
    deadline: Deadline,
    store: AssessmentStore,
    writer: QuestionWriter,
    looked_at: float = 0.0,
) -> QuestionSet | None:
    """Write and activate a set as `form` says, or take over the one an overlapping call makes.

    Returns None when the verification changed meanwhile, so that the caller has to look at it again; it then says in
    `looked_at` how many seconds after arrival it did, since what ended before that is no answer any more.
    Raises GenerationFailed when no complete set could be had in time; then nothing was changed.
    """
    if deadline.expired:
        raise GenerationFailed
    verification_id = dossier.standing.verification_id
    pause = FIRST_PAUSE_SECONDS
    while True:
        claim = await store.claim(verification_id, deadline.elapsed - looked_at)
        if isinstance(claim, Lease):
            return await _write(claim, dossier, form, scenario, deadline, store, writer)
        if isinstance(claim, Finished):
            return await _shared(claim, dossier, store)
        if deadline.remaining <= pause:
            raise GenerationFailed
        await deadline.clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _write(
    lease: Lease,
    dossier: Dossier,
    form: FormPlan,
    scenario: str | None,
    deadline: Deadline,
    store: AssessmentStore,
    writer: QuestionWriter,
) -> QuestionSet | None:
    try:
        async with store.keep(lease):
            written = await writer.write(_brief(dossier, form, scenario), deadline)
        rng = Random(secrets.token_bytes(SEED_BYTES))  # noqa: S311  # seeded anew for each set with what nobody can guess
        questions = show(written.items, rng)
        hits = expected_hits(questions, form.language)
        provenance = msgspec.structs.replace(written.provenance, robots=hits)
        return await store.activate(lease, dossier.standing.revision, questions, provenance)
    except StateChanged:
        await store.give_up(lease)
        return None
    except BaseException:
        await store.give_up(lease)
        raise


async def _shared(finished: Finished, dossier: Dossier, store: AssessmentStore) -> QuestionSet | None:
    """The set of the call we overlapped with; None when it is gone or scored, or that call stopped over a change."""
    standing = dossier.standing
    if finished.set_id is None:
        if (await store.load(standing.verification_id)).standing.revision != standing.revision:
            return None
        raise GenerationFailed
    current = await store.current_set(standing.verification_id)
    waits = current is not None and current.set_id == finished.set_id and current.state is SetState.ACTIVE
    return current if waits else None


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
