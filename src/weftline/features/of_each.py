"""The first rows of each of several parents, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Select, func, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from weftline.features.database import Row

R = TypeVar("R", bound=Row)


def first_of_each(
    model: type[R],
    parent: InstrumentedAttribute[Any],
    parents: Collection[Any],
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
    limit: int,
) -> tuple[Select[R], type[R]]:
    """A statement for the first rows of each parent, by one look into an index for each.

    Args:
        model: the rows' type.
        parent: the column that names a row's parent.
        parents: its values.
        conditions: which rows; the tenant's id among them.
        order: what comes first.
        limit: at most so many of each parent.

    Returns:
        The statement, in no order, and the entity that it selects, for options.
    """
    wanted = select(func.unnest(literal(list(parents), ARRAY(parent.type))).label("id")).subquery()
    rows = select(model).where(parent == wanted.c.id, *conditions).order_by(*order).limit(limit).lateral()
    found = aliased(model, rows)
    return select(found).select_from(wanted.join(rows, true())), found
