"""Tasks of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.bulk import BulkResult
from weftline.client.models.people import Comment, Delegation, Task, TaskLink, Vote
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Tasks(Resource[Colour]):
    """What people have to do."""

    @iteration
    def list(
        self,
        *,
        mine: bool | None = None,
        status: str | Sequence[str] | None = None,
        assignee: str | None = None,
        execution: str | None = None,
        workflow: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Listing[Task]:
        """Tasks, page by page.

        Args:
            mine: only those that wait for whoever asks.
            status: only those that stand here, or at one of these.
            assignee: only those of this user, group or role.
            execution, workflow: only those of it.
            sort: by which fields, ``-`` before one that falls, as ``-createdAt``.
            limit: at most so many; None for all.
            query: further filters of the API.
        """
        wanted = {
            "mine": mine,
            "status": texts(status),
            "assignee": assignee,
            "executionId": execution,
            "workflowId": workflow,
            "sort": sort,
            **(query or {}),
        }
        return self._list(Task, "tasks", limit=limit, query=wanted)

    @call
    def get(self, id: str) -> Plan[Task]:
        """A task as it is now."""
        return self._read(Task, "GET", "tasks", id)

    @call
    def claim(self, id: str) -> Plan[Task]:
        """Take a task on: nobody else can complete it then."""
        return self._read(Task, "POST", "tasks", id, "claim")

    @call
    def release(self, id: str) -> Plan[Task]:
        """Give a task back to all who may do it."""
        return self._read(Task, "POST", "tasks", id, "release")

    @call
    def complete(
        self,
        id: str,
        data: Mapping[str, Any] | None = None,
        *,
        outcome: str | None = None,
        comment: str | None = None,
    ) -> Plan[Task]:
        """Complete a task; the execution goes on with what is given.

        Args:
            id: which.
            data: what was filled in.
            outcome: what was decided, one of the task's outcomes.
            comment: stays with the task.
        """
        body = given(data=data, outcome=outcome, comment=comment)
        return self._read(Task, "POST", "tasks", id, "complete", body=body)

    @call
    def delegate(self, id: str, to: str, *, reason: str | None = None) -> Plan[Task]:
        """Let somebody else do a task that waits for you.

        Args:
            id: which.
            to: e-mail address or id of whoever is to do it.
            reason: why; it is recorded.
        """
        return self._read(Task, "POST", "tasks", id, "delegate", body=given(to=to, reason=reason))

    @call
    def reassign(self, id: str, assign_to: Sequence[str], *, reason: str | None = None) -> Plan[Task]:
        """Let others do a task, whoever it waits for."""
        body = given(assignTo=assign_to, reason=reason)
        return self._read(Task, "POST", "tasks", id, "reassign", body=body)

    @call
    def bulk(self, items: Sequence[Mapping[str, Any]]) -> Plan[BulkResult]:
        """Act on several tasks, each by itself.

        Args:
            items: as the API takes them: ``{"act": "claim", "id": …}``; up to 100.
        """
        return self._read(BulkResult, "POST", "tasks", "bulk", body={"items": items})

    @call
    def send_link(self, id: str, user: str, *, outcome: str | None = None) -> Plan[TaskLink]:
        """Send somebody a mail by which they complete a task without signing in.

        Args:
            id: which.
            user: who, by id.
            outcome: what the link decides; None lets them choose.
        """
        return self._read(TaskLink, "POST", "tasks", id, "links", body={"user": user, **given(outcome=outcome)})

    @iteration
    def votes(self, id: str, *, limit: int | None = None) -> Listing[Vote]:
        """What was decided so far on a task that several must agree on."""
        return self._list(Vote, "tasks", id, "votes", limit=limit)

    @iteration
    def delegations(self, id: str, *, limit: int | None = None) -> Listing[Delegation]:
        """Who has passed a task to whom."""
        return self._list(Delegation, "tasks", id, "delegations", limit=limit)

    @iteration
    def comments(self, id: str, *, limit: int | None = None) -> Listing[Comment]:
        """What was said about a task."""
        return self._list(Comment, "tasks", id, "comments", limit=limit)

    @call
    def comment(self, id: str, text: str) -> Plan[Comment]:
        """Say something about a task."""
        return self._read(Comment, "POST", "tasks", id, "comments", body={"text": text})
