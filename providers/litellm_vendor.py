"""Model vendors through LiteLLM; the only file that imports it.

Importing it takes seconds and some 165 MB, so this module is imported only when such a vendor is configured.
"""

import os
import warnings

# Read by LiteLLM while it is imported: no price table and no header list from the network, no .env of the folder.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

from collections.abc import Iterator
from typing import Any

import httpx
import litellm
from litellm.exceptions import ContentPolicyViolationError, InternalServerError, Timeout

from assessment.deadline import Deadline
from providers import prompts
from providers.base import (
    AttemptTimedOut,
    ContentRefused,
    EmptyReply,
    MalformedReply,
    ModelNotFound,
    Order,
    RateLimited,
    Reply,
    RequestRejected,
    Unauthorized,
    UnexpectedFailure,
    Unreachable,
    Usage,
    VendorBroken,
    VendorError,
)
from providers.config import VendorConfig
from providers.secret import Secret

litellm.disable_aiohttp_transport = True  # one HTTP client in the whole product, visible to its tests
litellm.suppress_debug_info = True  # it prints advice on standard output otherwise
with warnings.catch_warnings():
    # The first message makes Pydantic warn about LiteLLM's own types; better here than during a student's request.
    warnings.simplefilter("ignore", UserWarning)
    litellm.Message()

MIN_TIMEOUT_SECONDS = 0.05

_BY_STATUS: dict[int, type[VendorError]] = {
    401: Unauthorized,
    402: Unauthorized,
    403: Unauthorized,
    404: ModelNotFound,
    408: AttemptTimedOut,
    429: RateLimited,
}


class LiteLLMVendor:
    """One model at one vendor. Every call is exactly one request; retries are the chain's business."""

    def __init__(self, config: VendorConfig, key: Secret | None) -> None:
        self.name = config.name
        self._config = config
        self._key = key

    async def write(self, order: Order, deadline: Deadline) -> Reply:
        """Ask the model once. Raises VendorError; LiteLLM's own timeout is per read, so callers bound the call."""
        try:
            response = await litellm.acompletion(**self._request(order, deadline.remaining))
        except Exception as error:  # noqa: BLE001 - LiteLLM raises whatever its adapters raise; all of it has a name here
            raise classify(error, self.name) from None
        return self._reply(response)

    def _request(self, order: Order, seconds: float) -> dict[str, Any]:
        prompt = prompts.build(order)
        request = dict(self._config.params)
        request |= {
            "model": self._config.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "timeout": max(MIN_TIMEOUT_SECONDS, seconds),
            "max_retries": 0,
            "num_retries": 0,
        }
        if response_format := _response_format(self._config.model, order):
            request["response_format"] = response_format
        if self._key is not None:
            request["api_key"] = self._key.reveal()
        if self._config.api_base is not None:
            request["api_base"] = self._config.api_base
        return request

    def _reply(self, response: Any) -> Reply:
        try:
            choice = response.choices[0]
            text, finish_reason = choice.message.content, choice.finish_reason
        except (AttributeError, IndexError, TypeError):
            raise MalformedReply(self.name) from None
        if finish_reason == "content_filter":
            raise ContentRefused(self.name)
        if not isinstance(text, str) or not text.strip():
            raise EmptyReply(self.name)
        return Reply(self.name, self._config.model, text, str(finish_reason), _usage(response))


def has_credentials(config: VendorConfig, key: Secret | None) -> bool:
    """Tell, without a request, whether the vendor can be called: by our key, at an own address, or as LiteLLM finds."""
    if key is not None or config.api_base is not None:
        return True
    return bool(litellm.validate_environment(model=config.model)["keys_in_environment"])


def classify(error: Exception, vendor: str) -> VendorError:
    """Name a failure by class and status, never by its text.

    LiteLLM reports a refused connection and an answer that is no JSON as status 500 as well; what stands behind the
    exception tells them apart.
    """
    if isinstance(error, ContentPolicyViolationError):
        return ContentRefused(vendor)
    behind = list(_causes(error))
    if isinstance(error, Timeout):
        return AttemptTimedOut(vendor)
    if any(isinstance(cause, httpx.TransportError) for cause in behind):
        return Unreachable(vendor)
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return _without_status(error, vendor)
    if isinstance(error, InternalServerError) and not any(isinstance(cause, httpx.HTTPStatusError) for cause in behind):
        return MalformedReply(vendor)
    return _by_status(status)(vendor, f"HTTP {status}")


def _by_status(status: int) -> type[VendorError]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return VendorBroken if status >= 500 else RequestRejected


def _without_status(error: Exception, vendor: str) -> VendorError:
    if isinstance(error, (IndexError, KeyError)):
        return MalformedReply(vendor)
    return UnexpectedFailure(vendor, type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _response_format(model: str, order: Order) -> dict[str, Any] | None:
    """The strictest form of JSON the model is known to promise; the prompt carries the schema in any case."""
    if litellm.supports_response_schema(model=model):
        json_schema = {"name": "question_items", "strict": True, "schema": prompts.schema(order)}
        return {"type": "json_schema", "json_schema": json_schema}
    if "response_format" in (litellm.get_supported_openai_params(model=model) or ()):
        return {"type": "json_object"}
    return None


def _usage(response: Any) -> Usage:
    usage = getattr(response, "usage", None)
    return Usage(getattr(usage, "prompt_tokens", 0) or 0, getattr(usage, "completion_tokens", 0) or 0)
