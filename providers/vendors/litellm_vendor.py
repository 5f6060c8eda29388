"""Model vendors through LiteLLM; the only file that imports it.

Importing it takes seconds and some 165 MB, so this module is imported only when such a vendor is configured.
"""

import os
import warnings

# Read by LiteLLM while it is imported: no price table and no header list from the network, no .env of the folder.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import httpx
import litellm
import openai
from litellm._internal_context import is_internal_call
from litellm.exceptions import (
    ContentPolicyViolationError,
    ContextWindowExceededError,
    InternalServerError,
    Timeout,
    UnsupportedParamsError,
)
from litellm.litellm_core_utils.prompt_templates import huggingface_template_handler
from litellm.llms.anthropic.chat.handler import ModelResponseIterator as AnthropicStream
from litellm.llms.bedrock.chat.chat_completions.transformation import BedrockRuntimeChatCompletionsStreamingHandler
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
from litellm.llms.huggingface.chat import transformation as huggingface_chat
from litellm.llms.lemonade.chat.transformation import LemonadeChatConfig
from litellm.llms.ollama.common_utils import OllamaModelInfo
from litellm.llms.ollama.completion.transformation import OllamaConfig
from litellm.llms.openai.chat.gpt_transformation import OpenAIChatCompletionStreamingHandler
from litellm.llms.openai.openai import OpenAIChatCompletionResponseIterator
from litellm.llms.openrouter.chat.transformation import OpenRouterChatCompletionStreamingHandler

from assessment.deadline import Deadline
from providers import prompts
from providers.config import Price, VendorConfig
from providers.protocol import (
    ContentRefused,
    EmptyReply,
    Ending,
    FormatRefused,
    Listener,
    MalformedReply,
    Request,
    RequestRejected,
    ResponseFormat,
    Unauthorized,
    UnexpectedFailure,
    Unreachable,
    VendorBroken,
    VendorError,
    VendorTimedOut,
)
from providers.secret import Secret
from providers.vendors.error_bodies import ErrorBody, error_of_status, pause_in
from providers.vendors.litellm_replies import (
    causes,
    content_type_of,
    error_body_of,
    is_refusal,
    retry_after,
    text_of,
    usage_of,
    wire_of,
)
from providers.vendors.response_formats import FormatFallback, format_parameters, is_about_format, is_about_prompt
from providers.vendors.sse import REFUSED, AnthropicDialect, EventReader, OpenAIDialect
from providers.vendors.transport import VendorTransport

READ_OUT_SECONDS = 0.05
READ_SECONDS = 120.0  # of silence, for calls that nobody has ended before; the last vendor left has all the time
_OPENAI_STREAMS = (
    openai.AsyncStream,
    OpenAIChatCompletionStreamingHandler,
    OpenAIChatCompletionResponseIterator,
    OpenRouterChatCompletionStreamingHandler,
)


async def _no_second_request(*_: object, **__: object) -> NoReturn:
    """Stand in for LiteLLM's own repetition of a request whose connection broke: raise what broke it.

    It repeats whatever `max_retries` says, on a deadline and a bill that are ours.
    """
    raise  # it is called while the error is being handled


def _not_asked(*_: object, **__: object) -> None:
    """Stand in for what LiteLLM asks about a model of a hub, or of a server at an address that is not configured."""


def _not_fetched(*_: object, **__: object) -> NoReturn:
    """Stand in for files LiteLLM fetches from a hub, in the event loop: it has something to use instead of most."""
    raise LookupError("nobody but the vendor is asked")


def _stay_off_the_hub() -> None:
    """No name but the vendor's own is looked up, whatever the model is called."""
    # Tokens are counted at the opening of every stream, for costs that nobody here reads; for a name with "llama-3" in
    # it that loads a tokenizer from the hub, and for as long as the hub is silent everybody waits.
    litellm.disable_token_counter = True
    litellm.disable_hf_tokenizer_download = True
    litellm.utils._get_max_position_embeddings = _not_asked  # noqa: SLF001 - there is no switch for it
    for asking in (LemonadeChatConfig, OllamaConfig, OllamaModelInfo):
        asking.get_model_info = _not_asked  # type: ignore[method-assign]  # on purpose
    for name in ("get_tokenizer_config", "aget_tokenizer_config", "get_chat_template_file", "aget_chat_template_file"):
        setattr(huggingface_template_handler, name, _not_fetched)
    vars(huggingface_chat)["fetch_inference_provider_mapping"] = _not_fetched


_stay_off_the_hub()
AsyncHTTPHandler.single_connection_post_request = _no_second_request  # type: ignore[method-assign]  # on purpose


def _transport(
    ssl_context: ssl.SSLContext | None = None, ssl_verify: bool | None = None, **_: object
) -> VendorTransport:
    """Stand in for LiteLLM's choice of transport, which would allow a hundred connections to all vendors together.

    How many calls may be under way is the configuration's business (`max_concurrency`).
    """
    return VendorTransport(ssl_context if ssl_context is not None else ssl_verify is not False)


AsyncHTTPHandler.create_async_transport = staticmethod(_transport)  # type: ignore[assignment]  # on purpose
AsyncHTTPHandler._create_async_transport = staticmethod(_transport)  # type: ignore[assignment]  # noqa: SLF001 - its other name
litellm.disable_aiohttp_transport = True  # one HTTP client in the whole product, visible to its tests
litellm.suppress_debug_info = True  # it prints advice on standard output otherwise
with warnings.catch_warnings():
    # The first of each makes Pydantic warn about LiteLLM's own types; better here than during a student's request.
    warnings.simplefilter("ignore", UserWarning)
    for first in (litellm.Message, litellm.ModelResponse, litellm.ModelResponseStream):
        first()


# Imported by LiteLLM and its HTTP client at their first request, which would then stand still for a second.
_LATE_IMPORTS = (
    "anyio._backends._asyncio",
    "httpcore",
    "litellm._service_logger",
    "litellm.integrations.prometheus_services",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.llms.openai.chat.gpt_audio_transformation",
    "litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic.transformation",
    "litellm.proxy._types",
    "openai.resources.chat.completions",
    "openai.resources.responses",
    "tiktoken_ext.openai_public",
)


NO_KEY = "none"

# LiteLLM believes in a stream and leaves the answer unread, and what the vendor gets asks for none: so answers in one
# piece are read as streams are, with all that real servers do wrong, and for less time.
_IN_ONE_PIECE = {"stream": True, "extra_body": {"stream": openai.omit, "stream_options": openai.omit}}


class _Sent(NamedTuple):
    """What of a request a vendor may not know; meanwhile a parallel one may have learned it."""

    response_format: ResponseFormat
    asks_for_usage: bool


class LiteLLMVendor:
    """One model at one vendor. Every call is exactly one request; retries are the chain's business."""

    def __init__(self, config: VendorConfig, key: Secret | None) -> None:
        self.name = config.name
        self.model = config.model
        self._config = config
        self._key = key
        self._fallback = FormatFallback(_formats_of(config.model))
        self._asks_for_usage = "stream_options" in _supported(config.model)
        self._reads_body = _is_spoken_to_as_is(config)
        _warm_up()

    @property
    def response_format(self) -> ResponseFormat:
        """The format of the answer that is asked for next."""
        return self._fallback.response_format

    async def write(self, order: Request, deadline: Deadline, hear: Listener) -> Ending:
        """Ask the model once. Raises VendorError; LiteLLM's own timeout is per read, so callers bound the call."""
        sent = _Sent(self._fallback.response_format, self._config.stream and self._asks_for_usage)
        request = self._request(sent.response_format, order)
        # LiteLLM then neither prepares a log of the call nor works out its costs, which nobody here would read.
        unlogged = is_internal_call.set(True)
        try:
            if self._config.stream:
                return await self._stream(request | self._stream_options(), hear)
            if self._reads_body:
                return await self._stream(request | _IN_ONE_PIECE, hear)
            return await self._whole(request, hear)
        except VendorError as error:
            raise self._perhaps_of_format(error, sent.response_format) from None
        except Exception as error:  # noqa: BLE001 - LiteLLM raises whatever its adapters raise; all of it has a name here
            said = error_body_of(error)
            if said.failed_answer is not None:  # a sample that is no good, which the next one may well be
                hear(said.failed_answer)
                return Ending()
            raise self._named(error, said, sent, deadline) from None
        finally:
            is_internal_call.reset(unlogged)

    async def _whole(self, request: dict[str, Any], hear: Listener) -> Ending:
        response = await litellm.acompletion(**request)
        try:
            choice = response.choices[0]
            text, finish_reason = text_of(choice.message), choice.finish_reason
            has_refused = is_refusal(choice.message)
        except (AttributeError, IndexError, TypeError):
            raise MalformedReply(self.name) from None
        _tell(hear, text)
        reasoning = str(getattr(choice.message, "reasoning_content", None) or "")
        finish_reason = REFUSED if has_refused else finish_reason
        self._check_end(finish_reason, has_text=bool(text and text.strip()), reasoning=reasoning)
        return Ending(str(finish_reason), usage_of(response))

    async def _stream(self, request: dict[str, Any], hear: Listener) -> Ending:
        stream = await litellm.acompletion(**request)
        try:
            if (reader := self._reader(stream.completion_stream)) is not None:
                return await self._read_wire(stream, reader, hear)
            return await self._read_chunks(stream, hear)
        finally:
            await stream.aclose()

    def _reader(self, source: Any) -> EventReader | None:
        """How the vendor's stream can be read from the wire; None for a dialect that only LiteLLM understands."""
        if isinstance(source, _OPENAI_STREAMS) and not isinstance(
            source, BedrockRuntimeChatCompletionsStreamingHandler
        ):
            return EventReader(OpenAIDialect(self.name), self.name)
        if isinstance(source, AnthropicStream):
            return EventReader(AnthropicDialect(self.name), self.name)
        return None

    async def _read_wire(self, stream: Any, reader: EventReader, hear: Listener) -> Ending:
        wire = wire_of(stream.completion_stream)
        async for data in wire:
            _tell(hear, reader.feed(data))
            if reader.dialect.is_over:
                await _read_out(wire)
                break
        else:
            _tell(hear, reader.end())
        if not reader.text_seen:
            self._check_type(content_type_of(stream))
        if self._reads_body and not reader.dialect.has_begun:
            raise MalformedReply(self.name)
        self._check_end(
            reader.dialect.finish_reason, has_text=reader.text_seen, reasoning=reader.dialect.reasoning_tail
        )
        return Ending(reader.dialect.finish_reason, reader.dialect.usage)

    async def _read_chunks(self, stream: Any, hear: Listener) -> Ending:
        has_text, finish_reason, usage = False, "stop", None
        async for chunk in stream:
            usage = usage_of(chunk) or usage
            for choice in chunk.choices[:1]:
                finish_reason = choice.finish_reason or finish_reason
                text = text_of(choice.delta)
                _tell(hear, text)
                has_text = has_text or bool(text and text.strip())
        self._check_end(finish_reason, has_text=has_text)
        return Ending(str(finish_reason), usage)

    def _check_end(self, finish_reason: str, *, has_text: bool, reasoning: str = "") -> None:
        if finish_reason == REFUSED:
            raise ContentRefused(self.name)
        if not has_text:
            ends_in_json = reasoning.rstrip("`\n\t ").endswith(("}", "]"))
            raise EmptyReply(self.name, has_hidden_answer=ends_in_json and finish_reason != "length")

    def _check_type(self, content_type: str) -> None:
        """Nothing came: from a model, or from no model at all."""
        if content_type and not any(kind in content_type for kind in ("event-stream", "json")):
            raise MalformedReply(self.name)

    def _request(self, response_format: ResponseFormat, order: Request) -> dict[str, Any]:
        """The timeout is always the same: LiteLLM keeps a client, with its connections, for each one it ever met."""
        prompt = prompts.build(order)
        request = dict(self._config.params) | format_parameters(response_format, order)
        request |= {
            "model": self._config.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "timeout": max(READ_SECONDS, self._config.attempt_seconds),
            "max_retries": 0,
            "num_retries": 0,
        }
        if "tools" in request:
            request["_skip_mcp_handler"] = True  # it would look for MCP servers among the tools, with a package we lack
        if self._key is not None:
            request["api_key"] = self._key.reveal()
        elif _needs_stand_in(self._config):
            request["api_key"] = NO_KEY
        if self._config.api_base is not None:
            request["api_base"] = self._config.api_base
        return request

    def _stream_options(self) -> dict[str, Any]:
        if self._asks_for_usage:
            return {"stream": True, "stream_options": {"include_usage": True}}
        return {"stream": True}

    def _named(self, error: Exception, said: ErrorBody, sent: _Sent, deadline: Deadline) -> VendorError:
        named = classify(error, self.name)
        pause = retry_after(error, deadline.clock.now())
        named.retry_after = pause_in(said.body) if pause is None else pause
        if isinstance(error, ContextWindowExceededError):
            return named
        if isinstance(named, Unauthorized | RequestRejected) and is_about_prompt(said):
            return ContentRefused(self.name, f"HTTP {said.status}")
        if sent.asks_for_usage and isinstance(named, RequestRejected) and said.is_about("stream_options"):
            self._asks_for_usage = False
            return FormatRefused(self.name, "stream_options")
        if isinstance(error, UnsupportedParamsError) or is_about_format(said):
            return self._other_format(sent.response_format) or named
        return named

    def _perhaps_of_format(self, error: VendorError, response_format: ResponseFormat) -> VendorError:
        """What a server wrote into the reasoning of an answer without text was to be the answer, in a given format."""
        if isinstance(error, EmptyReply) and error.has_hidden_answer:
            return self._other_format(response_format) or error
        return error

    def _other_format(self, refused: ResponseFormat) -> FormatRefused | None:
        """Go on to the next format, if there is one."""
        return FormatRefused(self.name, refused.value) if self._fallback.refused(refused) else None


def has_credentials(config: VendorConfig, key: Secret | None) -> bool:
    """Tell, without a request, whether the vendor can be called: by our key, at an own address, or as LiteLLM finds."""
    if key is not None or config.api_base is not None:
        return True
    return bool(litellm.validate_environment(model=config.model)["keys_in_environment"])


def _is_spoken_to_as_is(config: VendorConfig) -> bool:
    """Tell whether requests go to a server of OpenAI's dialect as they are.

    To OpenAI itself, or for reasoning, LiteLLM may choose another endpoint with another body.
    """
    host = urlsplit(config.api_base or "").hostname or ""
    is_other_server = bool(host) and not host.endswith("openai.com")
    is_chat = (_listed(config.model) or {}).get("mode", "chat") == "chat"
    changes_request = any(name == "extra_body" or name.startswith("reasoning") for name in config.params)
    return config.model.startswith("openai/") and is_other_server and is_chat and not changes_request


def _needs_stand_in(config: VendorConfig) -> bool:
    """Tell whether a server that is not its maker's is called without a key of its own.

    LiteLLM would send it the maker's key out of the environment, or without one begin no call.
    """
    return config.api_base is not None and config.model.startswith(("openai/", "anthropic/"))


def listed_price(model: str) -> Price | None:
    """What LiteLLM's table says a model costs; None for one it does not know, or has no price by tokens for.

    Nought is what it says where it does not know, as of every model of a hub.
    """
    info = _listed(model) or {}
    per_token = info.get("input_cost_per_token") or 0.0, info.get("output_cost_per_token") or 0.0
    if not any(per_token):
        return None
    return Price(*(round(price * 1_000_000, 6) for price in per_token))  # 0.4, and not 0.39999999999999997


def listed_output_tokens(model: str) -> int | None:
    """The longest answer of a model by LiteLLM's table, None for one it does not know."""
    return (_listed(model) or {}).get("max_output_tokens") or None


def classify(error: Exception, vendor: str) -> VendorError:
    """Name a failure by class and status, never by its text.

    LiteLLM reports a refused connection and an answer that is no JSON as status 500 as well; what stands behind the
    exception tells them apart.
    """
    if isinstance(error, ContentPolicyViolationError):
        return ContentRefused(vendor)
    behind = list(causes(error))
    if any(isinstance(cause, (Timeout, TimeoutError, httpx.TimeoutException)) for cause in behind):
        return VendorTimedOut(vendor)
    if any(isinstance(cause, httpx.TransportError) for cause in behind):
        return Unreachable(vendor)
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return _without_status(error, vendor)
    if isinstance(error, InternalServerError) and not any(isinstance(cause, httpx.HTTPStatusError) for cause in behind):
        return MalformedReply(vendor)
    return error_of_status(status)(vendor, f"HTTP {status}")


def _tell(hear: Listener, text: str | None) -> None:
    """Hand on what was said; what shows no life of the model's is not heard."""
    if text is not None:
        hear(text)


async def _read_out(wire: AsyncIterator[bytes]) -> None:
    """Take the end of a response whose answer is over, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READ_OUT_SECONDS):
            async for _ in wire:
                pass


def _without_status(error: Exception, vendor: str) -> VendorError:
    if isinstance(error, (IndexError, KeyError)):
        return MalformedReply(vendor)
    if isinstance(error, openai.APIError):
        return VendorBroken(vendor, "an error without a status")
    return UnexpectedFailure(vendor, type(error).__name__)


@cache
def _listed(model: str) -> dict[str, Any] | None:
    try:
        return dict(litellm.get_model_info(model))
    except Exception:  # noqa: BLE001 - it raises a bare Exception of its own for every model it does not know
        return None


@cache
def _supported(model: str) -> frozenset[str]:
    return frozenset(litellm.get_supported_openai_params(model=model) or ())


def _formats_of(model: str) -> list[ResponseFormat]:
    """What LiteLLM can translate for a model and its table does not rule out, the strictest format first."""
    supported, info = _supported(model), _listed(model)
    formats = [ResponseFormat.PROMPT]
    if "response_format" in supported:
        formats.insert(0, ResponseFormat.JSON_OBJECT)
    if {"tools", "tool_choice"} <= supported and (info is None or info.get("supports_function_calling")):
        formats.insert(0, ResponseFormat.TOOL)
    if "response_format" in supported and (info is None or litellm.supports_response_schema(model=model)):
        formats.insert(0, ResponseFormat.JSON_SCHEMA)
    return formats


@cache
def _warm_up() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in _LATE_IMPORTS:
            import_module(module)
