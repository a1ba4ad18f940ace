"""Inputs and outputs of the actions of databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from weftline.authoring.errors import ActionError
from weftline.connectors.hosts import MAX_ANSWER_BYTES, invalid, too_large
from weftline.connectors.schema import Schema, anything, choice, flag, given, listing, mapping, record, whole

MAX_ROWS = 10_000

STATEMENT: dict[str, Schema] = {
    "statement": given(
        "One statement, with `:name` where a value belongs. It is written here, and cannot come out of `${ … }`.",
        **{"x-literal": True, "x-lines": 6},
    ),
    "parameters": mapping("The values, by name. Whatever is in them stays a value.", anything("Any JSON.")),
}
_LIMIT = whole("The most rows that are read; more are an error.", minimum=1, maximum=MAX_ROWS, default=1_000)
_ROWS = listing("Objects by column.", {"type": "object"})

QUERY = record({**STATEMENT, "limit": _LIMIT}, ["statement"])
ROWS = record({"rows": _ROWS, "count": whole("How many.")}, ["rows", "count"])
EXECUTE = record(STATEMENT, ["statement"])
INSERT = record(
    {
        "table": given("The table, with its schema where that is needed: `orders` or `shop.orders`."),
        "rows": listing(
            "Objects by column, all with the same columns.", {"type": "object"}, minItems=1, maxItems=1_000
        ),
        "onConflict": choice(
            "What happens to a row whose key is there already: all fail, or it is left out.",
            "fail",
            "ignore",
            default="fail",
        ),
    },
    ["table", "rows"],
)
READ_ONLY = flag("Refuse whatever would change something.", title="Read only", default=False)


class Taken:
    """Rows of an answer, up to what an action may take.

    Args:
        limit: the most rows.
    """

    def __init__(self, limit: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self._limit = limit
        self._room = MAX_ANSWER_BYTES

    def add(self, row: dict[str, Any]) -> None:
        """One more row.

        Raises:
            ActionError: code ``answer_too_large``, ``too_many_rows``.
        """
        if len(self.rows) == self._limit:
            message = f"there are more than {self._limit} rows; a LIMIT in the statement, or a higher 'limit' helps"
            raise ActionError(message, code="too_many_rows", retryable=False)
        self._room -= len(orjson.dumps(row, default=str))
        if self._room < 0:
            raise too_large("the answer")
        self.rows.append(row)


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that all rows have.

    Raises:
        ActionError: code ``invalid_input``: they differ, or there are none.
    """
    columns = list(rows[0])
    if not columns:
        raise invalid("the rows have no columns")
    for number, row in enumerate(rows):
        if row.keys() != rows[0].keys():
            raise invalid(f"row {number} has other columns than the first", row=number)
    return columns


def distinct(columns: Sequence[str]) -> None:
    """Refuse an answer of which columns would get lost.

    Raises:
        ActionError: code ``invalid_input``: two have one name.
    """
    for name in columns:
        if columns.count(name) > 1:
            raise invalid(f"two columns of the answer are called '{name}'; give one another name by AS")
