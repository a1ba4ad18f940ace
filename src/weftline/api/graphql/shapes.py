"""GraphQL types with the fields of the wire's models.

REST and GraphQL show the same things. A type here takes its fields, and what is said of them, from the model with
which REST answers, so that neither can show what the other hides. Resolvers hand those models on as they are, and a
field is read from them by its name.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import strawberry
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from weftline.api.graphql.scalars import JSON, Long
from weftline.api.graphql.words import FIELDS

T = TypeVar("T")

NO_NAMES: frozenset[str] = frozenset()

_shapes: dict[type[BaseModel], type] = {}
_enums: dict[type[Enum], Any] = {}


def shape(
    model: type[BaseModel], *, long: Collection[str] = NO_NAMES, without: Collection[str] = NO_NAMES
) -> Callable[[type[T]], type[T]]:
    """Decorate a class that becomes the GraphQL type of a model: its own fields, and the model's.

    Args:
        model: what resolvers hand out as this type.
        long: integer fields that may not fit in 32 bits.
        without: fields of the model that the type does not have.
    """

    def decorate(cls: type[T]) -> type[T]:
        own = dict(vars(cls).get("__annotations__", {}))
        of_model: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            if name in own or name in without:
                continue
            of_model[name] = _optional(Long, field) if name in long else field_type(name, field)
            setattr(cls, name, strawberry.field(description=description_of(model, name, field)))
        cls.__annotations__ = {**of_model, **own}
        decorated = strawberry.type(cls, description=cls.__doc__)
        _shapes[model] = decorated
        return decorated

    return decorate


def shown(value: Any) -> Any:
    """A model of the wire as what its shape says; for resolvers, whose annotations name the shape."""
    return value


def field_type(name: str, field: FieldInfo) -> Any:
    """The type of a model's field; what is named as an id is one."""
    kind = graphql_type(field.annotation)
    if name == "id" or name.endswith("_id"):
        return {str: strawberry.ID, str | None: strawberry.ID | None}.get(kind, kind)
    return kind


def graphql_type(annotation: Any) -> Any:
    """What GraphQL calls a model's annotation; what has no fixed form is JSON."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return graphql_type(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not types.NoneType]
        inner = graphql_type(parts[0]) if len(parts) == 1 else JSON
        return inner | None if types.NoneType in get_args(annotation) else inner
    if origin in (list, Sequence):
        return list[graphql_type(get_args(annotation)[0])]
    if origin is Literal:
        return str
    if annotation is Any:
        return JSON | None
    return JSON if origin is dict else _named(annotation)


def description_of(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    """What is said of a model's field: what the model says, else what is said of every field of this name.

    Raises:
        LookupError: nobody says anything.
    """
    names = [*(f"{each.__name__}.{name}" for each in model.__mro__), name]
    said = field.description or next((FIELDS[each] for each in names if each in FIELDS), None)
    if said is None:
        raise LookupError(f"nothing is said of '{name}' of {model.__name__}: say it there, or in words.py")
    return said


def enum(kind: type[Enum], *, name: str | None = None, values: Mapping[Any, str] | None = None) -> Any:
    """The GraphQL type of an enumeration; its values are called as its members are.

    Args:
        kind: the enumeration.
        name: else the class's.
        values: what its members mean.
    """
    if kind not in _enums:
        made: Any = strawberry.enum(kind, name=name, description=kind.__doc__)
        for value in made.__strawberry_definition__.values:
            value.description = (values or {}).get(value.value)
        _enums[kind] = made
    return _enums[kind]


def _optional(kind: Any, field: FieldInfo) -> Any:
    return kind | None if types.NoneType in get_args(field.annotation) else kind


def _named(annotation: Any) -> Any:
    """The type of an annotation that is a class."""
    if annotation is UUID:
        return strawberry.ID
    if annotation is AwareDatetime:
        return datetime
    if issubclass(annotation, Enum):
        return enum(annotation)
    return _shapes[annotation] if issubclass(annotation, BaseModel) else annotation
