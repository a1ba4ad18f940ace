"""Durable functions: workflows that are written as one ``async def``.

A durable function awaits what its :class:`FunctionContext` offers, and nothing else. What each of these calls came to
is stored before the next one begins. After a crash, or weeks of waiting, the function is run again from its beginning
with the results that are there already, until it has reached the call that it had reached; so everything in it but
these calls must do the same each time. (The technique is known as deterministic replay; Azure Durable Functions and
Temporal work so.)
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from weftline.authoring.action import ActionRegistry, registry
from weftline.authoring.describing import is_workflow_id, schema_json, summary
from weftline.authoring.drawing import draw, fingerprint
from weftline.authoring.function_context import FunctionContext

FunctionBody = Callable[[FunctionContext, Any], Coroutine[Any, Any, Any]]
B = TypeVar("B", bound=Callable[..., Awaitable[Any]])


class InvalidFunction(Exception):
    """A function cannot be a durable one; the message says why."""


@dataclass(frozen=True, slots=True)
class DurableFunction:
    """A durable function, and what is published of it.

    Attributes:
        id: the workflow's id.
        version: the author's label. Executions go on with the label that they began with, so one that changes what it
            calls should get another, and the old one be kept as long as executions of it run.
        body: ``async def f(ctx, input)``.
        name, description: for people.
        input: JSON Schema of the input, or None.
        settings, triggers: as in a definition.
    """

    id: str
    version: str
    body: FunctionBody
    name: str
    description: str | None = None
    input: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    triggers: tuple[Mapping[str, Any], ...] = ()

    def definition(self) -> dict[str, Any]:
        """The definition that is published: the function's name and version, and what its code shows of its steps."""
        out: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "function": {"name": self.id, "version": self.version, "fingerprint": fingerprint(self.body)},
            "nodes": draw(self.body, self.id),
        }
        for name, value in (
            ("description", self.description),
            ("input", self.input),
            ("settings", dict(self.settings)),
            ("triggers", [dict(trigger) for trigger in self.triggers]),
        ):
            if value:
                out[name] = value
        return out


def durable(
    id: str,
    *,
    version: str = "1",
    name: str | None = None,
    input: Mapping[str, Any] | type[Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    triggers: tuple[Mapping[str, Any], ...] = (),
    into: ActionRegistry = registry,
) -> Callable[[Callable[..., Coroutine[Any, Any, Any]]], DurableFunction]:
    """Make an ``async def f(ctx, input)`` a workflow.

    Args:
        id: the workflow's id, unique within a tenant.
        version: the author's label of this version.
        name: what people see; absent: the id.
        input: what the input must satisfy: a JSON Schema, or a pydantic model.
        settings, triggers: as in a definition (camelCase).
        into: where workers find it.

    Raises:
        InvalidFunction: it is no ``async def`` of two arguments, or the id cannot be one.
        DuplicateAction: another function has the id and version already.
    """

    def decorate(body: Callable[..., Coroutine[Any, Any, Any]]) -> DurableFunction:
        if not (inspect.isfunction(body) or inspect.ismethod(body)):
            raise InvalidFunction(f"{body!r} must be an `async def`")
        where = f"{body.__module__}.{body.__qualname__}"
        if not is_workflow_id(id):
            raise InvalidFunction(
                f"{where}: '{id}' cannot be a workflow's id: it begins with a letter or digit and goes on with letters,"
                " digits, underscores, dots or hyphens"
            )
        if not inspect.iscoroutinefunction(body):
            raise InvalidFunction(f"{where} must be an `async def`")
        required = [
            parameter
            for parameter in inspect.signature(body).parameters.values()
            if parameter.default is parameter.empty
        ]
        if len(required) != 2:
            raise InvalidFunction(f"{where} must take two arguments: the context, and the input")
        try:
            schema = None if input is None else schema_json(input)
        except TypeError as error:
            raise InvalidFunction(f"{where}: {error}") from None
        function = DurableFunction(
            id,
            version,
            body,
            name or id,
            summary(body) or None,
            schema,
            settings or {},
            triggers,
        )
        into.register_function(function)
        return function

    return decorate
