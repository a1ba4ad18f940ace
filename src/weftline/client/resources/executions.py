"""Executions: starting, finding and awaiting them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from weftline.client.batching import BatchStarting, Start
from weftline.client.errors import WaitTimedOut
from weftline.client.models.executions import Event, Execution, FoundStep, Step
from weftline.client.models.messages import Notification
from weftline.client.models.workflows import Version
from weftline.client.operations import Colour, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan
from weftline.client.resources.acts import Acts
from weftline.client.waiting import Waiting

MAX_WAIT = 60.0
"""Seconds that the server waits for an execution's end at most."""


class Executions(Acts[Colour]):
    """Executions of workflows."""

    @iteration
    def list(
        self,
        *,
        workflow: str | None = None,
        status: str | Sequence[str] | None = None,
        tag: str | None = None,
        attributes: Mapping[str, object] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        sort: str | None = None,
        limit: int | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Listing[Execution]:
        """Executions, the newest first, page by page.

        Args:
            workflow: only this workflow's.
            status: only those that stand here, or at one of these.
            tag: only with this label.
            attributes: only with these search attributes.
            created_after, created_before: only those of this time, the first included.
            sort: by which fields, ``-`` before one that falls, as ``-createdAt``.
            limit: at most so many; None for all.
            query: further filters of the API.
        """
        wanted = {
            "workflowId": workflow,
            "status": texts(status),
            "tag": tag,
            "attribute": [f"{name}:{value}" for name, value in (attributes or {}).items()],
            "createdAfter": created_after,
            "createdBefore": created_before,
            "sort": sort,
            **(query or {}),
        }
        return self._list(Execution, "executions", limit=limit, query=wanted)

    @call
    def get(self, id: str) -> Plan[Execution]:
        """An execution as it is now."""
        return self._read(Execution, "GET", "executions", id)

    @call
    def start(
        self,
        workflow: str,
        input: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        tags: Sequence[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        priority: int | None = None,
        context: Mapping[str, Any] | None = None,
        wait: float | None = None,
    ) -> Plan[Execution]:
        """Start an execution.

        Args:
            workflow: a published workflow's id.
            input: what goes in.
            idempotency_key: a second start under the same key finds the first. Without one, each call starts one
                execution, however often it has to be sent.
            tags, attributes: what it can be found by.
            priority: 9 runs first, 0 last.
            context: what its actions are told of whom it runs for.
            wait: seconds to wait for its end; it is returned as it then stands.
        """
        demand = Start(input or {}, idempotency_key, tags, attributes, priority, context)
        first = min(wait or 0.0, MAX_WAIT)
        execution = yield from self._read(
            Execution,
            "POST",
            "workflows",
            workflow,
            "executions",
            body=demand.body(),
            query=given(wait=first or None),
            # a key of the caller's own is in the body, where the server keeps it for good
            is_keyed=idempotency_key is None,
            is_repeatable=idempotency_key is not None,
            patience=first,
        )
        if wait is None or wait <= first or execution.has_ended:
            return execution
        try:
            return (yield from self._awaited(execution.id, wait - first, ()))
        except WaitTimedOut as late:
            return late.execution

    @iteration
    def start_many(
        self, workflow: str, starts: Iterable[Mapping[str, Any] | Start] | AsyncIterable[Mapping[str, Any] | Start]
    ) -> BatchStarting:
        """Start many executions, a thousand in each request. What is started is read, and sent, as far as somebody
        asks for the results; several requests do not make one transaction.

        Args:
            workflow: a published workflow's id.
            starts: the inputs, or :class:`Start` where there is more to say; any number. An ``AsyncClient`` also takes
                an asynchronous iterable.

        Returns:
            For each start, in order, the id of its execution, or why there is none.
        """
        return BatchStarting(self._session, workflow, starts)

    @call
    def wait(self, id: str, timeout: float | None = None, *, until: Collection[str] = ()) -> Plan[Execution]:
        """Wait until an execution has ended.

        Args:
            id: which.
            timeout: seconds to wait at most; None for ever.
            until: statuses besides the last ones that are waited for, as ``{"waiting"}``.

        Raises:
            WaitTimedOut: it has not ended in time; it goes on.
        """
        return self._awaited(id, timeout, until)

    @iteration
    def events(self, id: str, *, after: int | None = None, limit: int | None = None) -> Listing[Event]:
        """An execution's log, in order.

        Args:
            id: which.
            after: only what came after the fact of this number.
            limit: at most so many; None for all.
        """
        return self._list(Event, "executions", id, "events", limit=limit, query=given(after=after), cursor_name="after")

    @iteration
    def steps(self, id: str, *, limit: int | None = None) -> Listing[Step]:
        """An execution's steps, in the order in which they began."""
        return self._list(Step, "executions", id, "steps", limit=limit)

    @iteration
    def find_steps(
        self,
        *,
        workflow: str | None = None,
        step: str | None = None,
        type: str | None = None,
        status: str | Sequence[str] | None = None,
        error_code: str | None = None,
        started_after: datetime | None = None,
        started_before: datetime | None = None,
        limit: int | None = None,
    ) -> Listing[FoundStep]:
        """Steps of all executions, the newest executions first.

        Args:
            workflow: only of this workflow's executions.
            step: only of this node.
            type: only of nodes of this type.
            status: only those that stand here, or at one of these.
            error_code: only those that failed by it.
            started_after, started_before: only those of this time.
            limit: at most so many; None for all.
        """
        query = {
            "workflowId": workflow,
            "stepId": step,
            "stepType": type,
            "status": texts(status),
            "errorCode": error_code,
            "startedAfter": started_after,
            "startedBefore": started_before,
        }
        return self._list(FoundStep, "step-executions", limit=limit, query=query)

    @call
    def definition(self, id: str) -> Plan[Version]:
        """The version that an execution runs, with its definition."""
        return self._read(Version, "GET", "executions", id, "definition")

    @iteration
    def notifications(self, id: str, *, limit: int | None = None) -> Listing[Notification]:
        """Whom it was, or is about to be, told that an execution has failed."""
        return self._list(Notification, "executions", id, "notifications", limit=limit)

    @iteration
    def children(self, id: str, *, limit: int | None = None) -> Listing[Execution]:
        """The executions that an execution has started."""
        return self._list(Execution, "executions", id, "children", limit=limit)

    @call
    def update(
        self,
        id: str,
        *,
        tags: Sequence[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        priority: int | None = None,
    ) -> Plan[Execution]:
        """Change what an execution can be found by, or how soon it runs."""
        body = given(tags=tags, attributes=attributes, priority=priority)
        return self._read(Execution, "PATCH", "executions", id, body=body)

    def _awaited(self, id: str, timeout: float | None, until: Collection[str]) -> Plan[Execution]:
        def look() -> Plan[Execution]:
            return self._read(Execution, "GET", "executions", id)

        return Waiting(self._session, id, look, timeout, until).run()
