"""Lists: what they are sorted by, where a page begins and ends.

A list declares its sort keys as data, in the class of its query; what it is narrowed down by are that class's fields.

::

    class ThingQuery(ListQuery):
        order: ClassVar = Ordering(SortKey("name", Thing.name), SortKey("createdAt", Thing.created_at, datetime),
                                   tie=SortKey("id", Thing.id, UUID), default="name")

    async def list_things(caller: Reader, query: Annotated[ThingQuery, Query()]) -> Page[ThingOut]:
        window = query.window()
        return window.page(await service.list(caller.tenant_id, window), ThingOut.model_validate)

A page begins after the last item of the page before, whose sort key the cursor holds (keyset paging): it costs the same
at any depth, and nothing is listed twice or left out because something else was added meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, TypeVarTuple
from uuid import UUID

from pydantic import Field, field_validator
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, literal_column, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from weftline.features.http.paging import InvalidCursor, Page, PageQuery, decode_cursor, encode_cursor
from weftline.features.http.wire import JsonResponse, Wire

MAX_SORT = 2
"""By how many keys a list may be sorted."""

# how a cursor's text tells no value from an empty one
_NULL, _VALUE = "", "="

Columns = TypeVarTuple("Columns")
Item = TypeVar("Item")
Out = TypeVar("Out", bound=Wire)
Kind = type[str] | type[int] | type[bool] | type[UUID] | type[datetime]
Value = str | int | UUID | datetime | None


class SortKey:
    """Something that a list can be sorted by.

    Args:
        name: as callers write it.
        column: what the database sorts by; of a list in memory, the attribute that holds the value.
        kind: of its values.
        attribute: of an item that holds the value; the column's own where absent.
        nullable: some items have no value; they come last, whichever way the others go.
    """

    def __init__(
        self,
        name: str,
        column: InstrumentedAttribute[Any] | ColumnElement[Any] | str,
        kind: Kind = str,
        *,
        attribute: str | None = None,
        nullable: bool = False,
    ) -> None:
        self.name = name
        self.column: Any = column
        self.kind = kind
        self.nullable = nullable
        self.value: Callable[[Any], Value] = attrgetter(
            attribute or (column if isinstance(column, str) else self.column.key)
        )

    def by(self, column: Any) -> SortKey:
        """The same key by a column that holds the same."""
        found = copy(self)
        found.column = column
        return found

    def encode(self, item: object) -> str:
        """The item's value as a cursor holds it."""
        value = self.value(item)
        if value is None:
            return _NULL
        return _VALUE + (value.isoformat() if isinstance(value, datetime) else str(value))

    def decode(self, text: str) -> Value:
        """The value that a cursor holds.

        Raises:
            ValueError: it is none of this key's.
        """
        if text == _NULL and self.nullable:
            return None
        if not text.startswith(_VALUE):
            raise ValueError(text)
        text = text.removeprefix(_VALUE)
        if self.kind is datetime:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError(text)
            return moment
        if self.kind is bool:
            if text not in ("True", "False"):
                raise ValueError(text)
            return text == "True"
        if self.kind is int:
            number = int(text)
            if not -(2**63) <= number < 2**63:
                raise ValueError(text)
            return number
        return UUID(text) if self.kind is UUID else text


class Term(NamedTuple):
    """A sort key, and which way."""

    key: SortKey
    descending: bool

    def __str__(self) -> str:
        return f"-{self.key.name}" if self.descending else self.key.name


class Ordering:
    """What a list can be sorted by.

    Args:
        keys: what callers may name.
        tie: what tells items apart that are the same otherwise; it goes the way of the last key.
        default: how the list is sorted where nobody says.
        note: what else callers should know.
    """

    def __init__(self, *keys: SortKey, tie: SortKey, default: str, note: str = "") -> None:
        self._keys = {key.name: key for key in keys}
        self._tie = tie
        self.default = default
        named = ", ".join(f"`{name}`" for name in self._keys)
        way = (
            f"What to sort by, the most important first, and with `-` the other way round: up to {MAX_SORT} of {named}."
            if len(keys) > 1
            else f"What to sort by: {named}, or with `-` the other way round."
        )
        self.description = " ".join(filter(None, (way, note, f"Where absent: `{default}`.")))

    def parse(self, sort: str | None) -> tuple[Term, ...]:
        """How the list is to be sorted.

        Args:
            sort: as the caller wrote it; None for the default.

        Raises:
            ValueError: it cannot be sorted so; says how it can.
        """
        terms: list[Term] = []
        for part in (self.default if sort is None else sort).split(","):
            name = part.strip()
            key = self._keys.get(name.removeprefix("-"))
            if key is None:
                raise ValueError(f"this list cannot be sorted by '{name}', but by {', '.join(self._keys)}")
            if any(key is term.key for term in terms):
                raise ValueError(f"names '{key.name}' twice")
            terms.append(Term(key, name.startswith("-")))
        if len(terms) > MAX_SORT:
            raise ValueError(f"names {len(terms)} keys; at most {MAX_SORT} can be given")
        if all(term.key is not self._tie for term in terms):
            terms.append(Term(self._tie, terms[-1].descending))
        return tuple(terms)

    def window(self, sort: str | None = None, *, cursor: str | None = None, limit: int) -> Window:
        """A part of the list.

        Args:
            sort: how it is sorted; None for the default.
            cursor: of the page before.
            limit: at most so many items.

        Raises:
            ValueError: the list cannot be sorted so.
            InvalidCursor: the cursor is none of this list, sorted so.
        """
        terms = self.parse(sort)
        return Window(terms, None if cursor is None else _position(terms, cursor), limit)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list, in which order.

    Attributes:
        terms: what it is sorted by; the last tells any two items apart.
        after: the values of the item that comes right before; None at the beginning.
        limit: at most so many items.
    """

    terms: tuple[Term, ...]
    after: tuple[Value, ...] | None
    limit: int

    def of(self, statement: Select[*Columns], instead: Mapping[SortKey, Any] | None = None) -> Select[*Columns]:
        """The statement, sorted, from here on, and for one more item than wanted: it shows whether there are more.

        Args:
            statement: selects what is listed.
            instead: columns that hold the same as those of some keys, and have the index that serves best.
        """
        terms = [
            term._replace(key=term.key.by(instead[term.key])) if instead and term.key in instead else term
            for term in self.terms
        ]
        if self.after is not None:
            statement = statement.where(_beyond(terms, self.after))
        # in the text: of a limit that is a parameter, a plan that is kept could know nothing
        return statement.order_by(*(_ordered(term) for term in terms)).limit(literal_column(str(self.limit + 1)))

    @property
    def shape(self) -> Hashable:
        """What the text of a statement depends on; see ``weftline.features.rows``."""
        after = None if self.after is None else tuple(value is None for value in self.after)
        return self.terms, self.limit, after

    @property
    def values(self) -> dict[str, Any]:
        """The values of the parameters of a statement."""
        return {_after(place): value for place, value in enumerate(self.after or ())}

    def over(self, items: Iterable[Item]) -> Sequence[Item]:
        """The same of a list that is in memory: its items sorted, from here on, and one more than wanted."""
        found = [item for item in items if self.after is None or _is_beyond(self.terms, self.after, item)]
        for term in reversed(self.terms):
            found = _sorted(term, found)
        return found[: self.limit + 1]

    def cut(self, found: Sequence[Item]) -> Sequence[Item]:
        """What was found without the one item more."""
        return found[: self.limit]

    def cursor(self, found: Sequence[Item]) -> str | None:
        """The cursor of the page after what was found; None at the end."""
        if len(found) <= self.limit:
            return None
        return self.cursor_of(found[self.limit - 1])

    def cursor_of(self, item: object) -> str:
        """The cursor of what comes after an item."""
        return encode_cursor([_canonical(self.terms), *(term.key.encode(item) for term in self.terms)])

    def next(self, found: Sequence[object]) -> Window | None:
        """The part that comes after what was found; None where there is none."""
        if len(found) <= self.limit:
            return None
        last = found[self.limit - 1]
        return replace(self, after=tuple(term.key.value(last) for term in self.terms))

    def page(self, found: Sequence[Item], show: Callable[[Item], Out]) -> Page[Out]:
        """What was found as it is answered."""
        return self.page_of(found, [show(item) for item in self.cut(found)])

    def page_of(self, found: Sequence[Any], shown: Iterable[Out]) -> Page[Out]:
        """Of what was found, what the caller may see."""
        return Page(items=list(shown), next_cursor=self.cursor(found))

    def plain_page(self, found: Sequence[Any], shown: Sequence[Mapping[str, Any]]) -> JsonResponse:
        """The same of what is in its wire form already; for lists that are asked for all the time."""
        return JsonResponse({"items": shown, "nextCursor": self.cursor(found)})


class ListQuery(PageQuery):
    """Which part of a list, in which order. A list's own query says what it can be sorted by."""

    order: ClassVar[Ordering]

    sort: Annotated[str | None, Field(max_length=200)] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Let the OpenAPI document show what the list can be sorted by."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.model_fields["sort"].description = cls.order.description

    @field_validator("sort")
    @classmethod
    def _is_possible(cls, sort: str | None) -> str | None:
        cls.order.parse(sort)
        return sort

    def window(self) -> Window:
        """The part.

        Raises:
            InvalidCursor: the cursor is none of this list, sorted so.
        """
        return self.order.window(self.sort, cursor=self.cursor, limit=self.limit)


def _ordered(term: Term) -> ColumnElement[Any]:
    column = term.key.column.desc() if term.descending else term.key.column.asc()
    return column.nulls_last() if term.key.nullable else column


def _beyond(terms: Sequence[Term], after: Sequence[Value]) -> ColumnElement[bool]:
    """Which items come after one, given its values."""
    position = [
        bindparam(_after(place), value, term.key.column.type)
        for place, (term, value) in enumerate(zip(terms, after, strict=True))
    ]
    if not any(term.key.nullable for term in terms) and len({term.descending for term in terms}) == 1:
        # one comparison of rows, which an index answers at once
        columns, values = tuple_(*(term.key.column for term in terms)), tuple_(*position)
        return columns < values if terms[0].descending else columns > values
    steps: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for term, value in zip(terms, position, strict=True):
        column = term.key.column
        if value.value is None:
            equal.append(column.is_(None))
            continue
        further = column < value if term.descending else column > value
        if term.key.nullable:
            further = or_(further, column.is_(None))
        steps.append(and_(*equal, further))
        equal.append(column == value)
    beyond = or_(*steps) if steps else false()
    first, value = terms[0], position[0]
    if first.key.nullable:
        return beyond
    # says nothing new, but an index can begin there
    return and_(first.key.column <= value if first.descending else first.key.column >= value, beyond)


def _sorted(term: Term, items: Iterable[Item]) -> list[Item]:
    """Items by one key; those that are the same by it stay in their order."""
    value: Callable[[Any], Any] = term.key.value
    held: list[Item] = []
    absent: list[Item] = []
    for item in items:
        (absent if value(item) is None else held).append(item)
    return sorted(held, key=value, reverse=term.descending) + absent


def _is_beyond(terms: Sequence[Term], after: Sequence[Value], item: object) -> bool:
    """Whether an item comes after one, given that one's values."""
    for term, position in zip(terms, after, strict=True):
        value: Any = term.key.value(item)
        if value != position:
            if value is None or position is None:
                return value is None
            return value < position if term.descending else value > position
    return False


def _after(place: int) -> str:
    """The name of the parameter for a value of the item that comes right before."""
    return f"after_{place}"


def _canonical(terms: Iterable[Term]) -> str:
    return ",".join(str(term) for term in terms)


def _position(terms: Sequence[Term], cursor: str) -> tuple[Value, ...]:
    order, *parts = decode_cursor(cursor, len(terms) + 1)
    if order != _canonical(terms):
        raise InvalidCursor("The cursor was not handed out by this list, or is of a list that is sorted otherwise.")
    try:
        return tuple(term.key.decode(part) for term, part in zip(terms, parts, strict=True))
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
