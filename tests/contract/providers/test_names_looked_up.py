"""Whatever a model is called, nobody but its vendor is asked: not for a tokenizer, a template or a capability."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from assessment.deadline import Deadline, SystemClock
from fakes.vendor_server import VendorServer
from fakes.vendor_server.cloud_dialects import GoodServer, gemini
from providers.config import VendorConfig
from providers.protocol import VendorError
from providers.secret import Secret
from providers.vendors.litellm_vendor import LiteLLMVendor, has_credentials, listed_price
from tests.contract.providers.names import VENDOR
from tests.unit.providers.fakes import answer_of, order

OPENAI = [
    "openai/meta-llama/llama-3-8b-{}",
    "openai/llama-2-7b-{}",
    "openai/gpt-4o-{}",
    "openai/command-r-{}",
    "openai/davinci-{}",
    "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct-{}",
    "together_ai/meta-llama/Llama-3-8b-chat-hf-{}",
    "openrouter/meta-llama/llama-3-70b-instruct-{}",
    "huggingface/meta-llama/Llama-3-8b-{}",
    "deepseek/deepseek-r1-llama-3-{}",
    "mistral/mistral-small-{}",
    "azure_ai/llama-3-{}",
    "lemonade/llama-3-{}",
    "huggingface/together/meta-llama/Llama-3-8b-{}",
]
ANTHROPIC = ["anthropic/claude-sonnet-4-5-{}", "anthropic/claude-2-{}", "anthropic/llama-3-{}"]
GEMINI = ["gemini/gemini-2.5-flash-{}", "gemini/llama-3-{}"]
WITHOUT_AN_ANSWER = [  # their dialects are not spoken here; what counts is whom they ask
    "ollama/llama-3-{}",
    "ollama_chat/llama-3-{}",
    "replicate/meta/llama-2-{}",
    "cohere_chat/command-r-{}",
]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


async def ask(model: str, port: int, path: str, *, stream: bool) -> str:
    """One call, from the configuration to the answer. The name is a new one, since LiteLLM remembers what it asked."""
    address = f"http://{VENDOR}:{port}{path}"
    config = VendorConfig("v", model.format(uuid4().hex[:8]), api_base=address, stream=stream)
    assert has_credentials(config, None)
    listed_price(config.model)
    text, _ = await answer_of(LiteLLMVendor(config, Secret("sk")), order(2), Deadline(SystemClock(), 20))
    return text


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("model", [*OPENAI, *ANTHROPIC])
async def test_only_the_vendors_own_name_is_looked_up(
    asked: set[str], server: VendorServer, model: str, stream: bool
) -> None:
    assert "items" in await ask(model, server.port, "" if model in ANTHROPIC else "/v1", stream=stream)
    assert asked == {VENDOR}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("model", GEMINI)
async def test_only_geminis_own_name_is_looked_up(asked: set[str], model: str, stream: bool) -> None:
    cloud = GoodServer(gemini)
    async with await asyncio.get_running_loop().create_server(cloud.connection, "127.0.0.1", 0) as listener:
        assert "items" in await ask(model, listener.sockets[0].getsockname()[1], "", stream=stream)
        await cloud.hang_up()
    assert asked == {VENDOR}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("model", WITHOUT_AN_ANSWER)
async def test_a_vendor_whose_dialect_is_another_one_has_nobody_else_asked(
    asked: set[str], server: VendorServer, model: str, stream: bool
) -> None:
    with pytest.raises(VendorError):
        await ask(model, server.port, "", stream=stream)
    assert asked <= {VENDOR, "api.replicate.com"}  # Replicate's own, whatever address is configured
