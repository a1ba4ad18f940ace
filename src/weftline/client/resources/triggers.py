"""Triggers, and events for whoever waits for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from weftline.client.models.executions import Delivered
from weftline.client.models.workflows import Backfilled, Fired, Trigger
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Triggers(Resource[Colour]):
    """What starts executions by itself. Definitions declare triggers; here they are watched and stopped."""

    @iteration
    def list(
        self,
        *,
        workflow: str | None = None,
        type: str | Sequence[str] | None = None,
        status: str | Sequence[str] | None = None,
        limit: int | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Listing[Trigger]:
        """Triggers, page by page.

        Args:
            workflow: only this workflow's.
            type: only of this kind, or of one of these.
            status: only those that stand here, or at one of these.
            limit: at most so many; None for all.
            query: further filters of the API.
        """
        wanted = {"workflowId": workflow, "type": texts(type), "status": texts(status), **(query or {})}
        return self._list(Trigger, "triggers", limit=limit, query=wanted)

    @call
    def get(self, id: str) -> Plan[Trigger]:
        """A trigger as it is now."""
        return self._read(Trigger, "GET", "triggers", id)

    @call
    def pause(self, id: str, *, reason: str | None = None) -> Plan[Trigger]:
        """Let a trigger start nothing more."""
        return self._read(Trigger, "POST", "triggers", id, "pause", body=given(reason=reason))

    @call
    def resume(self, id: str) -> Plan[Trigger]:
        """Let a paused trigger go on."""
        return self._read(Trigger, "POST", "triggers", id, "resume")

    @call
    def rotate(self, id: str, *, reason: str | None = None) -> Plan[Trigger]:
        """Give a webhook another address; the one before is not answered any more."""
        return self._read(Trigger, "POST", "triggers", id, "rotate", body=given(reason=reason))

    @call
    def reset(self, id: str, *, reason: str | None = None) -> Plan[Trigger]:
        """Let a trigger of an integration forget how far it has come; what is found again starts a second execution."""
        return self._read(Trigger, "POST", "triggers", id, "reset", body=given(reason=reason))

    @call
    def backfill(self, id: str, since: datetime, until: datetime, *, dry_run: bool = False) -> Plan[Backfilled]:
        """Start what a schedule would have started in a time that has passed.

        Args:
            id: which.
            since, until: the time.
            dry_run: only say what would be started.
        """
        body = {"from": since, "to": until, "dryRun": dry_run}
        return self._read(Backfilled, "POST", "triggers", id, "backfill", body=body)

    @call
    def fire(self, id: str, payload: Any = None) -> Plan[Fired]:
        """Let a trigger start an execution now, with this as what has fired it."""
        return self._read(Fired, "POST", "triggers", id, "fire", body=given(payload=payload))


class Events(Resource[Colour]):
    """Events from outside."""

    @call
    def send(self, name: str, payload: Any = None, *, correlation: str | None = None) -> Plan[Delivered]:
        """Deliver an event to every execution that waits for it, and to the triggers that it fires.

        Args:
            name: the event's.
            payload: what it carries.
            correlation: only to those that wait with this one.
        """
        body = {"name": name, "payload": payload, **given(correlation=correlation)}
        return self._read(Delivered, "POST", "events", body=body)
