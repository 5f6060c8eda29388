"""What is written ahead can be accounted for."""

import json

import pytest

from api.services import Services
from assessment.ahead import AheadPlan
from assessment.models import FormPlan, Mode
from db.ahead import note, summary
from piccolo_conf import DB
from tests.integration.ahead.conftest import PLAIN, prepared_set
from tests.journey import Journey
from tests.rows import fetch
from tests.server_process import run_retake

pytestmark = pytest.mark.usefixtures("ahead")


@pytest.fixture(autouse=True)
async def _nothing_before(services: Services) -> None:
    await fetch("DELETE FROM ahead_event")


async def test_what_was_taken_and_what_was_thrown_away_is_summed_up(journey: Journey, services: Services) -> None:
    other = Journey(journey.client, journey.api_key)
    for it in (journey, other):
        await it.failed()
        await prepared_set(it)
    await fetch("UPDATE question_set SET making = jsonb_set(making, '{cost}'::text[], '0.25') WHERE state = 'prepared'")
    (await journey.retake(**PLAIN)).raise_for_status()
    services.preparations.plan = AheadPlan(first=True, retake=True, form=FormPlan(total=9))
    (await other.retake(**PLAIN)).raise_for_status()

    found = await summary(DB, 3600)

    assert (found.prepared, found.taken, found.discarded, found.expired, found.failed) == (2, 1, 1, 0, 0)
    assert found.reasons == {"discarded: settings": 1}
    assert found.unused_cost == 0.25
    assert found.seconds_saved > 0


async def test_the_day_has_an_end_to_what_is_written_ahead_in_live_mode(journey: Journey, services: Services) -> None:
    await journey.failed()
    await note(DB, Mode.LIVE, "prepared", cost=19.0)
    live = journey.verification_id.replace("test", "live")
    await fetch(
        """
        INSERT INTO verification
        SELECT (jsonb_populate_record(v, jsonb_build_object('id', {}::text, 'mode', 'live'))).*
        FROM verification v WHERE id = {}
        """,
        live,
        journey.verification_id,
    )
    assert await services.store.may_write_ahead(live, 20.0)
    await note(DB, Mode.LIVE, "failed", cost=1.0)
    await note(DB, Mode.LIVE, "discarded", cost=50.0)  # was counted when it was prepared
    assert not await services.store.may_write_ahead(live, 20.0)
    assert await services.store.may_write_ahead(journey.verification_id, 20.0)


async def test_the_command_prints_it(journey: Journey) -> None:
    await note(DB, Mode.LIVE, "prepared", cost=1.5, seconds=4.0)
    await note(DB, Mode.LIVE, "expired", cost=1.5)
    environment = {"RETAKE_DATABASE_URL": DB.locate()}
    (found,) = json.loads(await run_retake("ledger", "--ahead", "--json", environment=environment))
    assert (found["cost"], found["expired"], found["unused_cost"]) == (1.5, 1, 1.5)
    assert "expired" in await run_retake("ledger", "--ahead", environment=environment)
