"""Acts on many things in one request: each is done or refused by itself, and told of by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from weftline.features.errors import DomainError
from weftline.features.http.wire import Wire

T = TypeVar("T")

MAX_ITEMS = 100
"""In one request."""


class ItemFieldError(Wire):
    """What is wrong with one place of an item."""

    pointer: Annotated[str, Field(description="JSON pointer, from the item.")]
    message: str
    code: str
    hint: str | None = None


class ItemError(Wire):
    """Why an item is refused: what a problem document would say."""

    code: Annotated[str, Field(description="The problem's code.")]
    detail: str
    errors: list[ItemFieldError] = Field(default_factory=list[ItemFieldError])


class ItemOut(Wire):
    """What became of one item."""

    index: Annotated[int, Field(description="Which of the request's items, from 0.")]
    id: Annotated[str | None, Field(description="What it is about; null where that is not known.")]
    status: Annotated[Literal["done", "refused"], Field(description="A refused item has changed nothing.")]
    error: ItemError | None = None


class BulkOut(Wire):
    """What became of the items, in their order."""

    items: list[ItemOut]


async def do_each(
    items: Sequence[T], act: Callable[[T], Awaitable[object]], name: Callable[[T], object | None]
) -> BulkOut:
    """Do something to each of some items, one after another, each in a transaction of its own.

    Args:
        items: to which.
        act: does it to one, and returns the id of what it is about.
        name: what a refused item is about.
    """
    return BulkOut(items=[await _do(index, item, act, name) for index, item in enumerate(items)])


def example(id: str, refused: str, code: str, detail: str) -> dict[str, Any]:
    """The answer of a request of two items, for the OpenAPI document.

    Args:
        id: of the first, which is done.
        refused: of the second.
        code, detail: why it is refused.
    """
    problem = {"code": code, "detail": detail, "errors": list[Any]()}
    return {
        "items": [
            {"index": 0, "id": id, "status": "done", "error": None},
            {"index": 1, "id": refused, "status": "refused", "error": problem},
        ]
    }


async def _do(
    index: int, item: T, act: Callable[[T], Awaitable[object]], name: Callable[[T], object | None]
) -> ItemOut:
    try:
        id = await act(item)
    except DomainError as error:
        about = name(item)
        found = [ItemFieldError.model_validate(each) for each in error.errors]
        problem = ItemError(code=error.code, detail=error.detail, errors=found)
        return ItemOut(index=index, id=None if about is None else str(about), status="refused", error=problem)
    return ItemOut(index=index, id=str(id), status="done")
