"""A set that breaks a rule of sets at the very end is a failure that is seen, logged and counted."""

import msgspec

from assessment.deadline import Deadline
from assessment.models import Brief, WrittenSet
from assessment.ports import QuestionWriter
from jobs.vendors import Vendors
from tests.canary import every_log_line
from tests.journey import Journey
from tests.waiting import until

METRICS = "http://retake.test/metrics"
COUNTED = 'retake_sets_refused_total{rule="coverage"}'


class OneSourceWriter:
    """Says that every item is set in the first source."""

    def __init__(self, inner: QuestionWriter) -> None:
        self._inner = inner

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        written = await self._inner.write(brief, deadline)
        first = written.items[0].source_id
        items = tuple(msgspec.structs.replace(item, source_id=first) for item in written.items)
        return msgspec.structs.replace(written, items=items)


def counted(metrics: str) -> float:
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(COUNTED))


async def test_a_set_in_one_source_is_never_shown(vendors: Vendors, journey: Journey) -> None:
    await journey.prepared()
    before = counted((await journey.client.get(METRICS)).text)
    current = vendors.current
    vendors.current = msgspec.structs.replace(current, writer=OneSourceWriter(current.writer))
    with every_log_line() as lines:
        refused = await journey.client.post("/assessment/generate", headers=journey.headers)
        await until(lambda: any('"set_refused"' in line and '"coverage"' in line for line in lines))
    vendors.current = current
    assert (refused.status_code, refused.json()["error"]["code"]) == (500, "GENERATION_FAILED")
    assert "coverage" not in refused.text

    async def is_counted() -> bool:
        return counted((await journey.client.get(METRICS)).text) == before + 1

    await until(is_counted)
    assert (await journey.client.post("/assessment/generate", headers=journey.headers)).is_success
