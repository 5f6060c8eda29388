"""Use case of the workers: write the set that was asked for."""

import secrets
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from assessment.ahead import Making, PreparedFor
from assessment.concepts.drawing import SeenConcepts, draw
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, InvalidSession, ServiceUnavailable, SetRefused
from assessment.models import Brief, FormPlan, Provenance, Question, Verification
from assessment.ports import AssessmentStore, Ending, MapsOfSkills, QuestionWriter, SetOrder, StateChanged
from assessment.quiet import Quiet
from assessment.sets.blueprint import plan
from assessment.sets.robots import expected_hits
from assessment.sets.rules import broken, concept_again
from assessment.sets.shuffle import show

SEED_BYTES = 32
SPARE_CONCEPTS = 4  # of each skill, for items beyond the need and in the place of those that fail


async def write_set(
    *,
    order: SetOrder,
    form: FormPlan,
    deadline: Deadline,
    store: AssessmentStore,
    maps: MapsOfSkills,
    writer: QuestionWriter,
    quiet: Quiet | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Write a set as `form` says and activate it, or end its generation as failed.

    Run again for the same order it goes on, unless the generation has ended; whoever worked on it before can then
    change nothing any more. A set that is written in quiet is put aside, unless somebody waits for it by then.
    Raises ServiceUnavailable when the database is away: another run may find it back; and
    SetRefused when the set breaks a rule, which is to be told though its generation has ended like any that failed.
    """
    lease = await store.begin(order)
    if lease is None:
        return
    if quiet is not None and not lease.is_ahead:  # somebody waits for it since a run that came to no end
        quiet.end(deadline.remaining)
    try:
        verification = await _verification(order, store)
        brief = msgspec.structs.replace(
            await _brief(verification, order, form, maps), quiet=quiet, on_progress=on_progress
        )
        questions, provenance = await _written(brief=brief, verification=verification, deadline=deadline, writer=writer)
        making = None
        if quiet is not None:
            made_for = PreparedFor(order.revision, verification.seen_upto, form)
            making = Making(made_for, quiet.cost, round(deadline.elapsed, 3), quiet.keep_days)
        await store.activate(lease, order.revision, questions, provenance, making=making)
    except StateChanged:
        await store.give_up(lease, Ending.OUTDATED)
        await _count(order, quiet, "outdated", store)
    except (GenerationFailed, InvalidSession) as error:
        await store.give_up(lease, Ending.FAILED)
        await _count(order, quiet, "failed", store)
        if isinstance(error, SetRefused):
            raise
    except ServiceUnavailable:
        raise
    except Exception:
        await store.give_up(lease, Ending.BROKEN)
        raise


async def leave_unwritten(*, order: SetOrder, reason: str, store: AssessmentStore) -> bool:
    """Give up what was to be written ahead, for a reason that is counted; False when somebody waits for it."""
    lease = await store.begin(order)
    if lease is not None and not lease.is_ahead:
        return False
    if lease is not None:
        await store.give_up(lease, Ending.OUTDATED)
        await store.note_failure(order.verification_id, reason, 0.0)
    return True


async def _verification(order: SetOrder, store: AssessmentStore) -> Verification:
    verification = await store.load(order.verification_id)
    if verification.standing.revision != order.revision:
        raise StateChanged
    return verification


async def _written(
    *, brief: Brief, verification: Verification, deadline: Deadline, writer: QuestionWriter
) -> tuple[tuple[Question, ...], Provenance]:
    written = await writer.write(brief, deadline)
    rng = Random(secrets.token_bytes(SEED_BYTES))  # noqa: S311  # seeded anew for each set with what nobody can guess
    questions = show(written.items, rng)
    _refuse_broken(questions, brief, verification)
    hits = expected_hits(questions, brief.language)
    return questions, msgspec.structs.replace(written.provenance, robots=hits)


def _refuse_broken(questions: Sequence[Question], brief: Brief, verification: Verification) -> None:
    """Look at the very set that is about to be shown. Raises SetRefused when it breaks a rule of sets.

    A rehearsal may mark its right options, which a robot can live off.
    """
    skill_ids = {skill.skill_id for skill in verification.skills}
    source_ids = {slot.source.source_id for slot in brief.slots}
    violations = broken(questions, len(brief.slots), brief.language, skill_ids=skill_ids, source_ids=source_ids)
    again = {
        (slot.skill.skill_id, slot.concept.concept_id)
        for slot in (*brief.slots, *brief.spares)
        if slot.concept and slot.is_again
    }
    violations += concept_again(questions, SeenConcepts(brief.seen), again)
    rules = dict.fromkeys(violation.finding.rule for violation in violations)
    if brief.scenario is not None:
        rules.pop("robots", None)
    if rules:
        raise SetRefused(tuple(rules))


async def _count(order: SetOrder, quiet: Quiet | None, reason: str, store: AssessmentStore) -> None:
    if quiet is not None:
        await store.note_failure(order.verification_id, reason, quiet.cost)


async def _brief(verification: Verification, order: SetOrder, form: FormPlan, maps: MapsOfSkills) -> Brief:
    standing = verification.standing
    seed = f"{standing.verification_id}:{standing.revision}"
    slots = plan(verification.skills, verification.sources, form, standing.attempts)
    skill_ids = [skill.skill_id for skill in verification.skills]
    of_skills = await maps.of_skills(standing.platform_id, standing.mode, skill_ids, form.language)
    drawn = draw(slots, of_skills, verification.seen, spares=SPARE_CONCEPTS, seed=seed)
    return Brief(
        mode=standing.mode,
        slots=drawn.slots,
        spares=drawn.spare_slots,
        seen=verification.seen,
        language=form.language,
        jurisdiction=form.jurisdiction,
        seed=seed,
        scenario=order.scenario,
    )
