"""The same faults through litellm.Router, for comparison only: nothing of the product uses it.

Configured as its documentation recommends: one deployment per vendor, ordered fallbacks (also for content policy and
context length), two retries, a timeout per attempt, allowed fails and a cooldown, the schema in `response_format`.
"""

import asyncio
import time
from typing import Any

from providers.vendors import litellm_vendor  # noqa: F401 - first: it keeps LiteLLM off the network while it is imported

# isort: split
import litellm
from litellm.router import Router

from assessment.models import Author, Item
from bench.chaos.farm import Lane
from bench.chaos.figures import Run
from bench.chaos.ours import BRIEF, KEY, MODELS, TOTAL
from bench.chaos.plan import VENDORS, Cell, Scale, dialects
from providers import prompts
from providers.protocol import Order, ResponseFormat
from providers.vendors.decode import decode
from providers.vendors.response_formats import format_parameters
from providers.writing.candidates import CandidatePool, SlotGroup
from providers.writing.orders import Refs

PATIENCE = 2.0  # budgets after which a call without an end is ended from outside
NAMES = ("first", "second", "third")


def router(lane: Lane, cell: Cell, seed: int, scale: Scale) -> Router:
    """A new Router over the vendors of a lane."""
    _scale_pauses(scale)
    rest = [{NAMES[0]: list(NAMES[1:])}]
    deployments = [
        {"model_name": NAMES[number], "litellm_params": _parameters(lane, cell, number, dialect, scale)}
        for number, dialect in zip(range(VENDORS), dialects(seed), strict=True)
    ]
    return Router(
        model_list=deployments,
        fallbacks=rest,
        content_policy_fallbacks=rest,
        context_window_fallbacks=rest,
        num_retries=2,
        timeout=scale.attempt,
        allowed_fails=3,
        cooldown_time=scale.rest,
    )


def _scale_pauses(scale: Scale) -> None:
    """Its own pauses before a retry are scaled down like everything else, or the comparison would be unfair."""
    for name, seconds in (("INITIAL_RETRY_DELAY", 0.5), ("MAX_RETRY_DELAY", 8.0), ("JITTER", 0.75)):
        setattr(litellm.utils, name, seconds * scale.factor)


async def write_set(asked: Router, cell: Cell, lane: Lane, scale: Scale) -> Run:
    """One call for ten items on vendors that are prepared."""
    seconds, valid, note = await timed(asked, scale, stream=cell.stream)
    is_complete = valid == TOTAL
    return Run(
        seconds=seconds,
        is_complete=is_complete,
        is_inside=seconds <= scale.budget,
        overrun=max(0.0, seconds - (scale.budget - scale.reserve)),
        extra_calls=max(0, await lane.calls() - 1),
        wasted_items=0 if is_complete else valid,
        note=note,
    )


async def timed(asked: Router, scale: Scale, *, stream: bool) -> tuple[float, int, str]:
    """Seconds that a call took, how many of ten slots it filled, and the class of its error."""
    began = time.monotonic()
    task = asyncio.ensure_future(_ask(asked, stream=stream))
    await asyncio.wait({task}, timeout=PATIENCE * scale.budget)
    seconds = time.monotonic() - began
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
        return seconds, 0, "no end"
    if error := task.exception():
        return seconds, 0, type(error).__name__
    return seconds, usable(task.result()), ""


def usable(text: str) -> int:
    """How many slots of a set the text fills, by the very rules that our own vendors are held to."""
    return len(accepted(text))


def accepted(text: str) -> tuple[Item, ...]:
    """The items of a text that fill slots of a set."""
    pool = CandidatePool(BRIEF, Refs(BRIEF))
    group = pool.register(SlotGroup(tuple(range(TOTAL)), lambda: None))
    for draft in decode(text).drafts:
        pool.take(draft, group, Author("router", "router"), task := object())
        pool.settle(group, task)
    return pool.items


def asking() -> dict[str, Any]:
    """Messages and form of one call for a whole set, as our own vendors are asked."""
    refs = Refs(BRIEF)
    order = Order(wanted=tuple(refs.wanted(slot) for slot in BRIEF.slots))
    prompt = prompts.build(order)
    messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
    return {"messages": messages, **format_parameters(ResponseFormat.JSON_SCHEMA, order)}


async def _ask(asked: Router, *, stream: bool) -> str:
    if not stream:
        response: Any = await asked.acompletion(NAMES[0], **asking())
        return response.choices[0].message.content or ""
    chunks: Any = await asked.acompletion(NAMES[0], stream=True, **asking())
    return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])


def _parameters(lane: Lane, cell: Cell, number: int, dialect: str, scale: Scale) -> dict[str, Any]:
    return {
        "model": MODELS[dialect],
        "api_key": KEY["CHAOS_KEY"],
        "api_base": lane.api_base(cell, number, dialect),
        "timeout": scale.attempt,
    }
