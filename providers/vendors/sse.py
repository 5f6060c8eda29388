"""The two dialects in which nearly all vendors stream, read straight from the wire.

LiteLLM builds several objects for every token and takes 0.6 ms of CPU for it: half a second per question set. Reading
the events ourselves costs a hundredth of that. It still makes the request, and reads all other dialects.

What a piece of a stream says is its text; "" when the model thinks and has written nothing; None when it shows no life
of the model's.
"""

import re
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from providers.protocol import ContentRefused, MalformedReply, Unreachable, Usage, VendorBroken
from providers.vendors.error_bodies import is_error, named_by_body

MAX_EVENT_BYTES = 1_000_000
REFUSED = "content_filter"
FAILED = "error"
MAX_REASONING_TAIL = 64

_KEEP_ALIVE = re.compile(rb'(?::|"?[\w-]*"?$)')  # instead of an event: nothing, null, a word, or a comment


class _Function(msgspec.Struct):
    arguments: Any = None


class _ToolCall(msgspec.Struct):
    function: _Function | None = None


class _OpenAIMessage(msgspec.Struct):
    """A delta, or a message as a whole; makers have many names for reasoning."""

    content: Any = None
    refusal: Any = None
    tool_calls: list[_ToolCall | None] | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_details: Any = None
    thinking: Any = None


class _Choice(msgspec.Struct):
    delta: _OpenAIMessage | None = None
    message: _OpenAIMessage | None = None
    finish_reason: Any = None


class _OpenAIEvent(msgspec.Struct):
    choices: list[_Choice | None] | None = None
    usage: Any = None
    error: Any = None


class _AnthropicMessage(msgspec.Struct):
    usage: Any = None


class _AnthropicDelta(msgspec.Struct):
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    stop_reason: str | None = None


class _AnthropicBlock(msgspec.Struct):
    """A part of a message as a whole."""

    text: str | None = None
    thinking: str | None = None
    input: Any = None


class _AnthropicEvent(msgspec.Struct):
    type: str = ""
    delta: _AnthropicDelta | None = None
    message: _AnthropicMessage | None = None
    content: list[_AnthropicBlock] | None = None
    stop_reason: str | None = None
    usage: Any = None


class Dialect(Protocol):
    """Reads one event after the other and remembers what is said beside the text."""

    finish_reason: str
    is_over: bool
    has_begun: bool
    """Whether anything came that is an answer, if only one without text."""

    reasoning_tail: str
    """The last characters of the reasoning."""

    @property
    def usage(self) -> Usage | None:
        """The tokens, once the vendor has counted them."""

    def read(self, event: bytes) -> str | None:
        """Give what one event, or a whole answer, says. Raises VendorError, or msgspec.MsgspecError on another kind."""


class OpenAIDialect:
    """Chat completions, as OpenAI, Azure and most self-hosted servers stream them."""

    def __init__(self, vendor: str) -> None:
        self.finish_reason = "stop"
        self.is_over = self.has_begun = False
        self.usage: Usage | None = None
        self.reasoning_tail = ""
        self._vendor = vendor
        self._decoder = msgspec.json.Decoder(_OpenAIEvent)

    def read(self, event: bytes) -> str | None:
        if event == b"[DONE]":
            self.is_over = True
            return None
        parsed = self._decoder.decode(event)
        if parsed.error or not parsed.choices:
            self._check(event)
        self.has_begun = self.has_begun or bool(parsed.choices)
        if parsed.usage is not None:
            self.usage = usage_in(parsed.usage) or self.usage
        return joined(self._said(choice) for choice in parsed.choices or () if choice is not None)

    def _check(self, event: bytes) -> None:
        """An event without choices may be an error in the words of some server or proxy."""
        body = msgspec.json.decode(event)
        if is_error(body):
            raise named_by_body(body, self._vendor)

    def _said(self, choice: _Choice) -> str | None:
        if isinstance(choice.finish_reason, str) and choice.finish_reason:
            self.finish_reason = choice.finish_reason
        if self.finish_reason == FAILED:
            raise VendorBroken(self._vendor, "an error within the stream")
        message = choice.delta or choice.message
        if message is None:
            return None
        if message.refusal:
            raise ContentRefused(self._vendor)
        text = text_of_content(message.content)
        if message.tool_calls:
            text = "".join((text or "", *map(_arguments, message.tool_calls))) or text
        if text:
            return text
        thought = message.reasoning_content or message.reasoning or message.thinking or message.reasoning_details
        if isinstance(thought, str):
            self.reasoning_tail = (self.reasoning_tail + thought)[-MAX_REASONING_TAIL:]
            thought = thought.strip()
        return "" if thought else text


def _arguments(call: _ToolCall | None) -> str:
    arguments = call.function.arguments if call is not None and call.function is not None else None
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments or ""


_STOP_REASONS = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": REFUSED}


class AnthropicDialect:
    """Messages, as Anthropic streams them; the text may stand in a tool's input."""

    def __init__(self, vendor: str) -> None:
        self.finish_reason = "stop"
        self.is_over = self.has_begun = False
        self.reasoning_tail = ""
        self._vendor = vendor
        self._input = self._output = 0
        self._decoder = msgspec.json.Decoder(_AnthropicEvent)

    @property
    def usage(self) -> Usage | None:
        return Usage(self._input, self._output) if self._input and self._output else None

    def read(self, event: bytes) -> str | None:
        parsed = self._decoder.decode(event)
        if parsed.type in ("error", "") and is_error(body := msgspec.json.decode(event)):
            raise named_by_body(body, self._vendor)
        self.is_over = parsed.type == "message_stop"
        self.has_begun = True
        self._count(parsed.message.usage if parsed.message else parsed.usage)
        delta = parsed.delta or _AnthropicDelta()
        if stop_reason := delta.stop_reason or parsed.stop_reason:
            self.finish_reason = _STOP_REASONS.get(stop_reason, "stop")
        if parsed.content is not None:
            return joined(map(_text_of_block, parsed.content))
        if text := (delta.text or "") + (delta.partial_json or ""):
            return text
        return "" if delta.thinking and delta.thinking.strip() else None

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        self._input = max(self._input, sum(_tokens(usage, name) for name in names))
        self._output = max(self._output, _tokens(usage, "output_tokens"))


def _text_of_block(block: _AnthropicBlock) -> str | None:
    if block.input is not None:
        return block.input if isinstance(block.input, str) else msgspec.json.encode(block.input).decode()
    return block.text or ("" if block.thinking else None)


def text_of_content(content: Any) -> str | None:
    """The text of a content that is one, a list of parts, or JSON; "" when it is nothing but reasoning."""
    if isinstance(content, str):
        return content or None
    if isinstance(content, dict):
        return msgspec.json.encode(content).decode()
    parts = content if isinstance(content, list) else ()
    return joined(_text_of_part(part) for part in parts)


def _text_of_part(part: Any) -> str | None:
    if isinstance(part, str):
        return part or None
    if not isinstance(part, dict):
        return None
    if part.get("type", "text") not in ("text", "output_text"):
        return ""
    text = part.get("text")
    return text if text and isinstance(text, str) else None


def usage_in(usage: Any) -> Usage | None:
    """The tokens a vendor of OpenAI's dialect has counted; None where a figure is missing."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens")
    return Usage(prompt, completion) if prompt and completion else None


def _tokens(usage: dict[str, Any], name: str) -> int:
    count = usage.get(name)
    return int(count) if isinstance(count, (int, float)) else 0


def joined(pieces: Iterable[str | None]) -> str | None:
    """What several pieces say together."""
    said = [piece for piece in pieces if piece is not None]
    return "".join(said) if said else None


class EventReader:
    """Cuts bytes into events and gives what they say; `text_seen` tells whether there was any text that is not blank.

    A vendor that answers in one piece although a stream was asked for is read at its end.
    """

    def __init__(self, dialect: Dialect, vendor: str) -> None:
        self.dialect = dialect
        self.text_seen = False
        self._vendor = vendor
        self._rest = b""
        self._ends_in_cr = False  # the line end may be in two pieces
        self._event: list[bytes] = []  # lines that only together are an event
        self._event_size = 0
        self._has_begun = self._is_whole = False

    def feed(self, data: bytes) -> str | None:
        """Give what has come with these bytes. Raises VendorError."""
        if not self._has_begun and (start := data.lstrip(b"\xef\xbb\xbf \r\n\t")):
            self._has_begun, self._is_whole = True, start.startswith((b"{", b"["))
        if self._is_whole:
            self._keep(self._rest + data)
            return None
        return self._said(self._lines(data))

    def end(self) -> str | None:
        """Say that nothing more comes; gives what was not ended. Raises VendorError."""
        if self._is_whole:
            return self._noted(self._whole(self._rest.strip()))
        has_line_end = not self._rest
        try:
            return self._said([self._rest, b""])
        except MalformedReply:
            if has_line_end:
                raise
            raise Unreachable(self._vendor, "the stream ended within an event") from None

    def _whole(self, body: bytes) -> str | None:
        if body.startswith(b"["):  # Google's errors come as a list of one
            body = body[1:-1]
        try:
            return self.dialect.read(body)
        except msgspec.MsgspecError:
            raise self._malformed() from None

    def _lines(self, data: bytes) -> list[bytes]:
        """The lines that have ended: with LF, CR or both, and nothing else."""
        if self._ends_in_cr and data.startswith(b"\n"):
            data = data[1:]
        self._ends_in_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = (self._rest + data).split(b"\n")
        self._keep(rest)
        return lines

    def _keep(self, rest: bytes) -> None:
        self._rest = rest
        if len(rest) > MAX_EVENT_BYTES:
            raise MalformedReply(self._vendor, "an endless line")

    def _said(self, lines: list[bytes]) -> str | None:
        pieces: list[str | None] = []
        try:
            for line in lines:
                if line.startswith(b"data:"):
                    pieces.append(self._read(line[5:].strip()))
                elif self._event and not line.strip():
                    event, self._event = b"\n".join(self._event), []
                    pieces.append(self.dialect.read(event))
        except msgspec.MsgspecError:
            raise self._malformed() from None
        return self._noted(joined(pieces))

    def _read(self, data: bytes) -> str | None:
        """Read a line that is an event, as nearly all are, also with no blank line behind; or keep it for the next."""
        if self._event:
            self._event.append(data)
            self._event_size += len(data)
            if self._event_size > MAX_EVENT_BYTES:
                raise MalformedReply(self._vendor, "an endless event")
            return None
        if not data.startswith(b"{") and _KEEP_ALIVE.match(data):
            return None
        try:
            return self.dialect.read(data)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            self._event, self._event_size = [data], len(data)
            return None

    def _noted(self, text: str | None) -> str | None:
        self.text_seen = self.text_seen or bool(text and text.strip())
        return text

    def _malformed(self) -> MalformedReply:
        return MalformedReply(self._vendor, "an event of another kind")
