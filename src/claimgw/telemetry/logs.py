"""How is a log line written? A sentence, an action, ids; as text for people or JSON for machines."""

import logging
import sys
from typing import Any, Literal

import structlog


def configure(style: Literal["text", "json"], level: str) -> None:
    """Set up structlog, and hand it what libraries log, for the life of the process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_short)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), _exceptions(style), last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("WARNING")


def _exceptions(style: str) -> Any:
    # Tracebacks without locals: a frame holds messages, and messages hold people.
    if style == "json":
        return structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        )
    return lambda _logger, _name, event: event


_short = structlog.dev.plain_traceback
