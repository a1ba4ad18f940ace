"""Services that are bound when a request needs them.

Building FastAPI's routes takes far longer than opening everything that they use. So they are built once in a process,
around stand-ins; each request is answered with the services of the application that it came to.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from weftline.features.services import Services

_at_hand: ContextVar[Services] = ContextVar("services")


@contextmanager
def serving(services: Services) -> Generator[None]:
    """What is done within the context, and what it starts, uses these services."""
    token = _at_hand.set(services)
    try:
        yield
    finally:
        _at_hand.reset(token)


def late_services() -> Services:
    """What stands for the services of whichever application answers.

    A part of it stands for that part, at any depth, until there are services at hand.
    """
    return cast("Services", _Late(()))


class _Late:
    __slots__ = ("_path",)

    def __init__(self, path: tuple[str, ...]) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        found: Any = _at_hand.get(None)
        if found is None:
            return _Late((*self._path, name))
        for part in self._path:
            found = getattr(found, part)
        return getattr(found, name)
