"""Variables and secrets: values that definitions name instead of holding them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.bulk import BulkResult
from weftline.client.models.workflows import Variable
from weftline.client.operations import Colour, Resource, call, iteration
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Variables(Resource[Colour]):
    """Values that expressions see as ``vars``: the tenant's, or a workflow's own where one is named."""

    @iteration
    def list(self, *, workflow: str | None = None, q: str | None = None, limit: int | None = None) -> Listing[Variable]:
        """Variables by name, page by page; secrets without their values.

        Args:
            workflow: whose; None for the tenant's.
            q: only those with this text in their name.
            limit: at most so many; None for all.
        """
        return self._list(Variable, *_place(workflow), limit=limit, query={"q": q})

    @call
    def get(self, key: str, *, workflow: str | None = None) -> Plan[Variable]:
        """A variable; a secret without its value."""
        return self._read(Variable, "GET", *_place(workflow), key)

    @call
    def set(
        self,
        key: str,
        value: Any,
        *,
        type: str = "STRING",
        description: str | None = None,
        workflow: str | None = None,
    ) -> Plan[Variable]:
        """Give a variable a value, and make it where it is not there.

        Args:
            key: its name.
            value: fits the type.
            type: ``STRING``, ``NUMBER``, ``BOOLEAN``, ``JSON``, or ``SECRET``, which is never shown again.
            description: what it is for.
            workflow: whose; None for the tenant's.
        """
        body = {"type": type, "value": value, "description": description}
        return self._read(Variable, "PUT", *_place(workflow), key, body=body)

    @call
    def bulk(self, items: Sequence[Mapping[str, Any]], *, workflow: str | None = None) -> Plan[BulkResult]:
        """Act on several variables, each by itself.

        Args:
            items: as the API takes them: ``{"act": "set", "key": …, "value": …}``; up to 100.
            workflow: whose; None for the tenant's.
        """
        return self._read(BulkResult, "POST", *_place(workflow), "bulk", body={"items": items})

    @call
    def delete(self, key: str, *, workflow: str | None = None) -> Plan[Variable]:
        """Forget a variable; returns what it was."""
        return self._read(Variable, "DELETE", *_place(workflow), key)


def _place(workflow: str | None) -> tuple[str, ...]:
    return ("variables",) if workflow is None else ("workflows", workflow, "variables")
