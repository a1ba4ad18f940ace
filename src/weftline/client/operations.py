"""How a method that is written once becomes a blocking one and an awaited one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from pydantic import ValidationError

from weftline.client.answer import Answer
from weftline.client.drivers import AsyncDriver, AsyncItems, Items, SyncDriver
from weftline.client.errors import InvalidAnswer
from weftline.client.models.base import Model
from weftline.client.paging import Listing
from weftline.client.plan import Plan, Source
from weftline.client.request import build
from weftline.client.session import Session

P = ParamSpec("P")
T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=Model)
Colour = TypeVar("Colour", SyncDriver, AsyncDriver)


class Resource(Generic[Colour]):
    """A group of calls.

    Args:
        session: what all requests have in common.
        driver: carries them out; its kind decides whether a call blocks or is awaited.
    """

    def __init__(self, session: Session, driver: Colour) -> None:
        self._session = session
        self.driver: Colour = driver

    def _ask(self, method: str, *path: object, **options: Any) -> Plan[Answer]:
        """Send a request; the options are those of :func:`~weftline.client.request.build`."""
        return self._session.exchange(build(method, path, **options))

    def _read(self, kind: type[ModelT], method: str, *path: object, **options: Any) -> Plan[ModelT]:
        """Send a request, and read its answer; see :meth:`_ask`."""
        return parsed(kind, (yield from self._ask(method, *path, **options)))

    def _list(
        self,
        kind: type[ModelT],
        *path: object,
        limit: int | None,
        query: Mapping[str, Any] | None = None,
        cursor_name: str = "cursor",
    ) -> Listing[ModelT]:
        """A list that is read page by page."""

        def read(answer: Answer) -> tuple[list[ModelT], str | None]:
            items, cursor = answer.page()
            return [parsed_value(kind, item, answer.host) for item in items], cursor

        return Listing(self._session, read, path, query or {}, limit, cursor_name)


class call(Generic[P, T]):  # a decorator
    """A method that asks something: blocking in :class:`~weftline.client.Client`, awaited in ``AsyncClient``.

    Args:
        plan: the method, which returns what to do.
    """

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[T]]) -> None:
        self._plan = plan
        self.__doc__ = plan.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> call[P, T]: ...
    @overload
    def __get__(self, instance: Resource[SyncDriver], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[AsyncDriver], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self

        @wraps(self._plan)
        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            return instance.driver.run(self._plan(instance, *args, **kwargs))

        return bound


class iteration(Generic[P, T]):  # a decorator
    """A method that gives many things: for ``for`` in :class:`~weftline.client.Client`, for ``async for`` otherwise.

    Args:
        source: the method, which returns what they come from.
    """

    def __init__(self, source: Callable[Concatenate[Any, P], Source[T]]) -> None:
        self._source = source
        self.__doc__ = source.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> iteration[P, T]: ...
    @overload
    def __get__(self, instance: Resource[SyncDriver], owner: type) -> Callable[P, Items[T]]: ...
    @overload
    def __get__(self, instance: Resource[AsyncDriver], owner: type) -> Callable[P, AsyncItems[T]]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self

        @wraps(self._source)
        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            return instance.driver.iterate(self._source(instance, *args, **kwargs))

        return bound


def parsed(kind: type[ModelT], answer: Answer) -> ModelT:
    """The body of an answer.

    Raises:
        InvalidAnswer: it is not what it should be.
    """
    return parsed_value(kind, answer.body, answer.host)


def parsed_value(kind: type[ModelT], value: Any, host: str) -> ModelT:
    """A part of an answer's body; see :func:`parsed`."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise InvalidAnswer(host) from error


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def texts(values: str | Sequence[str] | None) -> list[str] | None:
    """One text or several, as a list."""
    return [values] if isinstance(values, str) else None if values is None else list(values)
