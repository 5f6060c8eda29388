"""Writes what became of the requests for one set into the log and the ledger."""

import structlog

from assessment.models import Mode
from providers import prompts
from providers.ledger import Ledger, Purpose, VendorCallRecord
from providers.protocol import CallOutcome, MapRequest, Quiz, Repair, Request, Usage
from providers.routing.meter import Meter
from providers.routing.upstream import Upstream
from providers.writing.asking import Asked
from providers.writing.money import Money, SetMoney
from providers.writing.solving import Solved
from providers.writing.vendor_call import VendorCall

log = structlog.get_logger(__name__)

_PURPOSES = {Quiz: Purpose.SOLVE, Repair: Purpose.REPAIR, MapRequest: Purpose.MAP}


class Recorder:
    """Writes the calls of one set into the log and the ledger, and settles what they cost.

    A ledger that fails costs no set.
    """

    def __init__(
        self, ledger: Ledger, writing_id: str, mode: Mode, config_hash: str, *, money: SetMoney | None = None
    ) -> None:
        self.money = money or SetMoney(Money())
        self._ledger = ledger
        self._writing_id = writing_id
        self._mode = mode
        self._config_hash = config_hash

    def record(self, call: VendorCall, outcome: CallOutcome) -> None:
        """Note how a call ended."""
        if call.usage is not None:
            call.upstream.meter.note(_length(call.order), call.characters, call.usage)
        record = self._record(call, outcome)
        self.money.settle(call.ticket, record.cost)
        self._keep(record)

    def record_asked(
        self,
        upstream: Upstream,
        request: Quiz | Repair | MapRequest,
        asked: Asked,
        *,
        accepted: int,
        rejected: dict[str, int] | None = None,
        round_number: int = 1,
        part: int = 0,
    ) -> None:
        """Note what came of a request whose answer is read as a whole; of one that was no use, that it was not."""
        usage = asked.usage or _estimate_asked(request, asked)
        cost = upstream.cost_of(usage)
        self.money.settle(asked.ticket, cost)
        is_empty = asked.outcome is CallOutcome.OK and not accepted
        self._keep(
            VendorCallRecord(
                writing_id=self._writing_id,
                mode=self._mode,
                vendor=upstream.name,
                model=upstream.vendor.model,
                started_at=asked.started_at,
                seconds=round(asked.seconds, 4),
                slice_seconds=round(asked.slice_seconds, 4),
                round_number=round_number,
                part=part,
                is_hedge=False,
                outcome=CallOutcome.UNUSABLE if is_empty else asked.outcome,
                response_format=asked.response_format and asked.response_format.value,
                wanted=request.count if isinstance(request, MapRequest) else len(request.entries),
                accepted=accepted,
                rejected=rejected or {},
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                is_estimated=asked.usage is None and usage != Usage(),
                cost=cost,
                prompt_version=prompts.VERSION,
                config_hash=self._config_hash,
                purpose=_PURPOSES[type(request)],
            )
        )

    def record_solving(self, solver: Upstream, quiz: Quiz, rotation: int, solved: Solved) -> None:
        """Note what came of a quiz that a solver was given."""
        self.record_asked(solver, quiz, solved.asked, accepted=solved.answered, round_number=rotation + 1)

    def _keep(self, record: VendorCallRecord) -> None:
        _log(record)
        try:
            self._ledger.record(record)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the book-keeping, the student gets the set
            log.error("ledger_failed", error=type(error).__name__)  # noqa: TRY400 - a traceback might quote the record

    def _record(self, call: VendorCall, outcome: CallOutcome) -> VendorCallRecord:
        usage = call.usage or estimate(call)
        return VendorCallRecord(
            writing_id=self._writing_id,
            mode=self._mode,
            vendor=call.upstream.name,
            model=call.upstream.vendor.model,
            started_at=call.started_at,
            seconds=round(call.seconds, 4),
            slice_seconds=round(call.slice_seconds, 4),
            round_number=call.order.round_number,
            part=call.order.part,
            is_hedge=call.is_hedge,
            outcome=outcome,
            response_format=call.response_format and call.response_format.value,
            wanted=len(call.order.wanted),
            accepted=call.accepted,
            rejected=dict(call.rejected),
            mended=dict(+call.scanner.mended),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            is_estimated=call.usage is None and usage != Usage(),
            cost=call.upstream.cost_of(usage),
            prompt_version=prompts.VERSION,
            config_hash=self._config_hash,
        )


def estimate(call: VendorCall) -> Usage:
    """Guess the tokens of an answer that gave no figures: none where the vendor cannot have begun to write."""
    if not call.may_be_billed:
        return Usage()
    return call.upstream.meter.guess(_length(call.order), call.characters)


def _estimate_asked(request: Request, asked: Asked) -> Usage:
    return Meter().guess(_length(request), len(asked.text)) if asked.may_be_billed else Usage()


def _length(request: Request) -> int:
    prompt = prompts.build(request)
    return len(prompt.system) + len(prompt.user)


def _log(record: VendorCallRecord) -> None:
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
        mended=record.mended,
        seconds=round(record.seconds, 3),
    )
