"""structlog: one line per event, as JSON or for a person's eyes.

A line of a request carries its id and, once the caller is known, the ids of verification, platform and key; a line of a
delivery carries the latter. No name, contact, credential or text of a student is ever among them.
"""

import logging
import sys

import msgspec
import structlog


def configure_logging(log_format: str) -> None:
    """Set up structlog and send the libraries' warnings through it, to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    is_json = log_format == "json"
    renderer = structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, _to_json_bytes if is_json else renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if is_json
        else structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*shared[1:], _without_meta, renderer]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _to_json_bytes(_: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)


def _without_meta(
    logger: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)
