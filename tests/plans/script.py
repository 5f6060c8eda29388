"""One way through everything that asks the database: the API, and what runs beside it."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from api.services import Services
from assessment.ahead import AheadPlan
from assessment.credentials import SYSTEM
from assessment.models import Concept, Difficulty, MapKey, Mode, Origin, OriginKind, Policy
from assessment.notices import Line
from assessment.ports import Ending, Lease, SetOrder
from db import ahead, audit, idempotency, ledger, presence, queue, sweeping, workers
from db.concept_maps import SHARED, MapOrder, PostgresConceptMaps, order_map
from db.deliveries import Deliveries
from db.item_statistics import item_statistics
from db.latencies import PostgresLatencyStore
from db.ledger import PostgresLedger
from db.migrations import upgrade
from db.outbox import PostgresOutbox
from db.policies import Policies
from db.progress import Step, report
from db.queue import JobKind, wake
from db.readiness import ReadinessCheck
from db.spend import PostgresSpend
from piccolo_conf import DB
from providers.ledger import VendorCallRecord
from providers.protocol import CallOutcome
from providers.routing.pace import Learned
from tests.integration.ahead.conftest import no_jobs_left
from tests.journey import Journey
from tests.waiting import until


async def play(services: Services, journey: Journey, platform_name: str) -> None:
    """Do everything once."""
    await _as_a_student(journey)
    await _as_sets_are_written_ahead(services, journey)
    await _as_a_platform(services, journey, platform_name)
    await _as_leases_do(services, journey)
    await _in_the_background(services, platform_name)


async def _as_a_student(journey: Journey) -> None:
    await journey.verify()
    skills = [*journey.profile["skills"], {"skillId": uuid4().hex, "name": "A skill of one's own"}]
    for step in (journey.store_skills(skills), journey.choose_method(), journey.attach()):
        (await step).raise_for_status()
    client, headers = journey.client, journey.headers
    await client.get(f"/step3/store-verification-items/session/{journey.token}")
    for key in (uuid4().hex,) * 2:
        (await journey.generate(**{"x-sandbox-scenario": "marked", "idempotency-key": key})).raise_for_status()
    await journey.generate()
    (await journey.save(journey.questions[0], 1)).raise_for_status()
    (await client.get("/assessment/questions", headers=headers)).raise_for_status()
    (await journey.submit(right=0)).raise_for_status()
    (await journey.retake()).raise_for_status()
    (await journey.submit(right=10)).raise_for_status()
    for path in ("", "/attempts", "/attempts/1"):
        (await client.get(f"/assessment{path}", headers=headers)).raise_for_status()
    await client.get("/skills/search", params={"keyword": "python"})


async def _as_sets_are_written_ahead(services: Services, journey: Journey) -> None:
    """Put aside, taken, discarded and superseded."""
    before, services.preparations.plan = services.preparations.plan, AheadPlan(first=True, retake=True)
    again = await Journey(journey.client, journey.api_key).failed()
    await until(lambda: _is_prepared(again))
    (await again.retake(accept="application/json")).raise_for_status()
    for items in (1, 2):
        chosen = {name: ids[:items] for name, ids in again.profile["items"].items()}
        (await again.attach(chosen)).raise_for_status()
    (await again.store_skills()).raise_for_status()
    (await again.client.get("/assessment/progress", headers=again.headers)).raise_for_status()
    await report(DB, [Step(again.verification_id, 4, 10)])
    await ahead.summary(DB, 60)
    await ahead.join(DB, 0, SetOrder("none", 0, 0, 1.0))
    services.preparations.plan = before
    await no_jobs_left()


async def _is_prepared(journey: Journey) -> bool:
    return await ahead.prepared(DB, journey.verification_id, journey.student_id) is not None


async def _as_a_platform(services: Services, journey: Journey, platform_name: str) -> None:
    again = Journey(journey.client, journey.api_key)
    await again.verify(email=journey.profile["verify"]["email"])
    await again.verify(email=None, phoneNumber=f"+49 {uuid4().int % 10**12}")
    key = {"x-api-key": journey.api_key}
    path = f"/verifications/{journey.verification_id}/accommodation"
    (await journey.client.put(path, json={"timeFactor": 2}, headers=key)).raise_for_status()
    (await journey.client.get(f"/metadata/user/{journey.student_id}", headers=key)).raise_for_status()
    (await journey.client.put("/skills/own-skill", json={"name": "Own Skill"}, headers=key)).raise_for_status()
    made = await services.accounts.create_key(Mode.TEST, "plans", platform_name)
    await services.accounts.list_keys()
    await services.persons.inactive(10_000, 1)
    await services.persons.erase(None, again.student_id, by=SYSTEM, inactive_days=10_000)
    for method, path in (("GET", f"/users/{again.student_id}/export"), ("DELETE", f"/users/{again.student_id}")):
        (await journey.client.request(method, path, headers=key)).raise_for_status()
    await audit.newest(services.engine, 50)
    await audit.verify(services.engine)
    (await journey.deliveries(state="pending", event="verification.completed")).raise_for_status()
    (await journey.client.get("/webhooks/deliveries", headers=key)).raise_for_status()
    await journey.client.post("/webhooks/deliveries/msg_nobody/replay", headers=key)
    deliveries = Deliveries(services.engine)
    await deliveries.recent(platform_name, None, 60.0)
    await deliveries.replay_many(["msg_nobody"], 60)
    policies = Policies(services.engine)
    await policies.put(platform_name, Policy())
    await policies.of(platform_name)
    await policies.all()
    await policies.live_without()
    await services.accounts.revoke_key(made.key_id)
    await ReadinessCheck(services.engine).look()  # a new one, which has to write


async def _as_leases_do(services: Services, journey: Journey) -> None:
    await services.store.cut_off(journey.verification_id, 1)
    await services.store.look(journey.verification_id)
    await services.store.may_write_ahead(journey.verification_id, 20.0)
    await services.store.waited_for([journey.verification_id])
    await services.store.note_failure(journey.verification_id, "plans", 0.0)
    await services.store.give_up(Lease(journey.verification_id, str(uuid4())), Ending.FAILED)
    await wake(DB, JobKind.SWEEP, "plans", {})
    await services.store.seconds_left(journey.verification_id, str(uuid4()))
    await presence.beat(DB)
    await presence._return_time(DB)
    await queue.begin(DB, 0)
    await queue.return_to_present(services.engine)
    await queue.absorb(DB, "plans", {})
    worker_id = uuid4()
    await workers.report(DB, worker_id, workers.WorkerReport("plans", has_providers=False, serves_live=False))
    await workers.alive(DB)
    await workers.leave(DB, worker_id)
    begun = await services.idempotency.begin(b"plans", b"k" * 32, key=uuid4().hex, fingerprint=b"")
    assert isinstance(begun, idempotency.Lease)
    await services.idempotency.beat(begun)
    await services.idempotency.forget(begun)


async def _in_the_background(services: Services, platform_name: str) -> None:
    outbox = PostgresOutbox(DB)
    await outbox.waiting(0, 8)
    await outbox.take({Line(0, 0): 1}, 60.0)
    await outbox.try_again("none", 1.0, "", None)
    await outbox.delivered("none", 200)
    for sweep in sweeping.SWEEPS:
        await sweeping.sweep_batch(DB, sweep)
    await _as_money_is_spent()
    await _as_maps_are_made()
    store = PostgresLedger(DB)
    store.record(_record())
    await store.flush()
    await ledger.summaries(DB, 60)
    paces = PostgresLatencyStore(DB, Learned)
    await paces.load()
    await paces.save({})
    await item_statistics(services.engine, mode=Mode.TEST, platform=platform_name, seconds=60, min_answers=10)
    await upgrade(DB)


async def _as_maps_are_made() -> None:
    maps = PostgresConceptMaps(DB)
    concept = Concept("con_1", "Joins", "Which rows stay", Difficulty.EASY, Origin(OriginKind.BANK))
    await maps.change(MapKey(Mode.TEST, None, uuid4().hex, "en"), lambda held: (*held, concept))
    await maps.of_skills(1, Mode.TEST, ["sql"], "en")
    await order_map(DB, MapOrder(Mode.TEST, SHARED, "sql", "en"))


async def _as_money_is_spent() -> None:
    """Granted and settled, and refused for what is under way."""
    spend, ticket = PostgresSpend(DB), uuid4()
    for asked, nanos, limit in ((ticket, 1, 10**18), (uuid4(), 10**18, 10**18)):
        granting = asyncio.create_task(spend.reserve(asked, nanos, limit, 90.0))
        await asyncio.sleep(0)
        await spend.flush()
        await granting
    spend.settle(ticket, 0)
    await spend.stop()


def _record() -> VendorCallRecord:
    fields: dict[str, Any] = {
        "writing_id": uuid4().hex,
        "mode": Mode.TEST,
        "vendor": "plans",
        "model": "plans",
        "started_at": datetime.now(UTC),
        "seconds": 1.0,
        "slice_seconds": 1.0,
        "round_number": 1,
        "part": 0,
        "is_hedge": False,
        "outcome": CallOutcome.OK,
        "response_format": None,
        "wanted": 1,
        "accepted": 1,
        "rejected": {},
        "input_tokens": 1,
        "output_tokens": 1,
        "is_estimated": False,
        "cost": None,
        "prompt_version": "v1",
        "config_hash": "0123456789ab",
    }
    return VendorCallRecord(**fields)
