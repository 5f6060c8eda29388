"""results.jsonl: one record per line, a unit at a time, so that a run that was cut off can go on."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from bench.models.records import CallRecord, FormRecord, Record, RunRecord, records_of
from bench.models.runner.plan import Request, Unit, retakes_of

NAME = "results.jsonl"


class OtherRun(ValueError):
    """The file holds a run that was asked for differently."""


class Results:
    """Appends to a run's file. A unit is written in one piece and flushed.

    `spent` is what the run that is there has cost so far, in US dollars.
    """

    def __init__(self, folder: Path, header: RunRecord, *, resume: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self._header = header
        self.done: frozenset[Unit] = frozenset()
        self.spent = 0.0
        if resume and self.path.exists():
            self._go_on()
        else:
            self.path.write_bytes(_line(header))
        self._file = self.path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, records: Sequence[Record]) -> None:
        """Keep the records of one unit."""
        self._file.write(b"".join(map(_line, records)))
        self._file.flush()

    def _go_on(self) -> None:
        """Keep whole units only: what was being written when the run was cut off is written again."""
        found = list(records_of(self.path))
        old = next((record for record in found if isinstance(record, RunRecord)), None)
        if old is None or _asked(old) != _asked(self._header):
            raise OtherRun(f"{self.path}: was asked for with other options, or another configuration")
        request = Request(subjects=(), retakes=old.retakes)
        ended = {
            unit_of(record)
            for record in found
            if isinstance(record, FormRecord) and record.retake == retakes_of(request, unit_of(record))
        }
        kept = [record for record in found if isinstance(record, RunRecord) or unit_of(record) in ended]
        self.path.write_bytes(b"".join(map(_line, kept)))
        self.done = frozenset(ended)
        self.spent = sum(record.cost or 0.0 for record in found if isinstance(record, CallRecord))


def unit_of(record: Record) -> Unit:
    """The unit a record belongs to."""
    assert not isinstance(record, RunRecord)
    return Unit(record.subject, record.profile, record.form, record.variant)


def _line(record: Record) -> bytes:
    return msgspec.json.encode(record) + b"\n"


def _asked(run: RunRecord) -> tuple[object, ...]:
    return run.config_hash, run.seed, run.forms, run.retakes, run.subjects, run.profiles
