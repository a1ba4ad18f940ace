"""What is kept of what was done: the audit log, and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from weftline.client.download import Download
from weftline.client.models.records import AuditEntry, AuditHead, AuditVerification, Statistics, WorkflowStatistics
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan
from weftline.client.request import build


class Audit(Resource[Colour]):
    """The tenant's audit log: who did what, in a chain that shows where it was tampered with."""

    @iteration
    def list(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Listing[AuditEntry]:
        """Entries, the newest first, page by page.

        Args:
            actor: only of this one: an id, or a part of a name.
            action: only of this kind, as ``workflow.published``, or of an area: ``workflow.``.
            resource_type, resource_id: only done to this.
            since, until: only of this time, the first included.
            limit: at most so many; None for all.
            query: further filters of the API.
        """
        wanted = _filter(actor, action, resource_type, resource_id, since, until)
        return self._list(AuditEntry, "audit", limit=limit, query={**wanted, **(query or {})})

    @call
    def get(self, seq: int) -> Plan[AuditEntry]:
        """An entry, by its number."""
        return self._read(AuditEntry, "GET", "audit", seq)

    @call
    def verify(self, *, expect: AuditHead | None = None) -> Plan[AuditVerification]:
        """Find entries that were changed, removed, put in or moved.

        Args:
            expect: the ``head`` of an earlier verification, kept somewhere else: only that tells whether the log's end,
                or all of it, was written anew.
        """
        body = None if expect is None else {"expect": {"seq": expect.seq, "hash": expect.hash}}
        return self._read(AuditVerification, "POST", "audit", "verify", body=body)

    @iteration
    def export(
        self,
        *,
        format: str = "ndjson",
        actor: str | None = None,
        action: str | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Download:
        """Entries as a file, the oldest first: its bytes, piece by piece::

            with open("audit.ndjson", "wb") as file:
                file.writelines(client.audit.export())

        Args:
            format: ``ndjson`` or ``csv``.
            actor, action, resource_type, resource_id, since, until: see :meth:`list`.
        """
        wanted = _filter(actor, action, resource_type, resource_id, since, until)
        return Download(self._session, build("GET", ("audit", "export"), query={"format": format, **wanted}))


class ExecutionStatistics(Resource[Colour]):
    """What became of executions, and how long they took."""

    @call
    def get(
        self,
        *,
        group_by: str | Sequence[str] | None = None,
        workflow: str | None = None,
        version: int | None = None,
        step: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        timezone: str | None = None,
        limit: int | None = None,
    ) -> Plan[Statistics]:
        """Figures of all executions.

        Args:
            group_by: told apart by ``workflow``, ``version``, ``step``, ``day`` or ``hour``, or by several of these.
            workflow, version, step: only of these.
            since, until: only of this time, the first included.
            timezone: where days begin, as ``Europe/Berlin``; None for UTC.
            limit: at most so many groups.
        """
        query = {
            "groupBy": texts(group_by),
            "workflowId": workflow,
            "version": version,
            "stepId": step,
            "from": since,
            "to": until,
            **given(timezone=timezone, limit=limit),
        }
        return self._read(Statistics, "GET", "statistics", query=query)

    @call
    def of_workflow(
        self, id: str, *, version: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Plan[WorkflowStatistics]:
        """Figures of one workflow and its steps.

        Args:
            id: which.
            version: only of this version.
            since, until: only of this time, the first included.
        """
        query = {"version": version, "from": since, "to": until}
        return self._read(WorkflowStatistics, "GET", "workflows", id, "statistics", query=query)


def _filter(
    actor: str | None,
    action: str | None,
    resource_type: str | None,
    resource_id: str | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, Any]:
    return {
        "actor": actor,
        "action": action,
        "resourceType": resource_type,
        "resourceId": resource_id,
        "from": since,
        "to": until,
    }
