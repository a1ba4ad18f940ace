"""Routes called directly: what their functions take is found out once, and not for each request anew.

FastAPI looks at every parameter of a route again for each request, which takes longer than answering most of them.
A :class:`DirectCall` does what it finds out when the route is made. It knows no errors of its own: where something of a
request is not as wanted, nothing has been called yet, and FastAPI answers with its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, cast

from fastapi import Request, Response
from fastapi._compat import ModelField, field_annotation_is_sequence
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

Params = Mapping[str, Any]
Read = Callable[[Request, QueryParams, Any], Any]
"""Takes a value from a request, its query and its body."""

_NO_QUERY = QueryParams()
_ABSENT: Any = object()


class _NotAsWanted(Exception):
    """Something of a request is not as wanted."""


class _Unknown(Exception):
    """A route takes what is not known here."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One value that a function takes.

    Attributes:
        name: of the parameter.
        read: takes it from the request; gives ``_ABSENT`` where it is not there.
        check: makes what the function wants of it.
        default: where it is absent; ``_ABSENT`` where it must not be.
        checks_default: the default is checked, too.
    """

    name: str
    read: Read
    check: Callable[[Any], Any]
    default: Callable[[], Any]
    checks_default: bool

    def value(self, request: Request, query: QueryParams, body: Any) -> Any:
        found = self.read(request, query, body)
        if found is _ABSENT:
            found = self.default()
            if found is _ABSENT:
                raise _NotAsWanted
            if not self.checks_default:
                return found
        try:
            return self.check(found)
        except ValidationError:
            raise _NotAsWanted from None


@dataclass(frozen=True, slots=True)
class _Function:
    """A function that a route calls: its own, or one that it depends on.

    Attributes:
        name: of the parameter that takes its result; None where none does.
        call: the function.
        fields: what it takes from the request.
        given: names of its parameters that take the request, and the response.
        needs: what is called before it.
    """

    name: str | None
    call: Callable[..., Any]
    fields: tuple[_Field, ...]
    given: tuple[str | None, str | None]
    needs: tuple[_Function, ...]

    def read(self, request: Request, query: QueryParams, body: Any, into: dict[int, dict[str, Any]]) -> None:
        """Read what it takes, and what those take that it needs."""
        for need in self.needs:
            need.read(request, query, body, into)
        if self.fields:
            into[id(self)] = {field.name: field.value(request, query, body) for field in self.fields}

    async def run(self, request: Request, response: Response, read: Mapping[int, dict[str, Any]]) -> Any:
        """Call it with what was read."""
        values = read.get(id(self), {})
        for need in self.needs:
            result = await need.run(request, response, read)
            if need.name is not None:
                values[need.name] = result
        for_request, for_response = self.given
        if for_request is not None:
            values[for_request] = request
        if for_response is not None:
            values[for_response] = response
        return await self.call(**values)


class DirectCall:
    """A route, called directly.

    Args:
        route: FastAPI's.
        function: what it calls.
    """

    def __init__(self, route: APIRoute, function: _Function) -> None:
        self._function = function
        self._has_query = _has_query(route.dependant)
        self._body = route.body_field
        self._status = route.status_code or 200
        self._model: Any = route.response_model
        self._field = route.response_field
        self._exclude_unset = route.response_model_exclude_unset

    @classmethod
    def of(cls, route: APIRoute) -> DirectCall | None:
        """A route as it can be called directly; None where it takes, or answers, something else than usual."""
        if route.response_field is None and not _answers_itself(route):
            return None
        if not isinstance(route.response_class, DefaultPlaceholder) and not _answers_itself(route):
            return None
        try:
            return cls(route, _function(route.dependant, set()))
        except _Unknown:
            return None

    async def __call__(self, request: Request) -> Response | None:
        """Answer a request; None where something of it is not as wanted, and nothing has been called."""
        query = request.query_params if self._has_query and request.scope["query_string"] else _NO_QUERY
        body = _ABSENT
        if self._body is not None and await request.body():
            body = await request.json()
        values: dict[int, dict[str, Any]] = {}
        try:
            self._function.read(request, query, body, values)
        except _NotAsWanted:
            return None
        given = Response(status_code=self._status)
        answer = await self._function.run(request, given, values)
        if isinstance(answer, Response):
            return answer
        assert self._field is not None
        if type(answer) is not self._model:
            answer, errors = self._field.validate(answer, loc=("response",))
            if errors:
                raise TypeError(f"the answer does not fit its model: {errors}")
        given.body = self._field.serialize_json(answer, exclude_unset=self._exclude_unset)
        given.headers["content-length"] = str(len(given.body))
        given.headers["content-type"] = "application/json"
        return given


def _function(dependant: Dependant, seen: set[int]) -> _Function:
    call = cast("Callable[..., Any]", dependant.call)
    if not (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)) or id(call) in seen:
        # what two parameters depend on is called once
        raise _Unknown
    seen.add(id(call))
    if (
        dependant.cookie_params
        or dependant.websocket_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.concurrency is not None
        or len(dependant.body_params) > 1
    ):
        raise _Unknown
    fields = (
        *(_field(each, _of_path(each)) for each in dependant.path_params),
        *(_field(each, _of_query(each)) for each in dependant.query_params),
        *(_field(each, _of_header(each)) for each in dependant.header_params),
        *(_field(each, _of_body(each)) for each in dependant.body_params),
    )
    needs = tuple(_function(each, seen) for each in dependant.dependencies)
    given = dependant.request_param_name or dependant.http_connection_param_name, dependant.response_param_name
    return _Function(dependant.name, call, fields, given, needs)


def _field(field: ModelField, read: Read) -> _Field:
    info = field.field_info
    adapter = field._type_adapter  # pyright: ignore[reportPrivateUsage]

    def check(value: Any) -> Any:
        return adapter.validate_python(value, from_attributes=True)

    def default() -> Any:
        return _ABSENT if info.is_required() else deepcopy(field.default)

    return _Field(field.name, read, check, default, bool(info.validate_default))


def _of_path(field: ModelField) -> Read:
    alias = _alias(field)
    return lambda request, _query, _body: request.path_params.get(alias, _ABSENT)


def _of_query(field: ModelField) -> Read:
    if (model := _model(field)) is not None:
        return _of_query_model(model)
    return _of_query_field(field)


def _of_query_field(field: ModelField) -> Read:
    alias = _alias(field)
    if field_annotation_is_sequence(field.field_info.annotation):
        return lambda _request, query, _body: query.getlist(alias) or _ABSENT
    return lambda _request, query, _body: query.get(alias, _ABSENT)


def _of_query_model(model: type[BaseModel]) -> Read:
    fields = model.model_fields.items()
    if any(info.validation_alias not in (None, info.alias) for _, info in fields):
        raise _Unknown
    lists = [(name, info.alias) for name, info in fields if field_annotation_is_sequence(info.annotation)]
    # a model may take a field by its name, too
    listed = frozenset(each for pair in lists for each in pair if each is not None)

    def read(_request: Request, query: QueryParams, _body: Any) -> Any:
        found: dict[str, Any] = {}
        for name, value in query.multi_items():
            if name in listed:
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
        return found

    return read


def _of_header(field: ModelField) -> Read:
    if _model(field) is not None or field_annotation_is_sequence(field.field_info.annotation):
        raise _Unknown
    alias = _alias(field)
    return lambda request, _query, _body: request.headers.get(alias, _ABSENT)


def _of_body(field: ModelField) -> Read:
    if getattr(field.field_info, "embed", None):
        raise _Unknown
    return lambda _request, _query, body: body


def _alias(field: ModelField) -> str:
    if field.field_info.validation_alias not in (None, field.alias):
        raise _Unknown
    return field.alias


def _model(field: ModelField) -> type[BaseModel] | None:
    annotation = field.field_info.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _has_query(dependant: Dependant) -> bool:
    return bool(dependant.query_params) or any(_has_query(each) for each in dependant.dependencies)


def _answers_itself(route: APIRoute) -> bool:
    """Whether a route's function makes the response."""
    answer = route.endpoint.__annotations__.get("return")
    return answer in ("Response", "JsonResponse") or (isinstance(answer, type) and issubclass(answer, Response))
