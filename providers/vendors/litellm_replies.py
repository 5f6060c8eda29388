"""Reading what LiteLLM hands over: text, usage and pauses, out of objects whose every part may be missing."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import httpx
import msgspec

from providers.protocol import Usage
from providers.vendors.error_bodies import ErrorBody
from providers.vendors.pauses import pause_in_headers
from providers.vendors.sse import joined, text_of_content


def text_of(message: Any) -> str | None:
    """The text of a message or of a piece of one, also where it stands in the arguments of a tool call.

    It is "" where there is only reasoning, and None where there is nothing.
    """
    calls = getattr(message, "tool_calls", None) or ()
    arguments = (getattr(getattr(call, "function", None), "arguments", None) for call in calls)
    text = joined([text_of_content(getattr(message, "content", None)), *arguments])
    return text or ("" if getattr(message, "reasoning_content", None) else text)


def is_refusal(message: Any) -> bool:
    """Tell whether a message says in a field of its own that the model declines."""
    return bool((getattr(message, "provider_specific_fields", None) or {}).get("refusal"))


def usage_of(response: Any) -> Usage | None:
    """The tokens a response or the last piece of a stream counts; None when it does not."""
    hidden = getattr(response, "_hidden_params", None) or {}
    usage = getattr(response, "usage", None) or hidden.get("usage")
    tokens = Usage(getattr(usage, "prompt_tokens", 0) or 0, getattr(usage, "completion_tokens", 0) or 0)
    return tokens if tokens.input_tokens and tokens.output_tokens else None


def content_type_of(stream: Any) -> str:
    """What the vendor says its response is; empty when LiteLLM does not tell."""
    hidden = getattr(stream, "_hidden_params", None) or {}
    headers = hidden.get("additional_headers") or {}
    return str(headers.get("llm_provider-content-type", ""))


async def wire_of(source: Any) -> AsyncIterator[bytes]:
    """The bytes of a stream that LiteLLM has opened and not begun to read: of OpenAI's client, or lines of its own."""
    if hasattr(source, "response"):
        async for data in source.response.aiter_bytes():
            yield data
    else:
        async for line in source.streaming_response:
            yield line.encode() + b"\n"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that stands behind it."""
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        yield error
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__


def error_body_of(error: BaseException) -> ErrorBody:
    """What the vendor said with its refusal; where LiteLLM itself has refused, its words."""
    status = getattr(error, "status_code", None)
    bodies = [body for cause in causes(error) if (body := _body_of(cause))]
    structured = (body for body in bodies if not isinstance(body, str))
    body = next(structured, None) or next(iter(bodies), None) or str(error)
    return ErrorBody(status if isinstance(status, int) else None, body)


def _body_of(error: BaseException) -> Any:
    body = getattr(error, "body", None)
    if not body:
        try:
            body = getattr(getattr(error, "response", None), "text", None)
        except httpx.ResponseNotRead:
            return None
    try:
        return msgspec.json.decode(body) if isinstance(body, str) else body
    except msgspec.DecodeError:
        return body


def retry_after(error: BaseException, now: datetime) -> float | None:
    """The pause in seconds that a vendor asks for with its refusal."""
    for cause in causes(error):
        response = getattr(cause, "response", None)
        headers = getattr(response, "headers", None)
        if isinstance(headers, httpx.Headers) and headers:
            is_limited = getattr(response, "status_code", None) == 429
            if (pause := pause_in_headers(headers, now, is_limited=is_limited)) is not None:
                return pause
    return None
