"""Migrations over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.executions.errors import ExecutionEnded, ExecutionNotFound, TooManyToMigrate, UnknownVersion
from weftline.features.executions.migrating import examples
from weftline.features.executions.migrating.schemas import MigrateBody, MigrationBody, MigrationCheck, MigrationOut
from weftline.features.executions.migrating.service import Migrating
from weftline.features.executions.permissions import MIGRATE
from weftline.features.executions.rest import ExecutionId, Executions, acted, body_like
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.features.workflows.parameters import WorkflowId

Migrator = Annotated[Caller, requires(MIGRATE)]


def migration_routes(executions: Executions, migrating: Migrating) -> APIRouter:
    """The routes of migrations."""
    router = api_router(tag="Executions")

    @router.post(
        "/executions/{execution_id}/migrate",
        summary="Migrate an execution",
        response_class=Response,
        responses={
            **acted(examples.MIGRATED),
            **answers(
                examples.MIGRATED,
                description="The execution afterwards; of a dry run `possible` and `problems`.",
            ),
        }
        | failures(
            ExecutionNotFound, UnknownVersion, ExecutionEnded, "being_undone", "state_would_be_lost", "unusable_version"
        ),
    )
    async def migrate_execution(
        caller: Migrator, execution_id: ExecutionId, body: Annotated[MigrateBody, body_like(examples.MIGRATE)]
    ) -> Response:
        """Lets an execution go on with another published version of its workflow; refused, with every place, where it
        would lose some of its state."""
        if body.dry_run:
            problems = await migrating.problems(caller, execution_id, body.migration())
            answer = MigrationCheck.of(problems).model_dump_json(by_alias=True)
            return Response(answer, media_type="application/json")
        return await executions.after(caller, await migrating.migrate(caller, execution_id, body.migration()))

    @router.post(
        "/workflows/{workflow_id}/migrations",
        status_code=202,
        summary="Migrate a version's executions",
        responses={
            **answers(examples.RESULT, status=202, description="Those that can go on were asked to."),
            **answers(examples.RESULT, description="A dry run: what would come of it."),
        }
        | failures(TooManyToMigrate, UnknownVersion, WorkflowNotFound, "unusable_version"),
    )
    async def migrate_executions(
        caller: Migrator,
        workflow_id: WorkflowId,
        body: Annotated[MigrationBody, body_like(examples.MIGRATION)],
        response: Response,
    ) -> MigrationOut:
        """Lets all executions that run one version go on with another, but for those that would lose state, and for
        those on which the caller lacks the permission."""
        if body.dry_run:
            response.status_code = 200
        result = await migrating.migrate_all(
            caller,
            workflow_id,
            body.from_version,
            body.migration(),
            statuses=body.statuses,
            dry_run=body.dry_run,
        )
        return MigrationOut.of(result)

    return router
