"""Use case of the workers: write the set that was asked for."""

import secrets
from collections.abc import Sequence
from random import Random

import msgspec

from assessment.assembly import show
from assessment.blueprint import plan
from assessment.deadline import Deadline
from assessment.errors import GenerationFailed, InvalidSession, ServiceUnavailable, SetRefused
from assessment.models import Brief, Dossier, FormPlan, Provenance, Question
from assessment.ports import AssessmentStore, Ending, QuestionWriter, SetOrder, StateChanged
from assessment.robots import expected_hits
from assessment.set_rules import broken

SEED_BYTES = 32


async def write_set(
    order: SetOrder, *, form: FormPlan, deadline: Deadline, store: AssessmentStore, writer: QuestionWriter
) -> None:
    """Write a set as `form` says and activate it, or end its generation as failed.

    Run again for the same order it goes on, unless the generation has ended; whoever worked on it before can then
    change nothing any more. Raises ServiceUnavailable when the database is away: another run may find it back; and
    SetRefused when the set breaks a rule, which is to be told though its generation has ended like any that failed.
    """
    lease = await store.begin(order)
    if lease is None:
        return
    try:
        dossier = await _dossier(order, store)
        questions, provenance = await _written(dossier, order, form, deadline, writer)
        await store.activate(lease, order.revision, questions, provenance)
    except StateChanged:
        await store.give_up(lease, Ending.OUTDATED)
    except (GenerationFailed, InvalidSession) as error:
        await store.give_up(lease, Ending.FAILED)
        if isinstance(error, SetRefused):
            raise
    except ServiceUnavailable:
        raise
    except Exception:
        await store.give_up(lease, Ending.BROKEN)
        raise


async def _dossier(order: SetOrder, store: AssessmentStore) -> Dossier:
    dossier = await store.load(order.verification_id)
    if dossier.standing.revision != order.revision:
        raise StateChanged
    return dossier


async def _written(
    dossier: Dossier, order: SetOrder, form: FormPlan, deadline: Deadline, writer: QuestionWriter
) -> tuple[tuple[Question, ...], Provenance]:
    brief = _brief(dossier, order, form)
    written = await writer.write(brief, deadline)
    rng = Random(secrets.token_bytes(SEED_BYTES))  # noqa: S311  # seeded anew for each set with what nobody can guess
    questions = show(written.items, rng)
    _refuse_broken(questions, brief, dossier)
    hits = expected_hits(questions, form.language)
    return questions, msgspec.structs.replace(written.provenance, robots=hits)


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


def _brief(dossier: Dossier, order: SetOrder, form: FormPlan) -> Brief:
    standing = dossier.standing
    return Brief(
        mode=standing.mode,
        slots=plan(dossier.skills, dossier.sources, form, standing.attempts),
        seen=dossier.seen,
        language=form.language,
        seed=f"{standing.verification_id}:{standing.revision}",
        scenario=order.scenario,
    )
