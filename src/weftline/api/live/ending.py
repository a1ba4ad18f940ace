"""Telling clients why a stream has ended."""

from __future__ import annotations

import structlog
from fastapi import Request
from starlette.types import Scope

from weftline.api.problems import internal_error_body, problem_response

log = structlog.get_logger(__name__)

SEND_SECONDS = 30.0
"""How long a client may take to accept what it is sent before it is given up."""


def ending(scope: Scope, error: Exception) -> bytes:
    """The problem document of what ended a stream, or refused one."""
    response = problem_response(Request({**scope, "type": "http", "method": "GET"}), error)
    if response is None:
        log.error("a live stream failed", exc_info=error)
        return internal_error_body(scope["path"])
    return bytes(response.body)
