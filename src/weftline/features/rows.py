"""Rows read past the ORM: SQLAlchemy writes a statement once, the driver runs it.

What the ORM does for each statement and each row takes several times as long as reading them. It is worth that where
rows are changed. A row from here is a copy of what was stored: it has the attributes that were selected and the
entity's properties, belongs to no session, and is written back by nobody.

::

    _WHOLE = Statement(select(Thing).where(Thing.tenant_id == bindparam("tenant_id"), Thing.id == bindparam("id")))

    async with database.reading(tenant_id) as connection:
        thing = await _WHOLE.first(connection, {"tenant_id": tenant_id, "id": id})

Where what is asked for differs, so does the statement; :class:`Shapes` keeps one for each form that it takes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import make_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_DIALECT = dialect()

MAX_SHAPES = 500

T = TypeVar("T")


class Statement(Generic[T]):
    """A statement as the driver takes it.

    Args:
        statement: selects one entity, or some of its columns. Every value in it is a ``bindparam`` with a name; lists
            are compared by ``any_``, for ``in_`` writes another text for each length.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._names = compiled.positiontup or []
        columns = compiled._result_columns  # pyright: ignore[reportPrivateUsage]
        names = [column.name for column in columns]
        self._make = make_dataclass("StoredRow", names, eq=False, namespace=_properties(statement))

    async def all(self, connection: Connection, values: Mapping[str, Any]) -> list[T]:
        """Every row.

        Args:
            connection: bound to the tenant whose rows they are; a ``Database``'s, which read JSON.
            values: of the parameters, by name.

        Raises:
            asyncpg.PostgresError, OSError: the database refuses, or does not answer.
        """
        rows = await connection.fetch(self._text, *[values[name] for name in self._names])
        make = cast("Callable[..., T]", self._make)
        return [make(*row) for row in rows]

    async def first(self, connection: Connection, values: Mapping[str, Any]) -> T | None:
        """The first row; None where there is none; raises like :meth:`all`."""
        rows = await self.all(connection, values)
        return rows[0] if rows else None


def _properties(statement: Select[*tuple[Any, ...]]) -> dict[str, Any]:
    """What the entity that a statement selects tells of itself besides its columns."""
    entities: list[type] = [each["expr"] for each in statement.column_descriptions if isinstance(each["expr"], type)]
    return {name: each for kind in entities for name, each in vars(kind).items() if isinstance(each, property)}


class Shapes(Generic[T]):
    """The statements of something that can be asked for in many ways, each made when it is first asked for so."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Statement[T]] = OrderedDict()

    def get(self, shape: Hashable, make: Callable[[], Select[*tuple[Any, ...]]]) -> Statement[T]:
        """The statement of a form.

        Args:
            shape: all that the text of the statement depends on.
            make: makes it.
        """
        found = self._known.get(shape)
        if found is None:
            found = self._known[shape] = Statement[T](make())
            if len(self._known) > MAX_SHAPES:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(shape)
        return found
