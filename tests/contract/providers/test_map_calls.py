"""A model is asked over HTTP what a skill consists of, in every format of answer."""

import pytest

from assessment.concepts.writing import MapBrief
from assessment.deadline import Deadline, SystemClock
from assessment.models import Mode, Skill
from fakes.vendor_server import VendorServer
from fakes.vendor_server.asked import Form
from providers.build import build_vendors
from providers.config import ProvidersConfig, ProvidersFile, VendorConfig
from providers.ledger import Purpose
from providers.protocol import CallOutcome
from tests.unit.providers.fakes import ListLedger


@pytest.mark.parametrize("refused", [(), (Form.JSON_SCHEMA,), (Form.JSON_SCHEMA, Form.TOOLS)])
@pytest.mark.parametrize("model", ["openai/gpt-4.1-mini", "anthropic/claude-haiku-4-5"])
async def test_a_map_is_written_and_told_to_the_ledger(model: str, refused: tuple[Form, ...]) -> None:
    async with VendorServer() as server:
        server.refuses = frozenset(refused)
        base = server.base_url if model.startswith("openai") else server.base_url.removesuffix("/v1")
        vendor = VendorConfig(name="one", model=model, api_base=base)
        ledger = ListLedger()
        snapshot = build_vendors(ProvidersConfig(ProvidersFile((vendor,), ("one",)), {}), ledger=ledger)
        brief = MapBrief(Mode.LIVE, Skill("sailing", "Sailing"), "en", 60)
        written = await snapshot.write_map(brief, Deadline(SystemClock(), 60.0))
    assert len(written) >= 50
    assert {origin.model for origin in written.values()} == {model}
    (record,) = ledger.records
    assert (record.purpose, record.outcome, record.accepted) == (Purpose.MAP, CallOutcome.OK, len(written))
    assert record.output_tokens > 500
