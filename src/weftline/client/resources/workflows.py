"""Workflows and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from weftline.client.errors import Conflict
from weftline.client.models.access import WorkflowPermissions
from weftline.client.models.catalogue import Catalogue, CheckedExpression, ExpressionScope
from weftline.client.models.workflows import (
    Comparison,
    Conversion,
    Migration,
    ProcessMap,
    PublishedVersion,
    Trial,
    Validation,
    Version,
    Workflow,
    WorkingCopy,
)
from weftline.client.operations import Colour, Resource, call, given, iteration
from weftline.client.paging import Listing
from weftline.client.plan import Plan
from weftline.client.request import Text

Definition = Mapping[str, Any] | str
"""A workflow's definition: an object, or YAML or JSON text."""

EXISTS = "workflow_exists"
"""Code of the answer to the creation of a workflow whose id is taken."""


class Workflows(Resource[Colour]):
    """Workflows: what they are, and which version of each is run."""

    @iteration
    def list(
        self,
        *,
        status: str | None = None,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Listing[Workflow]:
        """Workflows, page by page.

        Args:
            status: only those that stand here.
            q: only those with this text in id or name.
            sort: by which fields, ``-`` before one that falls, as ``-updatedAt``.
            limit: at most so many; None for all.
            query: further filters of the API.
        """
        wanted = {"status": status, "q": q, "sort": sort, **(query or {})}
        return self._list(Workflow, "workflows", limit=limit, query=wanted)

    @call
    def get(self, id: str, *, version: int | None = None) -> Plan[Workflow]:
        """A workflow with one of its versions: this one, else the newest."""
        return self._read(Workflow, "GET", "workflows", id, query={"version": version})

    @call
    def create(self, definition: Definition, *, dialect: str | None = None) -> Plan[Workflow]:
        """Store a new workflow as a draft.

        Args:
            definition: what it does.
            dialect: the language of the definition; None for Weftline's own.

        Raises:
            Invalid: the definition is not valid; ``errors`` say where.
            Conflict: there is a workflow of this id.
        """
        return self._read(Workflow, "POST", "workflows", body=_body(definition), query={"dialect": dialect})

    @call
    def update(
        self, id: str, definition: Definition, *, dialect: str | None = None, if_match: str | None = None
    ) -> Plan[Workflow]:
        """Store another definition of a workflow as its newest version.

        Args:
            id: which.
            definition: what it is to do.
            dialect: see :meth:`create`.
            if_match: the ``ETag`` that it must still have.
        """
        return self._read(
            Workflow,
            "PUT",
            "workflows",
            id,
            body=_body(definition),
            query={"dialect": dialect},
            headers=given(**{"If-Match": if_match}),
        )

    @call
    def validate(self, definition: Definition, *, dialect: str | None = None) -> Plan[Validation]:
        """Everything that is wrong with a definition. Nothing is stored."""
        return self._read(
            Validation, "POST", "workflows", "validate", body=_body(definition), query={"dialect": dialect}
        )

    @call
    def convert(
        self, definition: Definition, *, source: str = "auto", target: str = "native", partial: bool = False
    ) -> Plan[Conversion]:
        """A document of one dialect in another. Nothing is stored.

        Args:
            definition: the document.
            source: the dialect that it is written in; ``auto``: the one that it shows.
            target: the dialect to write.
            partial: convert the rest where something is unsupported; ``notes`` tell.

        Raises:
            Invalid: it is not valid, or says what is unsupported; ``errors`` say where.
        """
        query = {"from": source, "to": target, "partial": partial}
        return self._read(Conversion, "POST", "workflows", "convert", body=_body(definition), query=query)

    @call
    def catalogue(self) -> Plan[Catalogue]:
        """What a definition can be made of: kinds of nodes and triggers, actions, and dialects."""
        return self._read(Catalogue, "GET", "catalogue")

    @call
    def definition_schema(self) -> Plan[dict[str, Any]]:
        """The JSON Schema of a definition."""
        return (yield from self._ask("GET", "catalogue", "definition-schema")).body

    @call
    def scope(self, definition: Mapping[str, Any], pointer: str) -> Plan[ExpressionScope]:
        """What an expression at a place in a definition can use.

        Args:
            definition: it may be incomplete.
            pointer: JSON pointer to the place, as ``/nodes/3/when``.
        """
        body = {"definition": definition, "pointer": pointer}
        return self._read(ExpressionScope, "POST", "workflows", "scope", body=body)

    @call
    def check_expression(
        self, definition: Mapping[str, Any], pointer: str, expression: str, *, syntax: str | None = None
    ) -> Plan[CheckedExpression]:
        """What is wrong with an expression, were it to stand at a place in a definition.

        Args:
            definition: it may be incomplete.
            pointer: JSON pointer to the place.
            expression: CEL, or text with ``${ … }``.
            syntax: ``expression`` or ``template``; None: as the place has it.
        """
        body = {"definition": definition, "pointer": pointer, "expression": expression, **given(syntax=syntax)}
        return self._read(CheckedExpression, "POST", "expressions", "check", body=body)

    @call
    def trial(
        self,
        definition: Mapping[str, Any],
        input: Mapping[str, Any] | None = None,
        *,
        mocks: Mapping[str, Any] | None = None,
        answers: Mapping[str, Any] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
        max_steps: int | None = None,
        until: str | float | None = None,
    ) -> Plan[Trial]:
        """Run a definition in memory, by a clock that jumps, with nothing outside touched.

        Args:
            definition: it need not be stored.
            input: of the execution.
            mocks: by an action's name, a node's or a workflow's id: ``{"output": …}`` or ``{"error": "code"}``.
            answers: by the id of a human task's node: ``{"outcome": …, "data": {…}}``, or several.
            events: signals and events: ``{"name": …, "payload": …}``; each comes once something waits for it.
            max_steps: after which to stop.
            until: how long to go on, by the trial's clock.

        Raises:
            Invalid: the definition is not valid, or what is to happen cannot happen.
        """
        body = {"definition": definition, **given(input=input, mocks=mocks, answers=answers)}
        body |= given(events=list(events) or None, maxSteps=max_steps, until=until)
        return self._read(Trial, "POST", "workflows", "trial", body=body)

    @call
    def process_map(
        self,
        id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        version: int | None = None,
        limit: int | None = None,
    ) -> Plan[ProcessMap]:
        """How a workflow's latest executions went: which ways they took, how often, how long it took.

        Args:
            id: which.
            since, until: of those made from then on, and before then.
            version: of this version; None: the published one.
            limit: so many executions at most; None: 1,000.
        """
        query = {"from": since, "to": until, "version": version, "limit": limit}
        return self._read(ProcessMap, "GET", "workflows", id, "process-map", query=query)

    @iteration
    def working_copies(self, workflow: str | None = None, *, limit: int | None = None) -> Listing[WorkingCopy]:
        """What people are at work on, without definitions: whoever asks, or everybody on one workflow.

        Args:
            workflow: its id.
            limit: at most so many; None for all.
        """
        return self._list(WorkingCopy, "working-copies", limit=limit, query={"workflowId": workflow})

    @call
    def working_copy(self, id: str) -> Plan[WorkingCopy]:
        """What whoever asks saved of a workflow last."""
        return self._read(WorkingCopy, "GET", "working-copies", id)

    @call
    def save_working_copy(
        self,
        id: str,
        definition: Mapping[str, Any],
        *,
        based_on_version: int | None = None,
        based_on_etag: str | None = None,
        if_match: str | None = None,
    ) -> Plan[WorkingCopy]:
        """Keep a definition that need not be complete. The workflow itself stays as it is.

        Args:
            id: of the workflow, which need not exist.
            definition: any JSON object.
            based_on_version, based_on_etag: the version and the workflow's ``ETag`` that its author began with.
            if_match: the ``ETag`` that the working copy must still have.
        """
        body = {"definition": definition, **given(basedOnVersion=based_on_version, basedOnEtag=based_on_etag)}
        headers = given(**{"If-Match": if_match})
        return self._read(WorkingCopy, "PUT", "working-copies", id, body=body, headers=headers)

    @call
    def remove_working_copy(self, id: str) -> Plan[WorkingCopy]:
        """Remove what whoever asks saved of a workflow."""
        return self._read(WorkingCopy, "DELETE", "working-copies", id)

    @call
    def publish(self, id: str, *, change_description: str | None = None) -> Plan[PublishedVersion]:
        """Make a workflow's newest version the one that new executions run."""
        body = {"changeDescription": change_description}
        return self._read(PublishedVersion, "POST", "workflows", id, "publish", body=body)

    @call
    def deploy(
        self, definition: Definition, *, change_description: str | None = None, dialect: str | None = None
    ) -> Plan[Workflow]:
        """Create or update a workflow, and publish it. A definition that did not change makes no new version.

        Args:
            definition: what it does; an object, where the workflow exists already.
            change_description: what changed.
            dialect: see :meth:`create`.

        Returns:
            The workflow with the version that is published.
        """
        options: dict[str, Any] = {"body": _body(definition), "query": {"dialect": dialect}}
        try:
            stored = yield from self._read(Workflow, "POST", "workflows", **options)
        except Conflict as conflict:
            if conflict.code != EXISTS or not isinstance(definition, Mapping):
                raise
            stored = yield from self._read(Workflow, "PUT", "workflows", definition["id"], **options)
        body = {"changeDescription": change_description}
        version = yield from self._read(PublishedVersion, "POST", "workflows", stored.id, "publish", body=body)
        query = {"version": version.version_number}
        return (yield from self._read(Workflow, "GET", "workflows", stored.id, query=query))

    @iteration
    def versions(self, id: str, *, limit: int | None = None) -> Listing[Version]:
        """A workflow's versions, the newest first."""
        return self._list(Version, "workflows", id, "versions", limit=limit)

    @call
    def version(self, id: str, number: int) -> Plan[Version]:
        """A version of a workflow, with its definition."""
        return self._read(Version, "GET", "workflows", id, "versions", number)

    @call
    def compare(self, id: str, *, before: int | None = None, after: int | None = None) -> Plan[Comparison]:
        """How two versions of a workflow differ.

        Args:
            id: which.
            before, after: their numbers; None for the published version and the newest one.
        """
        return self._read(Comparison, "GET", "workflows", id, "versions", "diff", query={"from": before, "to": after})

    @call
    def migrate(
        self,
        id: str,
        from_version: int,
        to_version: int,
        *,
        nodes: Mapping[str, str] | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> Plan[Migration]:
        """Let a version's executions go on with another one.

        Args:
            id: of which workflow.
            from_version, to_version: the versions.
            nodes: new ids of nodes by their old ones, where they have changed.
            reason: why; it is recorded.
            dry_run: only say for how many it is possible.
        """
        body = {"fromVersion": from_version, "toVersion": to_version, "dryRun": dry_run}
        body |= given(nodes=nodes, reason=reason)
        return self._read(Migration, "POST", "workflows", id, "migrations", body=body)

    @call
    def permissions(self, id: str) -> Plan[WorkflowPermissions]:
        """Who may start and see a workflow's executions besides those who may with any."""
        return self._read(WorkflowPermissions, "GET", "workflows", id, "permissions")

    @call
    def set_permissions(
        self, id: str, *, users: Sequence[str] = (), roles: Sequence[str] = ()
    ) -> Plan[WorkflowPermissions]:
        """Say anew who may start and see a workflow's executions, by their ids."""
        body = {"userIds": users, "roleIds": roles}
        return self._read(WorkflowPermissions, "PUT", "workflows", id, "permissions", body=body)

    @call
    def roll_back(self, id: str, number: int, *, change_description: str | None = None) -> Plan[PublishedVersion]:
        """Publish a version that repeats an earlier one."""
        body = {"changeDescription": change_description}
        return self._read(PublishedVersion, "POST", "workflows", id, "versions", number, "rollback", body=body)

    @call
    def deprecate(self, id: str, *, reason: str | None = None) -> Plan[Workflow]:
        """Warn whoever starts a workflow."""
        return self._read(Workflow, "POST", "workflows", id, "deprecate", body={"reason": reason})

    @call
    def archive(self, id: str, *, reason: str | None = None) -> Plan[Workflow]:
        """Start no more executions of a workflow."""
        return self._read(Workflow, "POST", "workflows", id, "archive", body={"reason": reason})

    @call
    def restore(self, id: str, *, reason: str | None = None) -> Plan[Workflow]:
        """Take a workflow out of the archive, or its warning back."""
        return self._read(Workflow, "POST", "workflows", id, "restore", body={"reason": reason})


def _body(definition: Definition) -> Any:
    if isinstance(definition, str):
        return Text(definition.encode(), "application/yaml")
    return definition
