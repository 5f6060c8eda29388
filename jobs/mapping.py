"""The kind of job that has it written what a skill consists of."""

import msgspec

from assessment.deadline import Clock, Deadline
from assessment.models import MapKey, Mode
from assessment.use_cases.map_skill import map_skill
from db.catalogue import Catalogue
from db.concept_maps import MapOrder, PostgresConceptMaps
from db.engine import RetakeEngine
from db.queue import JobKind, begin
from jobs.kinds import Job, Kind
from jobs.vendors import Vendors

LONGEST_SECONDS = 600.0
WRITING_SECONDS = 300.0  # nobody waits for it
PAUSES = (60.0, 600.0)  # for vendors that could not say

_ORDER = msgspec.json.Decoder(MapOrder)


def mapping(vendors: Vendors, engine: RetakeEngine, clock: Clock) -> Kind:
    """Write the map of a skill of the catalogue, in the deployment's language if none is named."""
    maps, catalogue = PostgresConceptMaps(engine), Catalogue(engine)

    async def run(job: Job) -> None:
        order, current = _ORDER.decode(job.payload), vendors.current
        await begin(engine, job.job_id)
        names = await catalogue.names_of(order.platform_id, [order.skill_id])
        if order.skill_id not in names or (order.mode is Mode.LIVE and not current.serves_live):
            return  # it was taken out of the catalogue meanwhile, or there is nobody to ask
        language = order.language or current.form.language
        await map_skill(
            key=MapKey(order.mode, order.platform_id or None, order.skill_id, language),
            name=names[order.skill_id],
            again=order.again,
            is_last_try=job.tries >= len(PAUSES),
            deadline=Deadline(clock, WRITING_SECONDS),
            maps=maps,
            writer=current.map_writer,
        )

    return Kind(JobKind.MAP_SKILL, run, LONGEST_SECONDS, PAUSES)
