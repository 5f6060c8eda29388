"""How exact the ledger is at the pace of real vendors, where a set stands while spare items are still being written."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from assessment.deadline import Deadline, SystemClock
from bench.kept_attempts import KeptAttempts
from bench.providers.vendor import brief, read_config, write_config
from fakes.vendor_server import VendorServer
from fakes.vendor_server.pace import Pace
from providers.build import build_vendors

SETS = 8
FIRST_TOKEN_SECONDS = 0.3


class Bills(NamedTuple):
    """Calls, how many of them have the vendor's own figures, and all tokens of the ledger over all it bills."""

    calls: int
    real: int
    ratio: float


async def bills(tokens_per_second: float) -> Bills:
    """Write sets with everything at its default, and compare the ledger with what the vendor bills."""
    attempts = KeptAttempts()
    pace = Pace(first_token_seconds=FIRST_TOKEN_SECONDS, tokens_per_second=tokens_per_second)
    async with VendorServer(pace=pace) as server:
        with tempfile.TemporaryDirectory() as folder:
            config = read_config(write_config(Path(folder), server.base_url, stream=True))
        writer = build_vendors(config, ledger=attempts)
        for _ in range(SETS):
            await writer.write(brief(), Deadline(SystemClock(), 60.0))
        await writer.settled()
        billed = server.totals.prompt_tokens + server.totals.completion_tokens
    records = attempts.records
    written = sum(record.input_tokens + record.output_tokens for record in records)
    return Bills(len(records), sum(not record.is_estimated for record in records), written / billed)
