"""The shape of what goes over the wire: camelCase names, UTC times, orjson."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """An answer, or a part of one; may be read from a row."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, from_attributes=True)


class Demand(BaseModel):
    """A request's body or query: a field that it does not have is an error."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class JsonResponse(Response):
    """An answer that is not worth a model, written by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The JSON text."""
        return orjson.dumps(content, _plain, orjson.OPT_UTC_Z)


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        # the driver has a class of its own
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
