"""Sparse answers: ``fields=id,status`` leaves out what the caller does not name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args, get_origin

import orjson
from fastapi import Request
from pydantic import BaseModel

from weftline.features.errors import FieldError
from weftline.features.http.errors import InvalidRequest

PARAMETER = "fields"

DESCRIPTION = (
    "Names of the fields to show, comma-separated, like `id,status`; all where absent. In a list, of each item."
)

MAX_LENGTH = 1_000


class UnknownField(InvalidRequest):
    """Fields were asked for that the answer does not have."""

    def __init__(self, unknown: Iterable[str], known: Sequence[str]) -> None:
        hint = f"It has {', '.join(known)}."
        super().__init__(
            [
                FieldError(f"/{PARAMETER}", f"the answer has no field '{name}'", "unknown_field", hint)
                for name in unknown
            ]
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a route answers.

    Attributes:
        names: the fields of the thing, or in a list of each item.
        is_list: it is a page of a list.
    """

    names: tuple[str, ...]
    is_list: bool

    @classmethod
    def of(cls, model: object) -> Shape | None:
        """What a route with this response model answers; None where that has no fields."""
        if get_origin(model) is list:
            (item,) = get_args(model)
            return cls(_names(item), True) if _is_model(item) else None
        if not _is_model(model):
            return None
        fields = cast("type[BaseModel]", model).model_fields
        if "items" in fields:
            item = next(iter(get_args(fields["items"].annotation)), None)
            return cls(_names(item), True) if _is_model(item) else None
        return cls(_names(model), False)

    def wanted(self, request: Request) -> frozenset[str] | None:
        """The fields that a request asks for; None for all.

        Raises:
            UnknownField: the answer does not have one of them.
        """
        given = request.query_params.getlist(PARAMETER)
        if not given:
            return None
        names = dict.fromkeys(name.strip() for name in ",".join(given)[:MAX_LENGTH].split(","))
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise UnknownField(unknown, self.names)
        return frozenset(names)

    def trim(self, body: bytes, wanted: frozenset[str]) -> bytes:
        """A JSON answer with only the fields that are wanted."""
        answer: Any = orjson.loads(body)
        if not self.is_list:
            return orjson.dumps(_only(answer, wanted))
        if isinstance(answer, list):
            return orjson.dumps([_only(item, wanted) for item in cast("list[dict[str, Any]]", answer)])
        answer["items"] = [_only(item, wanted) for item in answer["items"]]
        return orjson.dumps(answer)


def _only(item: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in wanted}


def _is_model(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)


def _names(model: Any) -> tuple[str, ...]:
    fields = cast("type[BaseModel]", model).model_fields
    return tuple(field.serialization_alias or field.alias or name for name, field in fields.items())
