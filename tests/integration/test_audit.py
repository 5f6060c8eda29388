"""The audit log: what is written down, by whom, and that nobody can change it unseen."""

import asyncio
import json
from typing import Any

import pytest
from asyncpg import RestrictViolationError

from api.services import Services
from assessment.credentials import Actor
from assessment.models import Mode, Policy
from db.audit import Action, AuditEntry, newest, record, verify
from db.engine import RetakeEngine
from db.policies import Policies
from db.retry import in_transaction
from tests.journey import Journey
from tests.rows import fetch

OPERATOR = Actor("cli", "ada", "host-7")


async def written(engine: RetakeEngine, subject: str) -> list[AuditEntry]:
    return [entry for entry in await newest(engine, 1000) if entry.subject == subject]


async def write(engine: RetakeEngine, subject: str) -> None:
    await in_transaction(engine, lambda: record(engine, OPERATOR, Action.POLICY_SET, subject=subject))


async def test_keys_policies_accommodations_and_replays_are_written_down_with_who_did_it(
    engine: RetakeEngine, services: Services, journey: Journey, platform_name: str
) -> None:
    made = await services.accounts.create_key(Mode.LIVE, "job board", platform_name, by=OPERATOR)
    await services.accounts.revoke_key(made.key_id, by=OPERATOR)
    await services.accounts.revoke_key(made.key_id, by=OPERATOR)
    revoked, created = await written(engine, made.key_id)
    assert (created.action, revoked.action) == (Action.KEY_CREATED, Action.KEY_REVOKED)
    assert (created.actor_kind, created.actor, created.source) == ("cli", "ada", "host-7")
    assert json.loads(created.details) == {"mode": "live", "name": "job board"}
    assert made.api_key not in str(created)

    await Policies(engine).put(platform_name, Policy(max_attempts=3), by=OPERATOR)
    (policy,) = await written(engine, platform_name)
    assert json.loads(policy.details)["max_attempts"] == 3

    await journey.delivering()
    headers = {"x-api-key": journey.api_key}
    path = f"/verifications/{journey.verification_id}/accommodation"
    (await journey.client.put(path, json={"timeFactor": 2}, headers=headers)).raise_for_status()
    (
        await journey.client.post(f"/webhooks/deliveries/{journey.delivery_id}/replay", headers=headers)
    ).raise_for_status()
    (accommodated,), (replayed,) = [
        await written(engine, subject) for subject in (journey.verification_id, journey.delivery_id)
    ]
    assert accommodated.actor_kind == replayed.actor_kind == "key"
    assert accommodated.actor.startswith("key_test_")
    assert accommodated.source
    assert json.loads(accommodated.details) == {"timeFactor": 2.0}


async def test_what_was_not_done_is_not_written_down(
    engine: RetakeEngine, services: Services, journey: Journey
) -> None:
    await journey.verify()
    headers = {"x-api-key": journey.api_key}
    await journey.client.put("/verifications/ver_test_no/accommodation", json={"timeFactor": 2}, headers=headers)
    await journey.client.post("/webhooks/deliveries/msg_no/replay", headers=headers)
    await services.accounts.revoke_key("key_test_no", by=OPERATOR)
    for subject in ("ver_test_no", "msg_no", "key_test_no"):
        assert await written(engine, subject) == []

    async def broken() -> None:
        await record(engine, OPERATOR, Action.POLICY_SET, subject="rolled back")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await in_transaction(engine, broken)
    assert await written(engine, "rolled back") == []


async def test_entries_of_many_at_once_make_one_chain(engine: RetakeEngine) -> None:
    before = await verify(engine)
    await asyncio.gather(*(write(engine, f"crowd-{number}") for number in range(20)))
    after = await verify(engine, before.head)
    assert (after.broken_at, after.entries, after.knows_head) == (None, before.entries + 20, True)
    assert (await verify(engine, b"\x00" * 32)).knows_head is False


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = 'eve'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
async def test_the_database_refuses_every_change(engine: RetakeEngine, statement: str) -> None:
    await write(engine, "kept")
    with pytest.raises(RestrictViolationError):
        await fetch(statement)


TAMPERED = [
    "UPDATE audit_entry SET actor = 'eve' WHERE id = {}",
    "UPDATE audit_entry SET details = '{{}} ' WHERE id = {}",
    "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = {}",
    "UPDATE audit_entry SET platform = 7 WHERE id = {}",
    "DELETE FROM audit_entry WHERE id = {}",
]


@pytest.mark.parametrize("number", range(len(TAMPERED)))
async def test_whoever_gets_past_the_trigger_is_found_out(engine: RetakeEngine, number: int) -> None:
    for subject in ("before", "tampered", "after"):
        await write(engine, subject)
    _, target, *_ = await newest(engine, 3)

    class Undo(Exception):
        pass

    found: dict[str, Any] = {}

    async def tamper() -> None:
        await fetch("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        await fetch(TAMPERED[number].replace("{{}}", "[]"), target.id)
        found["verdict"] = await verify(engine)
        raise Undo

    with pytest.raises(Undo):
        await in_transaction(engine, tamper)
    assert found["verdict"].broken_at == target.id
    assert (await verify(engine)).broken_at is None
