"""Workflows that are written as classes: what is published of them, and what makes them none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel

from weftline.authoring import (
    ActionError,
    Context,
    CrossTenantWorkflow,
    ErrorHandling,
    InvalidWorkflow,
    Result,
    RetryPolicy,
    Tenant,
    TenantWorkflow,
    Workflow,
    WorkflowFactory,
    registry,
    step,
    workflows,
)
from weftline.language import load, validate
from weftline.model.ids import uuid7


class Person(BaseModel):
    """Who registers."""

    email: str


class Registration(TenantWorkflow):
    """Registers somebody.

    More that nobody needs to know.
    """

    id = "test-registration"
    version = "1.2.0"
    input = Person
    timeout = timedelta(minutes=5)
    retry = RetryPolicy(max_attempts=2, initial_interval=0.5)
    error_handling = ErrorHandling("compensate", notifications=[{"type": "email", "recipients": ["a@example.com"]}])
    settings: ClassVar = {"priority": 7}

    @step(timeout="5s")
    async def check(self, ctx: Context) -> Result:
        """Looks at the address."""
        return Result.ok({"checked": ctx.data["email"]})

    @step(after=check, retry=3, compensate="remove", name="Create the user")
    def create(self, ctx: Context) -> Result:
        return Result.ok({"user": 7})

    @step(after=["check"], critical=False, when="checked != ''")
    async def greet(self, ctx: Context) -> None: ...

    @step(after=[create, greet])
    async def finish(self, ctx: Context) -> str:
        return type(self).__name__

    def remove(self, ctx: Context) -> None: ...


async def call(name: str, tenant: str = "default") -> Any:
    """What an action returns to a tenant, given a context that knows nothing else."""
    ctx = object.__new__(Context)
    ctx.tenant = Tenant(uuid7(), tenant)
    return await registry.get(name).function(ctx)


def test_a_class_becomes_an_ordinary_definition_that_is_valid():
    definition = Registration.definition()
    assert validate(definition, registry.names()).problems == []
    check, create, greet, finish = definition.pop("nodes")
    assert definition.pop("input") == Person.model_json_schema()
    assert definition == {
        "id": "test-registration",
        "name": "test-registration",
        "version": "1.2.0",
        "description": "Registers somebody.",
        "output": "${data}",
        "settings": {
            "priority": 7,
            "timeout": 300.0,
            "retry": {
                "maxAttempts": 2,
                "initialInterval": 0.5,
                "backoff": 2.0,
                "maxInterval": 300.0,
                "jitter": 0.2,
                "nonRetryable": [],
            },
            "errorHandling": {
                "strategy": "compensate",
                "notifications": [{"type": "email", "recipients": ["a@example.com"]}],
            },
        },
    }
    assert check == {
        "id": "check",
        "type": "action",
        "action": "test-registration.check",
        "description": "Looks at the address.",
        "timeout": "5s",
    }
    assert create["name"] == "Create the user" and create["retry"] == 3
    assert create["compensate"] == {"action": "test-registration.remove"}
    assert greet["when"] == "checked != ''" and greet["critical"] is False
    assert finish["dependencies"] == ["create", "greet"]


def test_its_methods_are_actions_those_that_do_not_wait_in_threads():
    assert registry.get("test-registration.check").is_async
    assert not registry.get("test-registration.create").is_async
    assert registry.get("test-registration.remove").name == "test-registration.remove"
    assert workflows.get("test-registration") is Registration


def test_what_must_hold_for_the_input_stands_before_the_first_steps():
    class Conditional(Workflow):
        id = "test-conditional"
        conditions = ("age > 17", "country != 'XX'")

        @step
        async def left(self, ctx: Context) -> None: ...

        @step
        async def right(self, ctx: Context) -> None: ...

    definition = Conditional.definition()
    assert validate(definition, registry.names()).problems == []
    nodes = {node["id"]: node for node in definition["nodes"]}
    assert nodes["conditions"]["condition"] == "(age > 17) && (country != 'XX')"
    assert nodes["conditions-met"]["next"] == ["left", "right"]
    assert nodes["conditions-not-met"]["code"] == "condition_not_met"
    load(definition, registry.names())


async def test_an_object_of_the_class_may_carry_out_its_steps():
    class Bound(Workflow):
        id = "test-bound"

        def __init__(self, greeting: str = "nobody gave one") -> None:
            self.greeting = greeting

        @step
        async def greet(self, ctx: Context) -> str:
            return self.greeting

    assert await call("test-bound.greet") == "nobody gave one"
    Bound.bind(Bound("Hello"))
    assert await call("test-bound.greet") == "Hello"
    with pytest.raises(TypeError, match="no object of"):
        Registration.bind(Bound())


async def test_a_variant_for_tenants_is_a_workflow_of_its_own_and_refuses_others():
    luxgen = WorkflowFactory.create_tenant_workflow(Registration, "luxgen")
    assert luxgen.id == "luxgen_test-registration"
    assert luxgen.definition()["nodes"][0]["action"] == "luxgen_test-registration.check"
    assert await call("luxgen_test-registration.finish", "luxgen") == luxgen.__name__
    with pytest.raises(ActionError, match="is not for tenant 'demo'") as refused:
        await call("luxgen_test-registration.finish", "demo")
    assert refused.value.code == "tenant_not_allowed" and not refused.value.retryable
    across = WorkflowFactory.create_cross_tenant_workflow(Registration, ["luxgen", "demo"])
    assert across.cross_tenant_allowed and not across.tenant_specific
    assert across.allows(Tenant(UUID(int=1), "demo")) and not across.allows(Tenant(UUID(int=1), "other"))
    assert issubclass(CrossTenantWorkflow, Workflow) and CrossTenantWorkflow.cross_tenant_allowed


def test_steps_are_inherited_and_may_be_replaced():
    class Longer(Registration):
        id = "test-longer"

        @step(after="check")
        async def greet(self, ctx: Context) -> None: ...

        @step(after="finish")
        async def archive(self, ctx: Context) -> None: ...

    nodes = {node["id"]: node for node in Longer.definition()["nodes"]}
    assert list(nodes) == ["check", "create", "greet", "finish", "archive"]
    assert "when" not in nodes["greet"] and nodes["greet"]["action"] == "test-longer.greet"


def define(**members: Any) -> Callable[[], Any]:
    return lambda: type(Workflow)("Wrong", (Workflow,), {"id": "test-wrong", **members})


def one(**options: Any) -> Any:
    """A step that is as it should be."""
    return step(**options)(lambda self, ctx: 1)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "no steps": (define(), "Wrong has no steps"),
    "an id that is none": (define(id="no good", a=one()), "'no good' cannot be a workflow's id"),
    "an unknown step": (
        define(check=one(), b=one(after="chek")),
        "did you mean 'check'",
    ),
    "a circle": (
        define(a=one(after="b"), b=one(after="a")),
        "wait for each other in a circle: (a → b → a|b → a → b)",
    ),
    "no context": (define(a=step(lambda self: 1)), r"Wrong.a must take the context and nothing else"),
    "a second argument": (define(a=step(lambda self, ctx, more: 1)), r"Wrong.a must take the context and nothing else"),
    "an unknown compensation": (
        define(a=one(compensate="undo")),
        "`compensate` names 'undo', which is no method",
    ),
    "a reserved name": (
        define(definition=one()),
        "Wrong.definition: every workflow has something of this name",
    ),
    "conditions that are one text": (define(a=one(), conditions="age > 17"), "are lists of texts"),
    "an id that is taken": (
        define(id="test-registration", a=one()),
        "defined twice: by .*Registration",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_class_that_makes_no_workflow_is_refused_where_it_is_defined(wrong: str):
    make, message = WRONG[wrong]
    with pytest.raises(InvalidWorkflow, match=message):
        make()


def test_two_steps_of_one_name_are_refused():
    with pytest.raises(InvalidWorkflow, match=r"Twice.a: there are two steps of this name"):

        class Twice(Workflow):
            id = "test-twice"

            @step
            async def a(self, ctx: Context) -> None: ...

            @step  # type: ignore[no-redef]
            async def a(self, ctx: Context) -> None: ...  # noqa: F811


def test_a_base_of_others_has_no_definition():
    with pytest.raises(InvalidWorkflow, match="only a base"):
        TenantWorkflow.definition()


def test_a_step_may_be_called_as_what_stands_before_it_is_for() -> None:
    class Guarded(Workflow):
        id = "guarded-begin"
        conditions = ("input.n > 1",)

        @step
        async def begin(self, ctx: Context) -> None: ...

    assert validate(Guarded.definition(), registry.names()).problems == []


def test_no_step_takes_the_place_of_what_every_workflow_has_whatever_it_inherits_last() -> None:
    class Mixin: ...

    with pytest.raises(InvalidWorkflow, match="every workflow has something of this name"):

        class _Hiding(Workflow, Mixin):
            id = "hiding-instance"

            @step
            async def instance(self, ctx: Context) -> None: ...  # type: ignore[override]


def test_a_class_below_a_workflow_needs_an_id_of_its_own() -> None:
    class Above(Workflow):
        id = "above"

        @step
        async def go(self, ctx: Context) -> None: ...

    class Below(Above):
        @step
        async def go(self, ctx: Context) -> None: ...

    with pytest.raises(InvalidWorkflow, match="no `id` of its own"):
        Below.definition()
    with pytest.raises(InvalidWorkflow, match="no `id` of its own"):
        Below.bind(Below())
