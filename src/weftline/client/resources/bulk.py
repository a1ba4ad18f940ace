"""Acts on many executions at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from weftline.client.models.bulk import BulkCount, BulkFailure, BulkOperation
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class BulkOperations(Resource[Colour]):
    """Acts on many executions, which a server carries out by and by."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[BulkOperation]:
        """Operations, the newest first, page by page."""
        return self._list(BulkOperation, "bulk-operations", limit=limit)

    @call
    def get(self, id: str) -> Plan[BulkOperation]:
        """An operation, and how far it is."""
        return self._read(BulkOperation, "GET", "bulk-operations", id)

    @call
    def start(
        self,
        act: str,
        *,
        status: str | Sequence[str] | None = None,
        workflow: str | None = None,
        tag: str | None = None,
        attributes: Mapping[str, object] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        ids: Sequence[str] | None = None,
        reason: str | None = None,
    ) -> Plan[BulkOperation]:
        """Act on every execution that fits everything that is given.

        Args:
            act: ``cancel``, ``pause``, ``resume``, ``retry`` or ``rollback``.
            status, workflow, tag, attributes, created_after, created_before: as of ``client.executions.list``.
            ids: only on these.
            reason: why; it is recorded.
        """
        filter = _filter(status, workflow, tag, attributes, created_after, created_before, ids)
        body = {"act": act, "filter": filter, **given(reason=reason)}
        return self._read(BulkOperation, "POST", "bulk-operations", body=body)

    @call
    def count(
        self,
        act: str,
        *,
        status: str | Sequence[str] | None = None,
        workflow: str | None = None,
        tag: str | None = None,
        attributes: Mapping[str, object] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        ids: Sequence[str] | None = None,
    ) -> Plan[BulkCount]:
        """How many executions :meth:`start` would act on. Nothing is done."""
        filter = _filter(status, workflow, tag, attributes, created_after, created_before, ids)
        body = {"act": act, "filter": filter, "dryRun": True}
        return self._read(BulkCount, "POST", "bulk-operations", body=body)

    @call
    def cancel(self, id: str) -> Plan[BulkOperation]:
        """Act on no further executions."""
        return self._read(BulkOperation, "POST", "bulk-operations", id, "cancel")

    @iteration
    def failures(self, id: str, *, limit: int | None = None) -> Listing[BulkFailure]:
        """The executions on which it could not be acted."""
        return self._list(BulkFailure, "bulk-operations", id, "failures", limit=limit)


def _filter(
    status: str | Sequence[str] | None,
    workflow: str | None,
    tag: str | None,
    attributes: Mapping[str, object] | None,
    created_after: datetime | None,
    created_before: datetime | None,
    ids: Sequence[str] | None,
) -> dict[str, Any]:
    named = None if attributes is None else [f"{name}:{value}" for name, value in attributes.items()]
    return given(
        status=texts(status),
        workflowId=workflow,
        tag=tag,
        attribute=named,
        createdAfter=created_after,
        createdBefore=created_before,
        ids=ids,
    )
