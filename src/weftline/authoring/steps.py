"""The steps of workflows that are written as classes: what a method says of itself, and how it is checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar, cast, overload

from weftline.authoring.describing import Duration, Retry, duration_json, retry_json, summary

Method = Callable[..., Any]
M = TypeVar("M", bound=Method)

After = str | Method | Sequence[str | Method]
"""A step by its name or as the method itself, or several."""

_STEP = "__weftline_step__"
"""Attribute of a method that says how it is a step."""


class InvalidWorkflow(Exception):
    """A class cannot be a workflow; the message names the class, the method and what is wrong."""


@dataclass(frozen=True, slots=True)
class StepOptions:
    """What a step says of itself; see :func:`step`."""

    after: tuple[str, ...] = ()
    timeout: Duration | None = None
    retry: Retry | None = None
    critical: bool = True
    compensate: str | None = None
    when: str | None = None
    name: str | None = None


@overload
def step(method: M, /) -> M: ...


@overload
def step(
    *,
    after: After = (),
    timeout: Duration | None = None,
    retry: Retry | None = None,
    critical: bool = True,
    compensate: str | Method | None = None,
    when: str | None = None,
    name: str | None = None,
) -> Callable[[M], M]: ...


def step(
    method: Method | None = None,
    /,
    *,
    after: After = (),
    timeout: Duration | None = None,
    retry: Retry | None = None,
    critical: bool = True,
    compensate: str | Method | None = None,
    when: str | None = None,
    name: str | None = None,
) -> Any:
    """Make a method of a :class:`~weftline.authoring.Workflow` one of its steps.

    The method takes a :class:`~weftline.authoring.Context` and returns the step's output, JSON, or a
    :class:`~weftline.authoring.Result`. ``async`` methods run on the worker's event loop; plain ones run in threads.

    Args:
        method: the method, where the decorator is used without brackets.
        after: the steps that must have completed before; absent: it begins at once. Steps that do not wait for each
            other run in parallel.
        timeout: the longest an attempt may take.
        retry: how a failed attempt is tried again; absent: the workflow's ``retry``.
        critical: False: where the step fails for good, the workflow goes on.
        compensate: the method that undoes the step once it has completed; its ``ctx.input`` is the step's output.
        when: a guard, in CEL; where it is false, the step is skipped.
        name: what people see; absent: the method's name.
    """
    named = [after] if isinstance(after, str) or callable(after) else list(after)
    options = StepOptions(
        tuple(_name_of(each) for each in named),
        timeout,
        retry,
        critical,
        None if compensate is None else _name_of(compensate),
        when,
        name,
    )

    def decorate(method: Method) -> Method:
        setattr(method, _STEP, options)
        return method

    return decorate if method is None else decorate(method)


def options_of(member: object) -> StepOptions | None:
    """What a member of a class says of itself as a step; None where it is none."""
    return getattr(member, _STEP, None)


class StepNamespace(dict[str, Any]):
    """The body of a class while it is read. A second step of one name would silently take the first one's place."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self._owner = owner

    def __setitem__(self, name: str, member: Any) -> None:
        """Note a member.

        Raises:
            InvalidWorkflow: there is a step of this name already.
        """
        if name in self and options_of(self[name]) is not None:
            raise InvalidWorkflow(f"{self._owner}.{name}: there are two steps of this name")
        super().__setitem__(name, member)


def steps_of(cls: type, reserved: Collection[str]) -> dict[str, StepOptions]:
    """The steps of a class and of those above it, in the order in which they were written.

    Args:
        cls: the class.
        reserved: what no step can be called.

    Raises:
        InvalidWorkflow: they make no workflow.
    """
    steps: dict[str, StepOptions] = {}
    for each in reversed(cls.__mro__):
        for name, member in vars(each).items():
            options = options_of(member)
            if options is not None:
                steps[name] = options
            elif name in steps:
                # a class below has put something else in its place
                del steps[name]
    _check(cls, steps, reserved)
    return steps


def node_of(cls: type, action: str, name: str, options: StepOptions) -> dict[str, Any]:
    """The node of a definition that a step becomes.

    Args:
        cls: the workflow.
        action: makes an action's name of a method's: what comes before it.
        name, options: the step.
    """
    node: dict[str, Any] = {"id": name, "type": "action", "action": f"{action}.{name}"}
    if options.name is not None:
        node["name"] = options.name
    if description := summary(getattr(cls, name)):
        node["description"] = description
    if options.after:
        node["dependencies"] = list(options.after)
    if options.when is not None:
        node["when"] = options.when
    if options.timeout is not None:
        node["timeout"] = duration_json(options.timeout)
    if options.retry is not None:
        node["retry"] = retry_json(options.retry)
    if options.compensate is not None:
        node["compensate"] = {"action": f"{action}.{options.compensate}"}
    if not options.critical:
        node["critical"] = False
    return node


def _check(cls: type, steps: Mapping[str, StepOptions], reserved: Collection[str]) -> None:
    where = cls.__qualname__
    if not steps:
        raise InvalidWorkflow(f"{where} has no steps: decorate its methods with @step")
    for name, options in steps.items():
        if name in reserved:
            raise InvalidWorkflow(f"{where}.{name}: every workflow has something of this name; call the step otherwise")
        check_method(cls, name)
        for other in options.after:
            if other not in steps:
                raise InvalidWorkflow(f"{where}.{name}: `after` names '{other}', which is no step{_like(other, steps)}")
        if options.compensate is not None:
            if not callable(getattr(cls, options.compensate, None)):
                raise InvalidWorkflow(f"{where}.{name}: `compensate` names '{options.compensate}', which is no method")
            check_method(cls, options.compensate)
    try:
        TopologicalSorter({name: options.after for name, options in steps.items()}).prepare()
    except CycleError as error:
        way = " → ".join(reversed(cast("list[str]", error.args[1])))
        raise InvalidWorkflow(f"{where}: steps wait for each other in a circle: {way}") from None


def check_method(cls: type, name: str) -> None:
    """Make sure that a method takes the context.

    Raises:
        InvalidWorkflow: it does not.
    """
    member = inspect.getattr_static(cls, name)
    if not inspect.isfunction(member):
        raise InvalidWorkflow(f"{cls.__qualname__}.{name} must be a method, `def {name}(self, ctx)`")
    try:
        inspect.signature(member).bind(None, None)
    except TypeError:
        message = f"{cls.__qualname__}.{name} must take the context and nothing else: `def {name}(self, ctx)`"
        raise InvalidWorkflow(message) from None


def _like(name: str, steps: Mapping[str, StepOptions]) -> str:
    [*near] = get_close_matches(name, steps, 1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(steps)}"


def _name_of(method: str | Method) -> str:
    return method if isinstance(method, str) else method.__name__
