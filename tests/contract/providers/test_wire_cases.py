"""What real wires were seen to do, replayed over HTTP: each case alone, and before a sound vendor."""

from collections.abc import AsyncIterator

import pytest

from bench.chaos.plan import Scale
from bench.chaos.wire import run
from fakes.wire_cases import CASES, load

SCALE = Scale(1 / 15)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
async def _clients() -> AsyncIterator[None]:
    """LiteLLM keeps a client for each address, and forgets the oldest of 200 with its connections open."""
    import litellm  # the adapter has to set its environment before

    kept = litellm.in_memory_llm_clients_cache
    before = set(kept.cache_dict)
    yield
    for key in set(kept.cache_dict) - before:
        client = kept.cache_dict[key]
        kept.delete_cache(key)  # type: ignore[no-untyped-call]  # LiteLLM's
        await (client.client if hasattr(client, "client") else client._client).aclose()


@pytest.mark.usefixtures("_clients")
@pytest.mark.parametrize("name", CASES)
async def test_a_case_alone_comes_to_what_its_file_says(name: str) -> None:
    case = load(name)
    result = await run(case, SCALE, alone=True)
    assert result.keeps_to(case, alone=True), result


@pytest.mark.usefixtures("_clients")
@pytest.mark.parametrize("name", CASES)
async def test_a_case_before_a_sound_vendor_costs_no_set(name: str) -> None:
    case = load(name)
    result = await run(case, SCALE, alone=False)
    assert result.keeps_to(case, alone=False), result
