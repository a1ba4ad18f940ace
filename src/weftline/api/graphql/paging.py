"""Relay's connections, over the pages that the features hand out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Annotated, Any, Generic, TypeAlias, TypeVar, cast

import strawberry

from weftline.features.errors import FieldError
from weftline.features.http.errors import InvalidRequest
from weftline.features.http.paging import MAX_LIMIT

T = TypeVar("T")

First: TypeAlias = Annotated[int, strawberry.argument(description=f"At most so many, up to {MAX_LIMIT}.")]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="A cursor: only what comes after it.")]


@strawberry.type(description="Where a page of a list ends.")
class PageInfo:
    """Where a page of a list ends."""

    has_next_page: bool = strawberry.field(description="Whether there is more after it.")
    has_previous_page: bool = strawberry.field(description="Whether an `after` was given.")
    start_cursor: str | None = strawberry.field(description="Cursor of its first edge.")
    end_cursor: str | None = strawberry.field(description="Cursor of its end, the `after` of the next page.")


@strawberry.type(description="An item of a list, and where it stands.")
class Edge(Generic[T]):
    """An item of a list, and where it stands."""

    cursor: str = strawberry.field(description="Given as `after`, the list goes on behind this item.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]] = strawberry.field(description="The items, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")


def checked(first: int, *, at_most: int = MAX_LIMIT) -> int:
    """The size of a page that was asked for.

    Raises:
        InvalidRequest: it is none.
    """
    if not 1 <= first <= at_most:
        raise InvalidRequest([FieldError("/first", f"must be from 1 to {at_most}", "out_of_range")])
    return first


def connection(items: Sequence[Any], cursors: Iterable[str], *, end: str | None, after: str | None) -> Connection[Any]:
    """A page as a connection.

    Args:
        items: what is shown.
        cursors: of each item; read where somebody asks for them.
        end: where the next page begins, which may be behind items that are not shown; None where there is none.
        after: the cursor behind which the page begins.
    """
    return cast("Connection[Any]", _Page(items, cursors, end, after))


class _Page:
    """A connection of which only those fields are made that are asked for."""

    def __init__(self, items: Sequence[Any], cursors: Iterable[str], end: str | None, after: str | None) -> None:
        self.nodes = items
        self._given = cursors
        self._end = end
        self._after = after

    @cached_property
    def edges(self) -> Sequence[Edge[Any]]:
        pairs = zip(self._cursors, self.nodes, strict=True)
        return [Edge[Any](cursor=cursor, node=item) for cursor, item in pairs]

    @cached_property
    def page_info(self) -> PageInfo:
        cursors = self._cursors
        return PageInfo(
            has_next_page=self._end is not None,
            has_previous_page=self._after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=self._end or (cursors[-1] if cursors else None),
        )

    @cached_property
    def _cursors(self) -> Sequence[str]:
        return list(self._given)
