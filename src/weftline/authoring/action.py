"""Actions: the functions that workflows call, and the registry that finds them by name."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from weftline.authoring.context import Context
from weftline.authoring.describing import schema_json, summary
from weftline.authoring.errors import ActionError, DuplicateAction, UnknownAction
from weftline.authoring.ownership import Owned
from weftline.authoring.schema_check import SchemaCheck

if TYPE_CHECKING:
    from weftline.authoring.function import DurableFunction

ActionFunction = Callable[[Context], Any] | Callable[[Context], Awaitable[Any]]
F = TypeVar("F", bound=Callable[..., Any])

ENTRY_POINT_GROUP = "weftline.actions"
"""Distributions name modules of actions under this entry point group."""


_NAME = "__weftline_action__"
"""Attribute of a function that says which action it is."""


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """What the author of an action says of it, for those who write definitions.

    Nothing is checked by it but what :attr:`ActionDefinition.takes` says.

    Attributes:
        title: what people call it.
        input, output: JSON Schemas of its input and its output; None where nothing is said.
        compensate: the name of the action that undoes it.
        integration: name of the integration that it belongs to, if it does.
        example: of an input.
    """

    title: str | None = None
    input: dict[str, Any] | None = None
    output: dict[str, Any] | None = None
    compensate: str | None = None
    integration: str | None = None
    example: Mapping[str, Any] | None = None


_NO_FACTS = ActionFacts()


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """A registered action.

    Attributes:
        name: what definitions call it.
        function: ``f(ctx)``, returning the step's output or a :class:`~weftline.authoring.Result`.
        is_async: True for ``async def``; others run in threads.
        description: the first paragraph of its docstring.
        facts: what else its author says of it.
        takes: checks the input before it is called; None: the action takes any.
    """

    name: str
    function: Callable[[Context], Any]
    is_async: bool
    description: str
    facts: ActionFacts
    takes: SchemaCheck | None = None

    @property
    def title(self) -> str:
        """What people call it: as its author says, else its name in words."""
        return self.facts.title or title_of(self.name)

    def refuse_misfit(self, input: Any) -> None:
        """See that an input is one that the action takes; whoever calls its function does so before.

        Raises:
            ActionError: it is not; code ``invalid_input``.
        """
        problem = None if self.takes is None else self.takes.problem(input)
        if problem is not None:
            raise ActionError(f"{self.name}: input{problem}", code="invalid_input", retryable=False)


class ActionRegistry(Owned[ActionDefinition]):
    """Actions by name."""

    def __init__(self) -> None:
        super().__init__()
        self._functions: dict[tuple[str, str], DurableFunction] = {}

    def register(
        self, name: str, function: Callable[[Context], Any], facts: ActionFacts = _NO_FACTS
    ) -> ActionDefinition:
        """Add an action.

        Raises:
            DuplicateAction: another function has the name already.
        """
        known = self.even_withheld(name)
        if known is not None and known.function is not function and not _same_source(known.function, function):
            raise DuplicateAction(
                f"action '{name}' is defined twice: in {_origin(known.function)} and in {_origin(function)}"
            )
        is_async = inspect.iscoroutinefunction(function)
        takes = None if facts.input is None else SchemaCheck(facts.input)
        if takes is not None and facts.integration is None and not takes.checks:
            # what an action merely tells of its input binds nobody
            takes = None
        definition = ActionDefinition(name, function, is_async, summary(function), facts, takes)
        self.put(name, definition)
        return definition

    def get(self, name: str) -> ActionDefinition:
        """The action of this name.

        Raises:
            UnknownAction: there is none in this process.
        """
        found = super().get(name)
        if found is None:
            raise UnknownAction(f"no action named '{name}' is registered in this worker")
        return found

    def register_function(self, function: DurableFunction) -> None:
        """Add a durable function.

        Raises:
            DuplicateAction: another one has its id and version already.
        """
        known = self._functions.get((function.id, function.version))
        if known is not None and not _same_source(known.body, function.body):
            raise DuplicateAction(
                f"version '{function.version}' of '{function.id}' is defined twice: in {_origin(known.body)} and in"
                f" {_origin(function.body)}"
            )
        self._functions[function.id, function.version] = function

    def function(self, name: str, version: str) -> DurableFunction | None:
        """The durable function of this name and version, or None where this process has none."""
        return self._functions.get((name, version))


registry = ActionRegistry()
"""Where :func:`action` registers."""


def action(
    name: str,
    *,
    title: str | None = None,
    input: object = None,
    output: object = None,
    compensate: str | Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """Register a function as an action.

    The function takes a :class:`~weftline.authoring.Context` and returns the step's output, JSON. ``async`` functions
    run on the worker's event loop; plain ones run in threads. What is said beside the name is shown to those who write
    definitions; it changes nothing of how the action runs, unless the schema of its input names a check of a plugin
    (``x-validator``): then a step whose input does not fit fails with ``invalid_input``.

    Args:
        name: what definitions call it.
        title: what people call it; its name in words where absent.
        input, output: what it takes and returns: a JSON Schema, or a pydantic model.
        compensate: the action that undoes it, or its name.

    Raises:
        DuplicateAction: another function has the name already.
        TypeError: ``input`` or ``output`` is neither, or ``compensate`` is no action.
    """
    facts = ActionFacts(
        title,
        None if input is None else schema_json(input),
        None if output is None else schema_json(output),
        None if compensate is None else action_name(compensate),
    )

    def decorate(function: F) -> F:
        registry.register(name, function, facts)
        setattr(function, _NAME, name)
        return function

    return decorate


def action_name(action: str | Callable[..., Any]) -> str:
    """The name of an action that is given by its name, or as the function itself.

    Raises:
        TypeError: the function is no action.
    """
    name = action if isinstance(action, str) else getattr(action, _NAME, None)
    if name is None:
        raise TypeError(f"{action!r} is no action: decorate the function with @action")
    return name


def load_actions(modules: Iterable[str] = ()) -> ActionRegistry:
    """Import every installed distribution's actions and the named modules, and return the registry.

    Args:
        modules: dotted module names.

    Raises:
        ImportError: a module cannot be imported; the message names it.
    """
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        entry_point.load()
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise ImportError(f"cannot import the actions module '{module}': {error}") from error
    return registry


def title_of(name: str) -> str:
    """An action's name in words: ``purchase.orderDesk`` is ``Purchase order desk``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = [word if word.isupper() else word.lower() for word in re.split(r"[\s._-]+", parted) if word]
    text = " ".join(words) or name
    return text[0].upper() + text[1:]


def _origin(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _same_source(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """A module imported again under the same name replaces its own actions."""
    return _origin(one) == _origin(other)
