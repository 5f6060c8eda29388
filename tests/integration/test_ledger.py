"""Every request to a vendor is on record, with what it cost, and with nothing that anybody wrote."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from piccolo_conf import DB
from tests.integration.live_server import KEY, LiveServer, live_server
from tests.server_process import finished_retake, run_retake
from tests.waiting import until

HEDGED = "hedge: {after: p95, min_seconds: 0.3, max_extra_share: 1.0}\nbreaker: {open_seconds: 0.2}"
PRICE = {"first": (1.0, 2.0), "second": (10.0, 20.0)}


@pytest.fixture(scope="module")
async def live(app: object, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    folder: Path = tmp_path_factory.mktemp("providers")
    async with live_server(DB, folder / "providers.yaml", HEDGED) as live:
        yield live


async def test_failed_and_cancelled_attempts_are_there_and_the_tokens_are_the_vendors_bill(live: LiveServer) -> None:
    live.first.reset("hang", "server_error", "one_broken", "good")
    live.second.reset("good")
    await live.take_set()
    rows = await live.rows_when_settled()
    calls = live.first.calls + live.second.calls
    assert len(rows) == calls
    assert {row["vendor"] for row in rows} == {"first", "second"}
    outcomes = Counter((row["vendor"], row["outcome"]) for row in rows)
    assert outcomes["first", "vendor_broken"] == 1
    assert outcomes["first", "stalled"] == 1
    assert any(row["is_hedge"] for row in rows)
    assert sum(row["accepted"] for row in rows) >= 10
    assert len({row["writing_id"] for row in rows}) == 1
    for server, name in ((live.first, "first"), (live.second, "second")):
        certain = [row for row in rows if row["vendor"] == name and not row["is_estimated"]]
        assert sum(row["input_tokens"] for row in certain) == server.totals.prompt_tokens
        assert sum(row["output_tokens"] for row in certain) == server.totals.completion_tokens
        per_input, per_output = PRICE[name]
        for row in rows:
            if row["vendor"] == name:
                dollars = (row["input_tokens"] * per_input + row["output_tokens"] * per_output) / 1_000_000
                assert row["cost"] == pytest.approx(dollars)


async def test_no_column_holds_a_text_a_key_or_a_person(live: LiveServer) -> None:
    live.first.reset("good")
    live.second.reset("good")
    journey = await live.take_set()
    await live.rows_when_settled()
    (row,) = await live.deployment.rows("SELECT string_agg(to_jsonb(t)::text, ' ') AS content FROM vendor_attempt t")
    verify = journey.profile["verify"]
    written = [question["question"] for question in journey.questions]
    written += [option for question in journey.questions for option in question["options"]]
    evidence = [value for project in verify["projects"] for value in project.values() if isinstance(value, str)]
    ids = [journey.verification_id, journey.student_id, journey.token, verify["name"], verify["email"]]
    assert len(written) == 50
    assert [text for text in [*written, *ids, KEY] if text in row["content"]] == []
    assert [text for text in evidence if len(text) > 8 and text in row["content"]] == []


async def test_metrics_count_the_same_attempts(live: LiveServer) -> None:
    live.first.reset("key_as_letter")
    await live.take_set()
    rows = await live.rows_when_settled(everything=True)
    text = (await live.client.get(f"{live.server.root_url}/metrics")).text
    lines = {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if not line.startswith("#")}
    attempts = {name: count for name, count in lines.items() if name.startswith("retake_vendor_attempts_total{")}
    assert attempts == Counter(
        f'retake_vendor_attempts_total{{hedge="{"yes" if row["is_hedge"] else "no"}",'
        f'outcome="{row["outcome"]}",vendor="{row["vendor"]}"}}'
        for row in rows
    )
    mine = [row for row in rows if row["vendor"] == "first"]
    assert lines['retake_vendor_items_total{vendor="first",verdict="accepted"}'] == sum(row["accepted"] for row in mine)
    assert lines['retake_vendor_attempt_seconds_count{vendor="first"}'] == len(mine) > 0
    mended = sum(json.loads(row["mended"]).get("key_letter", 0) for row in mine)
    assert lines['retake_vendor_mended_total{rule="key_letter",vendor="first"}'] == mended > 0
    cost = lines['retake_vendor_cost_dollars_total{vendor="first"}']
    assert cost == pytest.approx(sum(row["cost"] for row in mine))
    assert lines["retake_ledger_records_lost_total"] == 0


async def test_the_command_sums_up_by_vendor(live: LiveServer) -> None:
    live.first.reset("no_usage", "one_broken", "key_as_letter")
    live.second.reset("good")
    await live.take_set()
    await live.take_set()
    rows = await live.rows_when_settled(everything=True)
    environment = live.deployment.environment
    printed, table, nothing = await asyncio.gather(
        run_retake("ledger", "--since", "1h", "--json", environment=environment),
        run_retake("ledger", environment=environment),
        finished_retake("ledger", "--since", "1 hour", environment=environment),
    )
    assert {vendor["vendor"] for vendor in json.loads(printed)} == {row["vendor"] for row in rows}
    assert any("key_letter" in vendor["mended"] for vendor in json.loads(printed))
    for vendor in json.loads(printed):
        mine = [row for row in rows if row["vendor"] == vendor["vendor"]]
        seconds = sorted(row["seconds"] for row in mine)
        rejected: Counter[str] = Counter()
        mended: Counter[str] = Counter()
        for row in mine:
            rejected.update(json.loads(row["rejected"]))
            mended.update(json.loads(row["mended"]))
        assert vendor["attempts"] == len(mine) > 0
        assert vendor["outcomes"] == dict(Counter(row["outcome"] for row in mine))
        assert (vendor["accepted"], vendor["rejected"]) == (sum(row["accepted"] for row in mine), dict(rejected))
        assert vendor["mended"] == dict(mended)
        assert all(f"{times} {rule}" in table for rule, times in mended.items())
        assert vendor["input_tokens"] == sum(row["input_tokens"] for row in mine)
        assert vendor["output_tokens"] == sum(row["output_tokens"] for row in mine)
        assert vendor["cost"] == pytest.approx(sum(row["cost"] for row in mine))
        guessed = [row["cost"] for row in mine if row["is_estimated"]]
        assert vendor["estimated_cost"] == pytest.approx(sum(guessed))
        assert seconds[0] <= vendor["p50_seconds"] <= vendor["p95_seconds"] <= seconds[-1]
        assert vendor["vendor"] in table
    assert any(vendor["estimated_cost"] for vendor in json.loads(printed))
    assert "estimated" in table
    assert (nothing.code, "such as 90s or 7d" in nothing.stderr) == (2, True)


async def test_what_is_older_than_asked_for_is_left_out(live: LiveServer) -> None:
    live.first.reset("good")
    await live.take_set()
    await live.rows_when_settled(everything=True)
    await live.deployment.database.execute("UPDATE vendor_attempt SET started_at = started_at - interval '2 hours'")
    environment = live.deployment.environment
    assert json.loads(await run_retake("ledger", "--json", environment=environment)) == []
    assert "no request to a vendor" in await run_retake("ledger", environment=environment)
    assert json.loads(await run_retake("ledger", "--since", "3h", "--json", environment=environment)) != []


async def test_a_vendor_that_refused_the_key_is_shown_with_the_reason_and_the_service_stays_ready(
    live: LiveServer,
) -> None:
    live.first.reset("unauthorized")
    live.second.reset("good")
    await live.take_set()

    async def is_told() -> bool:
        response = await live.client.get(f"{live.server.root_url}/health/ready")
        assert (response.status_code, response.json()["status"]) == (200, "ready")
        return bool(
            response.json()["vendors"]
            == [
                {"name": "first", "state": "half_open", "reason": "unauthorized"},
                {"name": "second", "state": "closed", "reason": None},
            ]
        )

    await until(is_told)
