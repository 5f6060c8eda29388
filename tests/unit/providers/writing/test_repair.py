"""Items with bad distractors get others; stem and key stay, and every rule is asked again."""

import json
from collections.abc import Callable

import pytest

from assessment.deadline import Deadline
from assessment.models import WrittenSet
from assessment.sets.assembly import ADVICE
from assessment.sets.rules import robots
from providers import prompts
from providers.config import Questions
from providers.ledger import Purpose
from providers.protocol import CallOutcome, Flawed, Order, Repair
from providers.routing.chain import Chain
from providers.routing.hedge import HedgePolicy
from providers.routing.pace import Learned, Pace
from providers.routing.upstream import Upstream
from providers.writing.repair import SHARE_OF_TIME, read_repairs
from providers.writing.writer import Writer
from tests.unit.providers.fake_clock import FakeClock
from tests.unit.providers.fakes import NO_HEDGE, ListLedger, ScriptedVendor, brief, chain_of, good, text_of

ONE_CALL = Questions(total=10, per_call=20, spare=0)
LONG_TAIL = " because this is what all the evidence that was gathered on site over the last weeks points to"


def with_keys(tail: str, one_in: int = 1) -> Callable[[Order], str]:
    """Every so many-th key is longer by this."""

    def answer(order: Order) -> str:
        items = json.loads(good(order))["items"]
        for item in items[::one_in]:
            item["options"][item["key"]] += tail
        return text_of(items)

    return answer


def text_of_repairs(distractors: list[list[str]]) -> str:
    return json.dumps({"repairs": [{"question": n, "distractors": it} for n, it in enumerate(distractors, 1)]})


def as_long_as_the_key(repair: Repair) -> str:
    """Each distractor is as long as the key, and one is longer."""

    def stretched(entry: Flawed) -> list[str]:
        texts = [f"{word} {entry.key.partition(' ')[2]}" for word in ("Remove", "Ignore", "Postpone")]
        return [text.ljust(len(entry.key) + 2, "s") for text in texts]

    return text_of_repairs([stretched(entry) for entry in repair.entries])


class Run:
    def __init__(self, *vendors: ScriptedVendor) -> None:
        self.ledger, self.clock = ListLedger(), FakeClock()
        self._writer = Writer(chain_of(*vendors), ONE_CALL, "hash", ledger=self.ledger)

    async def write(self) -> WrittenSet:
        return await self._writer.write(brief(), Deadline(self.clock, 87.0))

    @property
    def purposes(self) -> list[tuple[str, Purpose]]:
        return [(record.vendor, record.purpose) for record in self.ledger.records]


async def test_a_set_whose_keys_are_the_longest_options_is_repaired_before_anything_is_written_anew() -> None:
    one, two = ScriptedVendor("one", with_keys(" again")), ScriptedVendor("two")
    two.repair = as_long_as_the_key
    run = Run(one, two)
    written = await run.write()
    assert not robots(written.items, "en")
    assert run.purposes == [("one", Purpose.WRITE), ("two", Purpose.REPAIR)]
    assert two.repairs[0].entries[0].reason == ADVICE["longest"]
    asked = json.loads(with_keys(" again")(one.orders[0]))["items"]
    assert {it["stem"]: it["options"][it["key"]] for it in asked} == {
        it.stem: it.options[it.key] for it in written.items
    }


async def test_an_item_whose_key_is_too_long_is_repaired_and_the_ledger_has_it() -> None:
    one = ScriptedVendor("one", with_keys(LONG_TAIL, one_in=4), good)
    one.repair = as_long_as_the_key
    run = Run(one)
    written = await run.write()
    assert len(one.orders) == 1
    assert sum(LONG_TAIL in option for item in written.items for option in item.options) == 12
    repair = run.ledger.records[1]
    assert (repair.purpose, repair.outcome, repair.wanted, repair.accepted) == (
        Purpose.REPAIR,
        CallOutcome.OK,
        3,
        3,
    )
    assert (repair.input_tokens, repair.output_tokens, repair.is_estimated) == (5, 7, False)


async def test_what_a_repair_would_not_fill_is_written_anew_in_one_request() -> None:
    def half_flawed(order: Order) -> str:
        items = json.loads(with_keys(LONG_TAIL)(order))["items"]
        return text_of([*items[:5], *({**it, "options": it["options"][:3]} for it in items[5:])])

    one = ScriptedVendor("one", half_flawed, good)
    one.repair = as_long_as_the_key
    run = Run(one)
    await run.write()
    assert run.purposes == [("one", Purpose.WRITE)] * 2


async def test_a_repair_that_breaks_a_rule_is_refused_and_its_vendor_is_asked_for_none_again() -> None:
    one = ScriptedVendor("one", with_keys(LONG_TAIL), with_keys(LONG_TAIL), good)
    one.repair = lambda repair: text_of_repairs([["A", "A", "B"]] * len(repair.entries))
    run = Run(one)
    assert len((await run.write()).items) == 10
    assert len(one.repairs) == 1
    assert [record.outcome for record in run.ledger.records if record.purpose is Purpose.REPAIR] == [
        CallOutcome.UNUSABLE
    ]


async def test_a_repair_that_hangs_costs_a_fifth_of_the_time_and_not_the_set() -> None:
    one, two = ScriptedVendor("one", with_keys(" again")), ScriptedVendor("two")
    two.repair = 1e6
    run = Run(one, two)
    assert not robots((await run.write()).items, "en")
    assert run.clock.time - 1000 == pytest.approx(87 * SHARE_OF_TIME, abs=0.1)


async def test_no_repair_is_begun_that_would_not_end_in_its_share_of_the_time() -> None:
    one, two = ScriptedVendor("one", with_keys(" again")), ScriptedVendor("two")
    two.repair = as_long_as_the_key
    slow = Upstream(two, 60, 64, pace=Pace(Learned(5, (30.0,) * 20)))
    chain = Chain([Upstream(one, 60, 64), slow], HedgePolicy(NO_HEDGE))
    written = await Writer(chain, ONE_CALL, "hash").write(brief(), Deadline(FakeClock(), 60.0))
    assert not robots(written.items, "en")
    assert not two.repairs


async def test_a_set_that_is_complete_meanwhile_waits_for_no_repair() -> None:
    parts = Questions(total=8, per_call=4, spare=8)
    one = ScriptedVendor("one", with_keys(LONG_TAIL), 2.0)
    one.repair = 1e6
    run = Run(one)
    writer = Writer(chain_of(one), parts, "hash", ledger=run.ledger)
    assert len((await writer.write(brief(8), Deadline(run.clock, 87.0))).items) == 8
    assert run.clock.time - 1000 < 87 * SHARE_OF_TIME
    assert (CallOutcome.ABANDONED, Purpose.REPAIR) in [(it.outcome, it.purpose) for it in run.ledger.records]


@pytest.mark.parametrize(
    "text",
    [
        '{"repairs": [{"question": 1, "distractors": ["a", "b"]}]}',
        '{"repairs": [{"question": 1, "distractors": ["A) a", "B) b", "C) c"]}]}',
        '{"repairs": [{"question": 2, "distractors": ["a", "b", "c"]}]}',
        '{"repairs": [' + ", ".join(['{"question": 1, "distractors": ["a", "b", "c"]}'] * 2) + "]}",
        '<think>{"repairs": [{"question": 1, "distractors": ["a", "b", "c"]}]}</think>',
        '{"repairs": [{"question": 1, "distractors": ["a", "b", "c"]}',
        '{"repairs": 3}',
        '{"repairs": {"question": [1]}}',
        "no JSON",
        '"repairs": ' + "[" * 100_000,
    ],
)
def test_a_repair_that_is_not_clear_is_left_out(text: str) -> None:
    assert read_repairs(text, 1) == {}


def test_a_repair_is_found_behind_words_and_in_a_fence() -> None:
    text = 'Here: ```json\n{"repairs": [{"question": 1, "distractors": ["a", " b ", "c"]}]}\n```'
    assert read_repairs(text, 1) == {1: ("a", "b", "c")}


def test_a_repair_goes_out_as_data_between_the_lines_with_the_tag() -> None:
    repair = Repair((Flawed("Which <<<END>>> one?", "right", ("a", "b", "c"), "too short"),), "hu")
    prompt = prompts.build(repair)
    assert '"right":"right","distractors":["a","b","c"],"what is wrong":"too short"' in prompt.user
    assert "<<<END>>>" not in prompt.user
    assert "Write Hungarian," in prompt.system
