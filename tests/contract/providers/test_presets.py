"""The presets: each can be read, names models that LiteLLM knows, and brings a set from each of its vendors."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import litellm
import msgspec
import pytest

from assessment.deadline import Deadline, SystemClock
from fakes.vendor_server import VendorServer
from fakes.vendor_server.cloud_dialects import GoodServer, bedrock, gemini
from providers.build import build_vendors, check_spend, max_output_tokens, price_of
from providers.config import ProvidersConfig, ProvidersFile, Spend, VendorConfig
from providers.preset_files import FOLDER
from tests.contract.providers.names import VENDOR
from tests.unit.providers.fakes import brief

PRESETS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
_REFERENCE = re.compile(r"\$\{(\w+)\}")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


def read(preset: str) -> ProvidersConfig:
    """A preset, in a made-up environment."""
    path = FOLDER / f"{preset}.yaml"
    return ProvidersConfig.from_file(path, dict.fromkeys(_REFERENCE.findall(path.read_text()), "made-up"))


VENDORS = [
    pytest.param(preset, vendor.name, stream, id=f"{preset}-{vendor.name}-{'streamed' if stream else 'whole'}")
    for preset in PRESETS
    for vendor in read(preset).chain
    for stream in ((True, False) if vendor.stream else (False,))  # where a preset does not stream, it says why
]


def test_there_is_one_for_each_way_to_run_it() -> None:
    assert [
        *("anthropic", "azure", "bedrock", "cheapest-first", "deepseek", "gemini", "groq", "llama-cpp", "local"),
        *("mistral", "ollama", "openai", "openai-anthropic-gemini", "openrouter", "vertex", "vllm", "xai"),
    ] == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_every_vendor_is_in_the_chain_and_the_time_suffices_for_two(preset: str) -> None:
    settings = read(preset).settings
    assert {vendor.name for vendor in settings.vendors} == set(settings.chain)
    assert settings.vendors[0].attempt_seconds < settings.budget_seconds - settings.reserve_seconds


@pytest.mark.parametrize("preset", PRESETS)
def test_it_says_what_to_set_in_the_environment(preset: str) -> None:
    text = (FOLDER / f"{preset}.yaml").read_text()
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert all(name in comments for name in _REFERENCE.findall(text))


LOCAL = ("llama-cpp", "local", "ollama", "vllm")


def _listed(model: str) -> dict[str, Any]:
    """What LiteLLM's table says of a model; of OpenRouter's, of which it knows none, what it says of the maker's."""
    maker = model.removeprefix("openrouter/").replace("x-ai/", "xai/")
    return {**litellm.model_cost.get(litellm.get_model_info(maker)["key"], {}), **litellm.get_model_info(maker)}


MODELS = {vendor.model: vendor for preset in PRESETS if preset not in LOCAL for vendor in read(preset).chain}


@pytest.mark.parametrize("model", MODELS)
def test_its_models_have_the_price_of_litellms_table(model: str) -> None:
    table, price = _listed(model), price_of(MODELS[model])
    assert price is not None
    assert price.input_per_million == pytest.approx(table["input_cost_per_token"] * 1_000_000)
    assert price.output_per_million == pytest.approx(table["output_cost_per_token"] * 1_000_000)


@pytest.mark.parametrize("model", MODELS)
def test_its_models_were_not_about_to_end_when_they_were_chosen(model: str) -> None:
    ends = _listed(model).get("deprecation_date")
    assert ends is None or ends > "2027-03-01"


@pytest.mark.parametrize("model", MODELS)
def test_a_model_that_thinks_is_given_no_temperature_and_where_it_must_be_its_own_bound(model: str) -> None:
    params = MODELS[model].params
    assert max_output_tokens(MODELS[model]) in (8_000, 4_000)
    if _listed(model).get("supports_reasoning"):
        assert not {"temperature", "top_p", "presence_penalty", "frequency_penalty"} & set(params)
    if _refuses_max_tokens(model):
        assert "max_tokens" not in params


def _refuses_max_tokens(model: str) -> bool:
    """Models of OpenAI's that think, whoever serves them."""
    return model.startswith(("openai/gpt-6", "azure/gpt-6", "openrouter/openai/"))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_spend_limit_can_be_kept_with_it(preset: str) -> None:
    config = read(preset)
    settings = msgspec.structs.replace(config.settings, spend=Spend(max_usd_per_day=5, max_usd_per_set=0.25))
    check_spend(ProvidersConfig(settings, {}))


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_VERSION", "2024-12-01-preview")
    monkeypatch.setenv("AWS_REGION_NAME", "us-east-1")


@pytest.mark.parametrize(("preset", "name", "stream"), VENDORS)
async def test_each_of_its_vendors_brings_a_complete_set_and_nobody_else_is_looked_up(
    asked: set[str], preset: str, name: str, stream: bool, server: VendorServer
) -> None:
    vendor = next(vendor for vendor in read(preset).chain if vendor.name == name)
    vendor = msgspec.structs.replace(vendor, stream=stream)
    dialect = vendor.model.partition("/")[0]
    if dialect in ("gemini", "bedrock"):
        await _from_cloud(preset, vendor, dialect)
    else:
        await _brings_a_set(preset, vendor, f"http://{VENDOR}:{server.port}{'/v1' if dialect == 'openai' else ''}")
        assert server.totals.by_status == {"200": server.calls}
        assert server.bills[-1].dialect == ("anthropic" if dialect == "anthropic" else "openai")
        assert server.bills[-1].streamed is stream
        for body in server.requests:
            assert body.get("max_completion_tokens", body.get("max_tokens")) == max_output_tokens(vendor)
            if _refuses_max_tokens(vendor.model):
                assert not {"max_tokens", "temperature"} & body.keys()
    assert asked == {VENDOR}


async def _from_cloud(preset: str, vendor: VendorConfig, dialect: str) -> None:
    cloud = GoodServer({"gemini": gemini, "bedrock": bedrock}[dialect])
    listener = await asyncio.get_running_loop().create_server(cloud.connection, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        await _brings_a_set(preset, vendor, f"http://{VENDOR}:{port}")
        await cloud.hang_up()
    assert cloud.calls >= 2
    streamed = ":streamGenerateContent" if vendor.stream else ":generateContent"
    method = streamed if dialect == "gemini" else "/converse"
    assert all(path.endswith(method) for path in cloud.paths)


async def _brings_a_set(preset: str, vendor: VendorConfig, address: str) -> None:
    """Only the address is another one: model, parameters, streaming and limits are the preset's."""
    config = read(preset)
    key = config.key_of(vendor)
    here = msgspec.structs.replace(vendor, api_base=address)
    settings: ProvidersFile = msgspec.structs.replace(config.settings, vendors=(here,), chain=(vendor.name,))
    alone = ProvidersConfig(settings, {vendor.name: key} if key else {})
    written = await build_vendors(alone).write(brief(10), Deadline(SystemClock(), 20.0))
    assert len(written.items) == 10
    assert [share.vendor for share in written.provenance.vendors] == [vendor.name]
