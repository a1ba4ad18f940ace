"""Actions: the functions that workflows call, and the registry that finds them by name."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, TypeVar

from weftline.authoring.context import Context
from weftline.authoring.errors import DuplicateAction, UnknownAction

ActionFunction = Callable[[Context], Any] | Callable[[Context], Awaitable[Any]]
F = TypeVar("F", bound=Callable[..., Any])

ENTRY_POINT_GROUP = "weftline.actions"
"""Distributions name modules of actions under this entry point group."""


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """A registered action.

    Attributes:
        name: what definitions call it.
        function: ``f(ctx)``, returning the step's output or a :class:`~weftline.authoring.Result`.
        is_async: True for ``async def``; others run in threads.
        description: the first paragraph of its docstring.
    """

    name: str
    function: Callable[[Context], Any]
    is_async: bool
    description: str


class ActionRegistry:
    """Actions by name."""

    def __init__(self) -> None:
        self._actions: dict[str, ActionDefinition] = {}

    def register(self, name: str, function: Callable[[Context], Any]) -> ActionDefinition:
        """Add an action.

        Raises:
            DuplicateAction: another function has the name already.
        """
        known = self._actions.get(name)
        if known is not None and known.function is not function and not _same_source(known.function, function):
            raise DuplicateAction(
                f"action '{name}' is defined twice: in {_origin(known.function)} and in {_origin(function)}"
            )
        description = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        definition = ActionDefinition(name, function, inspect.iscoroutinefunction(function), description)
        self._actions[name] = definition
        return definition

    def get(self, name: str) -> ActionDefinition:
        """The action of this name.

        Raises:
            UnknownAction: there is none in this process.
        """
        try:
            return self._actions[name]
        except KeyError:
            raise UnknownAction(f"no action named '{name}' is registered in this worker") from None

    def names(self) -> frozenset[str]:
        """Every registered name."""
        return frozenset(self._actions)

    def __iter__(self) -> Iterator[ActionDefinition]:
        return iter(self._actions.values())


registry = ActionRegistry()
"""Where :func:`action` registers."""


def action(name: str) -> Callable[[F], F]:
    """Register a function as an action.

    The function takes a :class:`~weftline.authoring.Context` and returns the step's output, JSON. ``async`` functions
    run on the worker's event loop; plain ones run in threads.

    Args:
        name: what definitions call it.

    Raises:
        DuplicateAction: another function has the name already.
    """

    def decorate(function: F) -> F:
        registry.register(name, function)
        return function

    return decorate


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


def _origin(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _same_source(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """A module imported again under the same name replaces its own actions."""
    return _origin(one) == _origin(other)
