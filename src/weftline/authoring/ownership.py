"""Whose is what is registered: plugins can be stopped, and what they brought goes with them."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")

_owner: ContextVar[str | None] = ContextVar("weftline_owner", default=None)


def current_owner() -> str | None:
    """Id of the plugin for which things are registered now; None where it is for none."""
    return _owner.get()


@contextmanager
def owned_by(owner: str) -> Generator[None]:
    """What is registered while the context is open belongs to this plugin."""
    token = _owner.set(owner)
    try:
        yield
    finally:
        _owner.reset(token)


class Owned(Generic[T]):
    """Things by name, some of which belong to plugins and can be withheld."""

    def __init__(self) -> None:
        self._known: dict[str, T] = {}
        self._withheld: dict[str, T] = {}
        self._owners: dict[str, str] = {}
        self._absent: set[str] = set()
        self._stale: set[str] = set()

    def put(self, name: str, value: T) -> None:
        """Add a thing, or replace it; it belongs to the plugin for which things are registered now.

        It is withheld where its plugin's things are.
        """
        owner = current_owner()
        self._stale.discard(name)
        if owner is not None and owner in self._absent:
            self._known.pop(name, None)
            self._withheld[name] = value
        else:
            self._withheld.pop(name, None)
            self._known[name] = value
        if owner is not None:
            self._owners[name] = owner

    def get(self, name: str) -> T | None:
        """The thing of this name, unless it is withheld."""
        return self._known.get(name)

    def even_withheld(self, name: str) -> T | None:
        """The thing of this name; not one of a plugin that is being replaced."""
        return None if name in self._stale else self._known.get(name) or self._withheld.get(name)

    def names(self) -> frozenset[str]:
        """Every name that is not withheld."""
        return frozenset(self._known)

    def current_names(self) -> Collection[str]:
        """The same, always as of now."""
        return self._known.keys()

    def owner_of(self, name: str) -> str | None:
        """The plugin that a thing belongs to, withheld or not; None where it is no plugin's."""
        return self._owners.get(name)

    def withhold(self, owner: str) -> None:
        """Let a plugin's things be found no more, until they are given back; also those that are added meanwhile."""
        self._absent.add(owner)
        for name in self._of(owner):
            if name in self._known:
                self._withheld[name] = self._known.pop(name)

    def give_back(self, owner: str) -> None:
        """Let a plugin's things be found again."""
        self._absent.discard(owner)
        for name in self._of(owner):
            if name in self._withheld:
                self._known[name] = self._withheld.pop(name)

    def replace(self, owner: str) -> None:
        """Withhold a plugin's things, and let others of the same names take their place; see :meth:`forget`."""
        self.withhold(owner)
        self._stale.update(self._of(owner))

    def forget(self, owner: str) -> None:
        """Forget those of a plugin's things whose place nothing has taken since :meth:`replace`."""
        for name in self._of(owner):
            if name in self._stale:
                self._stale.discard(name)
                self._withheld.pop(name, None)
                del self._owners[name]

    def _of(self, owner: str) -> list[str]:
        # a list of its own: a thread that imports a plugin may add things meanwhile
        return [name for name, its in list(self._owners.items()) if its == owner]

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._known.values()))
