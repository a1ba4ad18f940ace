"""Lists that are read page by page, as far as somebody asks for their items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from weftline.client.answer import Answer
from weftline.client.plan import Buffered, Exhausted, Plan
from weftline.client.request import build
from weftline.client.session import Session

T = TypeVar("T")

PAGE = 200
"""Items that the API gives at a time."""


class Listing(Buffered[T]):
    """A list.

    Args:
        session: what all requests have in common.
        read: the items of an answer, and the cursor of what follows.
        path: the list's, see :func:`~weftline.client.request.build`.
        query: filters and order.
        limit: at most so many items; None for all.
        cursor_name: the parameter that says where a page begins.
        page: at most so many items at a time.
    """

    def __init__(
        self,
        session: Session,
        read: Callable[[Answer], tuple[list[T], str | None]],
        path: str | Sequence[object],
        query: Mapping[str, Any],
        limit: int | None = None,
        cursor_name: str = "cursor",
        page: int = PAGE,
    ) -> None:
        super().__init__()
        self._session = session
        self._read = read
        self._path = path
        self._query = query
        self._left = limit
        self._cursor_name = cursor_name
        self._page = page
        self._cursor: str | None = None
        self._is_at_end = limit == 0

    def fetch(self) -> Plan[list[T]]:
        """The items of the next page; see :meth:`Buffered.fetch`."""
        if self._is_at_end:
            raise Exhausted
        size = self._page if self._left is None else min(self._left, self._page)
        query = {**self._query, "limit": size}
        if self._cursor is not None:
            query[self._cursor_name] = self._cursor
        answer = yield from self._session.exchange(build("GET", self._path, query=query))
        items, self._cursor = self._read(answer)
        if self._left is not None:
            items = items[: self._left]
            self._left -= len(items)
        self._is_at_end = self._cursor is None or self._left == 0
        return items
