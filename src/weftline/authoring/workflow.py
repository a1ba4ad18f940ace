"""Workflows as classes::

    class UserRegistration(TenantWorkflow):
        id = "user-registration"

        @step(timeout="5s")
        async def validate(self, ctx: Context) -> Result: ...

        @step(after=validate, retry=3, compensate="delete_user")
        async def create_user(self, ctx: Context) -> Result: ...

Defining the class registers its methods as actions, ``<workflow>.<method>``. What is published is an ordinary
definition, in which each step is a node: the graph is drawn from it, and everything that people can do with executions
they can do with these.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from weftline.authoring.action import ActionFacts, registry
from weftline.authoring.context import Context, Tenant
from weftline.authoring.describing import (
    Duration,
    Retry,
    duration_json,
    is_workflow_id,
    retry_json,
    schema_json,
    summary,
)
from weftline.authoring.errors import ActionError
from weftline.authoring.steps import InvalidWorkflow, StepNamespace, StepOptions, node_of, steps_of
from weftline.authoring.workflow_registry import workflows

GATE, BEGIN, REFUSAL = "conditions", "conditions-met", "conditions-not-met"
"""Nodes that stand before the steps of a workflow with conditions; no step can be called so."""


@dataclass(frozen=True, slots=True)
class ErrorHandling:
    """What happens when a step fails for good and nothing in the workflow handles it.

    Attributes:
        strategy: ``fail``, ``retry``, ``compensate`` or ``fallback``.
        max_retries: with ``retry``: how many more rounds of attempts the step gets.
        retry_delay: with ``retry``: time before each of them.
        fallback_workflow: with ``fallback``: the workflow that takes over, by its id or as the class.
        notifications: who is told: ``{"type": "email", "recipients": […], "template": …}``.
    """

    strategy: Literal["fail", "retry", "compensate", "fallback"] = "fail"
    max_retries: int | None = None
    retry_delay: Duration | None = None
    fallback_workflow: str | type[Workflow] | None = None
    notifications: Sequence[Mapping[str, Any]] = ()

    def to_json(self) -> dict[str, Any]:
        """The definition's ``settings.errorHandling``."""
        out: dict[str, Any] = {"strategy": self.strategy}
        if self.max_retries is not None:
            out["maxRetries"] = self.max_retries
        if self.retry_delay is not None:
            out["retryDelay"] = duration_json(self.retry_delay)
        fallback = self.fallback_workflow
        if fallback is not None:
            out["fallbackWorkflow"] = fallback if isinstance(fallback, str) else fallback.id
        if self.notifications:
            out["notifications"] = [dict(each) for each in self.notifications]
        return out


class WorkflowType(type):
    """Reads the bodies of workflows so that a second step of one name is noticed."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **kwds: Any) -> StepNamespace:
        return StepNamespace(name)

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwds: Any) -> Any:
        return super().__new__(cls, name, bases, dict(namespace), **kwds)


class Workflow(metaclass=WorkflowType):
    """Base of workflows that are written as classes. One without an ``id`` of its own is a base of others.

    One object of the class, made without arguments, serves all executions in a process: what belongs to one of them
    belongs into its data. :meth:`bind` puts another object in its place.

    Attributes:
        id: unique within a tenant.
        name: what people see; absent: the id.
        version: the author's label.
        description: absent: the first paragraph of the docstring.
        tenant_specific: an execution concerns one tenant.
        cross_tenant_allowed: it may be run in several tenants at once.
        allowed_tenants: slugs or ids of the only tenants that may run it; empty: all.
        timeout: the deadline of a whole execution.
        retry: how steps without a ``retry`` of their own are tried again.
        error_handling: what happens when a step has failed for good.
        triggers: what starts executions, as in a definition.
        conditions: what must hold for the input, in CEL; where something does not, the execution fails at once with
            ``condition_not_met``.
        input: what the input must satisfy: a JSON Schema, or a pydantic model.
        output: the execution's output, with ``${ … }`` over the final ``data``; absent: all of it.
        settings: anything else that a definition's ``settings`` may have.
    """

    id: ClassVar[str]
    name: ClassVar[str | None] = None
    version: ClassVar[str | None] = None
    description: ClassVar[str | None] = None
    tenant_specific: ClassVar[bool] = True
    cross_tenant_allowed: ClassVar[bool] = False
    allowed_tenants: ClassVar[Sequence[str]] = ()
    timeout: ClassVar[Duration | None] = None
    retry: ClassVar[Retry | None] = None
    error_handling: ClassVar[ErrorHandling | None] = None
    triggers: ClassVar[Sequence[Mapping[str, Any]]] = ()
    conditions: ClassVar[Sequence[str]] = ()
    input: ClassVar[Any] = None
    output: ClassVar[Any] = "${data}"
    settings: ClassVar[Mapping[str, Any]] = {}

    _steps: ClassVar[Mapping[str, StepOptions]] = {}
    _object: ClassVar[Workflow | None] = None

    def __init_subclass__(cls, **kwds: Any) -> None:
        """Check the class, and register its methods as actions.

        Raises:
            InvalidWorkflow: it can be no workflow.
        """
        super().__init_subclass__(**kwds)
        if "id" not in vars(cls):
            return
        if not is_workflow_id(cls.id):
            raise InvalidWorkflow(
                f"{cls.__qualname__}: {cls.id!r} cannot be a workflow's id: it begins with a letter or digit and goes"
                " on with letters, digits, underscores, dots or hyphens"
            )
        if isinstance(cls.conditions, str) or isinstance(cls.allowed_tenants, str):
            raise InvalidWorkflow(f"{cls.__qualname__}: `conditions` and `allowed_tenants` are lists of texts")
        cls._steps = steps_of(cls, reserved=vars(Workflow))
        cls._object = None
        workflows.add(cls)
        names = dict.fromkeys([*cls._steps, *(each.compensate for each in cls._steps.values() if each.compensate)])
        for name in names:
            undo = cls._steps[name].compensate if name in cls._steps else None
            facts = ActionFacts(compensate=None if undo is None else f"{cls.id}.{undo}")
            registry.register(f"{cls.id}.{name}", _action(cls, name), facts)

    @classmethod
    def bind(cls, instance: Workflow) -> None:
        """Let this object carry out the steps in this process: one that was given what it needs when it was made.

        Raises:
            TypeError: it is no object of this class.
            InvalidWorkflow: the class is only a base of others.
        """
        cls._check_own_id()
        if type(instance) is not cls:
            raise TypeError(f"{instance!r} is no object of {cls.__qualname__} itself")
        cls._object = instance

    @classmethod
    def allows(cls, tenant: Tenant) -> bool:
        """Whether a tenant may run it."""
        return not cls.allowed_tenants or tenant.slug in cls.allowed_tenants or str(tenant.id) in cls.allowed_tenants

    @classmethod
    def definition(cls) -> dict[str, Any]:
        """What is published of it: an ordinary definition.

        Raises:
            InvalidWorkflow: the class is only a base of others, or its ``input`` describes nothing.
        """
        cls._check_own_id()
        out: dict[str, Any] = {"id": cls.id, "name": cls.name or cls.id}
        description = cls.description or summary(cls if cls.__doc__ else None)
        for name, value in (("version", cls.version), ("description", description)):
            if value:
                out[name] = value
        if cls.input is not None:
            try:
                out["input"] = schema_json(cls.input)
            except TypeError as error:
                raise InvalidWorkflow(f"{cls.__qualname__}: {error}") from None
        out["output"] = cls.output
        out["nodes"] = cls._nodes()
        if cls.triggers:
            out["triggers"] = [dict(each) for each in cls.triggers]
        if settings := cls._settings():
            out["settings"] = settings
        return out

    @classmethod
    def _check_own_id(cls) -> None:
        # what is inherited belongs to the class above, and so do the steps that are carried out under it
        if "id" not in vars(cls):
            raise InvalidWorkflow(f"{cls.__qualname__} has no `id` of its own: it is only a base of other workflows")

    @classmethod
    def _nodes(cls) -> list[dict[str, Any]]:
        nodes = [node_of(cls, cls.id, name, options) for name, options in cls._steps.items()]
        if not cls.conditions:
            return nodes
        first = [name for name, options in cls._steps.items() if not options.after]
        condition = " && ".join(f"({each})" for each in cls.conditions)
        refusal = "what must hold for the input does not: " + " and ".join(cls.conditions)
        return [
            {"id": GATE, "type": "condition", "condition": condition, "true": BEGIN, "false": REFUSAL},
            {"id": REFUSAL, "type": "fail", "code": "condition_not_met", "message": refusal},
            {"id": BEGIN, "type": "set", "values": {}, "next": first},
            *nodes,
        ]

    @classmethod
    def _settings(cls) -> dict[str, Any]:
        settings = dict(cls.settings)
        if cls.timeout is not None:
            settings["timeout"] = duration_json(cls.timeout)
        if cls.retry is not None:
            settings["retry"] = retry_json(cls.retry)
        if cls.error_handling is not None:
            settings["errorHandling"] = cls.error_handling.to_json()
        return settings

    @classmethod
    def instance(cls) -> Workflow:
        """The object that carries out the steps in this process."""
        if cls._object is None:
            cls._object = cls()
        return cls._object


def _action(cls: type[Workflow], name: str) -> Callable[[Context], Any]:
    """A method as an action."""
    method: Callable[..., Any] = inspect.getattr_static(cls, name)

    def subject(ctx: Context) -> Workflow:
        # any definition can call the action by its name
        if not cls.allows(ctx.tenant):
            message = f"workflow '{cls.id}' is not for tenant '{ctx.tenant.slug}'"
            raise ActionError(message, code="tenant_not_allowed", retryable=False)
        return cls.instance()

    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def run(ctx: Context) -> Any:
            return await method(subject(ctx), ctx)

        return run

    @functools.wraps(method)
    def run_in_thread(ctx: Context) -> Any:
        return method(subject(ctx), ctx)

    return run_in_thread
