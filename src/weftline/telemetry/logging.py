"""Logs: structlog for what is ours, and the standard library's loggers through the same pipeline.

A line has a time, a level, an event and whatever is bound to the current context (request, tenant, execution). It is
JSON for machines and coloured text for people.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Format = Literal["auto", "console", "json"]

MASK = "********"

_SECRET = re.compile(r"passw|secret|token|authorization|cookie|api_?key|private_?key|credential", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s@/]+@")

# what only matters when one hunts a fault in these libraries
_QUIET = ("_granian", "asyncio", "alembic", "httpx", "httpcore", "sqlalchemy")


def configure_logging(level: str = "info", format: Format = "auto") -> None:
    """Log to standard error from now on. May be called again.

    Args:
        level: the least severe level that is logged: debug, info, warning or error.
        format: text for people, JSON for machines; ``auto`` is text at a terminal.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    as_text = format == "console" or (format == "auto" and sys.stderr.isatty())
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    rendering: Sequence[Processor] = (
        # a trace with local variables would show secrets, and takes seconds to lay out
        (mask_secrets, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback))
        if as_text
        else (
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            mask_secrets,
            structlog.processors.JSONRenderer(serializer=_to_json),
        )
    )
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take passwords out: values under telling names, at any depth, and those within URLs."""
    return {key: MASK if _is_secret(key) else _masked(value) for key, value in event.items()}


@lru_cache(1000)
def _is_secret(key: str) -> bool:
    return _SECRET.search(key) is not None


def _masked(value: Any) -> Any:
    match value:
        case str():
            return _URL_PASSWORD.sub(rf"\1:{MASK}@", value) if "://" in value else value
        case dict():
            items: list[tuple[Any, Any]] = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
            return {key: MASK if _is_secret(str(key)) else _masked(each) for key, each in items}
        case list() | tuple():
            parts: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
            return [_masked(each) for each in parts]
        case _:
            return value


def _to_json(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
