"""GraphQL inputs with the fields of what REST accepts, checked by the same models."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import strawberry
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from weftline.api.graphql.shapes import NO_NAMES, description_of, field_type
from weftline.features.errors import FieldError
from weftline.features.http.errors import InvalidRequest
from weftline.language.json_values import pointer

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

PAGING = frozenset({"limit", "cursor", "fields"})
"""What a connection's own arguments say."""

ARGUMENTS = {"limit": "first", "cursor": "after"}
"""What arguments are called here that have another name in REST."""


def demand(model: type[BaseModel], *, without: Collection[str] = NO_NAMES) -> Callable[[type[T]], type[T]]:
    """Decorate a class that becomes the GraphQL input of a model: its own fields, and the model's.

    Args:
        model: what :func:`read` makes of it.
        without: fields of the model that the input does not have.
    """

    def decorate(cls: type[T]) -> type[T]:
        own = dict(vars(cls).get("__annotations__", {}))
        of_model: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            if name in own or name in without:
                continue
            kind = field_type(name, field)
            of_model[name] = kind if field.is_required() else kind | None
            default = dataclasses.MISSING if field.is_required() else strawberry.UNSET
            said = description_of(model, name, field)
            setattr(cls, name, strawberry.field(name=field.alias, description=said, default=default))
        cls.__annotations__ = {**of_model, **own}
        return strawberry.input(cls, description=cls.__doc__)

    return decorate


def read(model: type[M], given: object, at: str, **others: Any) -> M:
    """What an argument says, as REST's own model of it.

    Args:
        model: which.
        given: the input, made by :func:`demand`; None where the argument is absent.
        at: the argument's name, for errors.
        others: fields that are not the input's.

    Raises:
        InvalidRequest: with everything that is wrong, by JSON pointers from the arguments.
    """
    values = {name: value for name, value in others.items() if value is not None}
    if given is not None:
        values |= said_in(given)
    try:
        return model.model_validate(values, by_name=True)
    except ValidationError as error:
        raise InvalidRequest(
            [
                FieldError(_place(model, at, each["loc"], others), each["msg"], each["type"].replace(".", "_"))
                for each in error.errors(include_url=False)
            ]
        ) from None


def said_in(given: object) -> dict[str, Any]:
    """The fields of an input that are given."""
    assert dataclasses.is_dataclass(given)
    fields = {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return {name: value for name, value in fields.items() if value is not strawberry.UNSET}


def _place(model: type[BaseModel], at: str, path: tuple[int | str, ...], others: dict[str, Any]) -> str:
    """Where an error is: below the argument, or in an argument of its own."""
    if not path:
        return f"/{at}"
    first = path[0]
    if first in others:
        return pointer((ARGUMENTS.get(str(first), to_camel(str(first))), *path[1:]))
    field = model.model_fields.get(str(first))
    return pointer((at, field.alias if field is not None and field.alias else first, *path[1:]))
