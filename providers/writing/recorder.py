"""Writes what became of the requests for one set into the log and the ledger."""

import structlog

from assessment.models import Mode
from providers import prompts
from providers.ledger import AttemptRecord, Ledger, Purpose
from providers.protocol import Outcome, Quiz, Usage
from providers.routing.upstream import Upstream
from providers.writing.solving import Solved
from providers.writing.vendor_call import Attempt

log = structlog.get_logger(__name__)

CHARACTERS_PER_TOKEN = 4  # of English text, for answers that were never billed to us in figures


class Recorder:
    """Writes the attempts of one set into the log and the ledger; a ledger that fails costs no set."""

    def __init__(self, ledger: Ledger, writing_id: str, mode: Mode, config_hash: str) -> None:
        self._ledger = ledger
        self._writing_id = writing_id
        self._mode = mode
        self._config_hash = config_hash

    def record(self, attempt: Attempt, outcome: Outcome) -> None:
        """Note how an attempt ended."""
        self._keep(self._record(attempt, outcome))

    def record_solving(self, solver: Upstream, quiz: Quiz, rotation: int, solved: Solved) -> None:
        """Note what came of a quiz that a solver was given."""
        usage = solved.usage or _estimate_solving(quiz, solved)
        self._keep(
            AttemptRecord(
                writing_id=self._writing_id,
                mode=self._mode,
                vendor=solver.name,
                model=solver.vendor.model,
                started_at=solved.started_at,
                seconds=round(solved.seconds, 4),
                slice_seconds=round(solved.slice_seconds, 4),
                round_number=rotation + 1,
                part=0,
                is_hedge=False,
                outcome=solved.outcome,
                rung=solved.rung and solved.rung.value,
                wanted=len(quiz.entries),
                accepted=solved.answered,
                rejected={},
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                is_estimated=solved.usage is None and usage != Usage(),
                cost=solver.cost_of(usage),
                prompt_version=prompts.VERSION,
                config_hash=self._config_hash,
                purpose=Purpose.SOLVE,
            )
        )

    def _keep(self, record: AttemptRecord) -> None:
        _log(record)
        try:
            self._ledger.record(record)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the book-keeping, the student gets the set
            log.error("ledger_failed", error=type(error).__name__)  # noqa: TRY400 - a traceback might quote the record

    def _record(self, attempt: Attempt, outcome: Outcome) -> AttemptRecord:
        usage = attempt.usage or estimate(attempt)
        return AttemptRecord(
            writing_id=self._writing_id,
            mode=self._mode,
            vendor=attempt.upstream.name,
            model=attempt.upstream.vendor.model,
            started_at=attempt.started_at,
            seconds=round(attempt.seconds, 4),
            slice_seconds=round(attempt.slice_seconds, 4),
            round_number=attempt.order.round_number,
            part=attempt.order.part,
            is_hedge=attempt.is_hedge,
            outcome=outcome,
            rung=attempt.rung and attempt.rung.value,
            wanted=len(attempt.order.wanted),
            accepted=attempt.accepted,
            rejected=dict(attempt.rejected),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            is_estimated=attempt.usage is None and usage != Usage(),
            cost=attempt.upstream.cost_of(usage),
            prompt_version=prompts.VERSION,
            config_hash=self._config_hash,
        )


def estimate(attempt: Attempt) -> Usage:
    """Guess the tokens of an answer that gave no figures: none where the vendor cannot have begun to write."""
    if not attempt.may_be_billed:
        return Usage()
    prompt = prompts.build(attempt.order)
    return Usage(
        (len(prompt.system) + len(prompt.user)) // CHARACTERS_PER_TOKEN,
        -(-attempt.scanner.characters // CHARACTERS_PER_TOKEN),
    )


def _estimate_solving(quiz: Quiz, solved: Solved) -> Usage:
    if not solved.characters:
        return Usage()
    prompt = prompts.build(quiz)
    return Usage(
        (len(prompt.system) + len(prompt.user)) // CHARACTERS_PER_TOKEN, -(-solved.characters // CHARACTERS_PER_TOKEN)
    )


def _log(record: AttemptRecord) -> None:
    log.info(
        "vendor_attempt",
        purpose=record.purpose.value,
        vendor=record.vendor,
        outcome=record.outcome.value,
        round=record.round_number,
        part=record.part,
        hedge=record.is_hedge,
        wanted=record.wanted,
        accepted=record.accepted,
        rejected=record.rejected,
        seconds=round(record.seconds, 3),
    )
