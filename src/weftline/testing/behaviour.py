"""What stands in for actions and workflows: behaviours, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from weftline.authoring import ActionError
from weftline.language.durations import parse_duration


@dataclass(frozen=True, slots=True)
class Returns:
    """It returns a value.

    Attributes:
        value: the step's output, JSON; a :class:`~weftline.authoring.Result` also changes the shared data.
        takes: how long that takes, in seconds of the test's clock.
    """

    value: Any = None
    takes: float = 0.0


@dataclass(frozen=True, slots=True)
class Raises:
    """It fails.

    Attributes:
        error: what it raises.
        takes: how long that takes, in seconds of the test's clock.
    """

    error: Exception
    takes: float = 0.0


@dataclass(frozen=True, slots=True)
class Does:
    """It does what a function does.

    Attributes:
        function: called with an action's :class:`~weftline.authoring.Context`, or with a workflow's input; may be
            ``async``.
        takes: how long that takes, in seconds of the test's clock.
        is_real: it is the action itself, so that whatever it raises is its failure. An ``AssertionError`` of a mock is
            the test's own.
    """

    function: Callable[[Any], Any]
    takes: float = 0.0
    is_real: bool = False


Behaviour = Returns | Raises | Does

Error = str | Exception | type[Exception]
"""How a test says what is raised: a code, an exception, or a class of exceptions."""

_NOTHING: Any = object()
"""Tells "returns nothing" from nothing said."""


@dataclass(frozen=True, slots=True)
class Mock:
    """What stands in for something, each time that it is called.

    Attributes:
        behaviours: in order; the last one goes on for ever.
    """

    behaviours: tuple[Behaviour, ...]

    def at(self, call: int) -> Behaviour:
        """What call number ``call`` (from 0) does."""
        return self.behaviours[min(call, len(self.behaviours) - 1)]


def returns(value: Any = None, *, takes: float | str = 0.0) -> Behaviour:
    """A behaviour for a mock's ``sequence``: it returns ``value``, after the duration ``takes``."""
    return Returns(value, parse_duration(takes))


def raises(error: Error, *, takes: float | str = 0.0) -> Behaviour:
    """A behaviour for a mock's ``sequence``: it fails with ``error``, after the duration ``takes``."""
    return Raises(exception(error), parse_duration(takes))


def does(function: Callable[[Any], Any], *, takes: float | str = 0.0) -> Behaviour:
    """A behaviour for a mock's ``sequence``: it does what ``function`` does, after the duration ``takes``."""
    return Does(function, parse_duration(takes))


def make_mock(
    returned: Any = _NOTHING,
    raised: Error | None = None,
    done: Callable[[Any], Any] | None = None,
    sequence: Iterable[Any] | None = None,
    takes: float | str = 0.0,
) -> Mock:
    """The mock that a test describes, by one of the first four.

    Raises:
        ValueError: it says several things, or an empty sequence.
        DurationError: ``takes`` is no duration.
    """
    said = [returned is not _NOTHING, raised is not None, done is not None, sequence is not None]
    if sum(said) > 1:
        raise ValueError("a mock returns, raises, does, or goes through a sequence; say one of these")
    if sequence is not None:
        behaviours = tuple(_in_sequence(each, takes) for each in sequence)
        if not behaviours:
            raise ValueError("a mock's sequence is empty")
        return Mock(behaviours)
    if raised is not None:
        return Mock((raises(raised, takes=takes),))
    if done is not None:
        return Mock((does(done, takes=takes),))
    return Mock((returns(None if returned is _NOTHING else returned, takes=takes),))


UNSAID = _NOTHING
"""The value of :func:`make_mock`'s ``returned`` where a test says nothing about it."""


def _in_sequence(value: Any, takes: float | str) -> Behaviour:
    if isinstance(value, Returns | Raises | Does):
        return value
    is_error = isinstance(value, Exception) or (isinstance(value, type) and issubclass(value, Exception))
    return raises(cast("Error", value), takes=takes) if is_error else returns(value, takes=takes)


def exception(error: Error) -> Exception:
    """The exception that an error stands for; a text is the code of an ``ActionError``."""
    if isinstance(error, str):
        return ActionError(f"the mock fails with '{error}'", code=error)
    return error if isinstance(error, Exception) else error()


@dataclass(frozen=True, slots=True)
class Mocks:
    """Everything that a test mocks.

    Attributes:
        actions: by the action's name.
        steps: by the id of a node; goes before ``actions``.
        workflows: by the workflow's id.
        real: names of actions that run as they are.
        all_real: every action does that is not mocked.
        own: what the names of actions begin with that are the code of a workflow under test; they run as well.
    """

    actions: Mapping[str, Mock]
    steps: Mapping[str, Mock]
    workflows: Mapping[str, Mock]
    real: Sequence[str]
    all_real: bool = False
    own: tuple[str, ...] = ()

    def is_real(self, action: str) -> bool:
        """Whether an action runs as it is."""
        return self.all_real or action in self.real or action.startswith(self.own)
