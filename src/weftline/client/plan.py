"""Plans: everything that the client does, written once for both of its colours.

A plan is a generator. It yields what must be done outside, as an effect, and is resumed with what came of it; what it
returns is the result of the call. A driver carries plans out, with blocking calls or with awaited ones; signing in,
retrying, turning pages, waiting and watching know nothing of the difference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import httpx

from weftline.client.request import Request

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Exhausted(Exception):
    """A source has nothing more to give."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; resumed with the ``httpx.Response``, or with httpx's error.

    Attributes:
        request: what is sent.
        url: where to.
        headers: besides the request's.
        timeout: how long to wait for the server.
        is_stream: leave the body to be pulled, see :class:`Stream`.
    """

    request: Request
    url: str
    headers: dict[str, str]
    timeout: httpx.Timeout
    is_stream: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Read the whole body of a response that was left to be pulled."""

    response: httpx.Response


@dataclass(frozen=True, slots=True)
class Close:
    """Give a response's connection back."""

    response: httpx.Response


@dataclass(frozen=True, slots=True)
class Chunks:
    """Resumed with an iterator over a response's body, to :class:`Pull` from."""

    response: httpx.Response


@dataclass(frozen=True, slots=True)
class Pull:
    """Take the next item of an iterator; resumed with it, or with :class:`Exhausted`."""

    source: Iterator[Any] | AsyncIterator[Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass.

    Attributes:
        seconds: how much.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Alone:
    """Carry out another plan while no other caller of this client is in such a one; resumed with its result.

    Attributes:
        plan: the other plan.
    """

    plan: Generator[Effect, Any, Any]


Effect: TypeAlias = Send | Read | Close | Chunks | Pull | Sleep | Alone

Plan: TypeAlias = Generator[Effect, Any, T]


class Source(Protocol[T_co]):
    """Gives one item after the other."""

    def open(self) -> Plan[None]:
        """Get ready to give; safe twice, and may be left out."""
        ...

    def advance(self) -> Plan[T_co]:
        """The next item.

        Raises:
            Exhausted: there is none.
        """
        ...

    def close(self) -> Plan[None]:
        """Let go of what it holds; safe at any time, and twice."""
        ...


class Buffered(Generic[T]):
    """A source that gets its items many at once, and holds nothing open."""

    def __init__(self) -> None:
        self._ready: list[T] = []
        self._given = 0

    def advance(self) -> Plan[T]:
        """See :meth:`Source.advance`."""
        while self._given >= len(self._ready):
            self._ready = yield from self.fetch()
            self._given = 0
        self._given += 1
        return self._ready[self._given - 1]

    def fetch(self) -> Plan[list[T]]:
        """The next items, in order; perhaps none.

        Raises:
            Exhausted: there are no more.
        """
        raise NotImplementedError

    def open(self) -> Plan[None]:
        """See :meth:`Source.open`."""
        yield from ()

    def close(self) -> Plan[None]:
        """See :meth:`Source.close`."""
        self._ready = []
        self._given = 0
        yield from ()
