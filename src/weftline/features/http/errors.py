"""Errors of requests that are readable, and ask for what there is not."""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import FieldError, Invalid


class InvalidRequest(Invalid):
    """A part of the request does not fit."""

    code = "invalid_request"
    title = "Request not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The request is not valid; see 'errors'.", errors)
