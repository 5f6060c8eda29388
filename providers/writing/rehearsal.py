"""What a test-mode client may rehearse beyond what the sandbox does by itself."""

import msgspec

from assessment.deadline import Deadline
from assessment.models import Brief, Item, WrittenSet
from assessment.ports import QuestionWriter
from providers.vendors.sandbox.vendor import Scenario

MARK = " (right)"


class Rehearsal:
    """The writer of test mode. In the scenario `marked` the right options say so, once the set has passed all rules."""

    def __init__(self, writer: QuestionWriter) -> None:
        self._writer = writer

    async def write(self, brief: Brief, deadline: Deadline) -> WrittenSet:
        """Write a set, and mark it if asked to. Raises GenerationFailed."""
        written = await self._writer.write(brief, deadline)
        if brief.scenario != Scenario.MARKED:
            return written
        return msgspec.structs.replace(written, items=tuple(map(_marked, written.items)))


def _marked(item: Item) -> Item:
    options = list(item.options)
    options[item.key] += MARK
    return msgspec.structs.replace(item, options=tuple(options))
