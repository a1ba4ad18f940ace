"""What can be done to templates."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias, cast

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.loaders import TemplateView
from weftline.api.graphql.scalars import JSON
from weftline.api.graphql.shapes import shape, shown
from weftline.api.graphql.types.workflows import Number, WorkflowTemplate
from weftline.features.errors import FieldError
from weftline.features.http.errors import InvalidRequest
from weftline.features.workflows.changing import Workflow
from weftline.features.workflows.dialects import in_terms_of, read_dialect
from weftline.features.workflows.errors import InvalidDefinition, NotConvertible
from weftline.features.workflows.permissions import CREATE, PUBLISH, READ, RETIRE, WRITE
from weftline.features.workflows.schemas import ProblemOut, PublishedVersion, ValidationOut
from weftline.language.dialects import located

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The template's id.")]
Definition: TypeAlias = Annotated[JSON, strawberry.argument(description="The definition, an object.")]
Dialect: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="In which it is written: `nodes`, `designer`, `steps`, `market`; absent: our own."),
]
IfMatch: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Act only while the template's `etag` is this one.")
]
Reason: TypeAlias = Annotated[str | None, strawberry.argument(description="Why; the audit log keeps it.")]
Change: TypeAlias = Annotated[str | None, strawberry.argument(description="What changed.")]


@shape(ValidationOut)
class DefinitionCheck:
    """What is wrong with a definition."""


@shape(PublishedVersion, without={"definition"})
class Publication:
    """The version that new executions run from now on."""


@strawberry.type
class TemplateActQueries:
    """What would be wrong with templates."""

    @strawberry.field(description="Says everything that is wrong with a definition, at once. Nothing is stored.")
    async def definition_check(self, info: Info, definition: Definition, dialect: Dialect = None) -> DefinitionCheck:
        """Check a definition."""
        operation = info.context
        await operation.allow(READ, listing=True)
        try:
            reading = await read_dialect(_object(definition), dialect)
            problems = located(
                await operation.services.workflows.problems(operation.caller.tenant_id, reading.definition), reading
            )
        except (InvalidDefinition, NotConvertible) as error:
            problems = error.errors
        shown_problems = [ProblemOut.model_validate(problem) for problem in problems]
        return shown(ValidationOut(valid=not shown_problems, problems=shown_problems))


@strawberry.type
class TemplateActs:
    """What can be done to templates."""

    @strawberry.mutation(
        description="Stores a definition as the draft of a new template under the definition's own id."
    )
    async def create_workflow_template(
        self, info: Info, definition: Definition, dialect: Dialect = None
    ) -> WorkflowTemplate:
        """Create a template."""
        operation = info.context
        await operation.allow(CREATE)
        reading = await read_dialect(_object(definition), dialect)
        made = operation.services.workflows.create(operation.caller.tenant_id, reading.definition)
        return _template(await in_terms_of(reading, made))

    @strawberry.mutation(
        description="Replaces the draft; where the latest version is published, a new draft version is made."
    )
    async def update_workflow_template(
        self, info: Info, id: Id, definition: Definition, dialect: Dialect = None, if_match: IfMatch = None
    ) -> WorkflowTemplate:
        """Change a template."""
        operation = info.context
        await operation.allow(WRITE, workflow_id=id)
        reading = await read_dialect(_object(definition), dialect)
        replaced = operation.services.workflows.replace(
            operation.caller.tenant_id, id, reading.definition, expected_etag=if_match
        )
        return _template(await in_terms_of(reading, replaced))

    @strawberry.mutation(
        description="Makes the latest version immutable and the one that new executions run. Safe to repeat."
    )
    async def publish_workflow_template(
        self, info: Info, id: Id, change_description: Change = None, if_match: IfMatch = None
    ) -> Publication:
        """Publish the latest version."""
        operation = info.context
        await operation.allow(PUBLISH, workflow_id=id)
        publication = await operation.services.workflows.publishing.publish(
            operation.caller.tenant_id, id, change_description, expected_etag=if_match
        )
        return shown(PublishedVersion.of(publication))

    @strawberry.mutation(description="Publishes a new version with the definition of an earlier one. Safe to repeat.")
    async def rollback_workflow_template(
        self, info: Info, id: Id, number: Number, change_description: Change = None, if_match: IfMatch = None
    ) -> Publication:
        """Go back to a version."""
        operation = info.context
        await operation.allow(PUBLISH, workflow_id=id)
        publication = await operation.services.workflows.publishing.roll_back(
            operation.caller.tenant_id, id, number, change_description, expected_etag=if_match
        )
        return shown(PublishedVersion.of(publication))

    @strawberry.mutation(description="Says that a template should be used no longer; it still starts executions.")
    async def deprecate_workflow_template(
        self, info: Info, id: Id, reason: Reason = None, if_match: IfMatch = None
    ) -> WorkflowTemplate:
        """Deprecate a template."""
        operation = info.context
        await operation.allow(RETIRE, workflow_id=id)
        lifecycle = operation.services.workflows.lifecycle
        return _template(await lifecycle.deprecate(operation.caller.tenant_id, id, reason, expected_etag=if_match))

    @strawberry.mutation(description="Puts a template away: it starts no executions; those that run go on.")
    async def archive_workflow_template(
        self, info: Info, id: Id, reason: Reason = None, if_match: IfMatch = None
    ) -> WorkflowTemplate:
        """Archive a template."""
        operation = info.context
        await operation.allow(RETIRE, workflow_id=id)
        lifecycle = operation.services.workflows.lifecycle
        return _template(await lifecycle.archive(operation.caller.tenant_id, id, reason, expected_etag=if_match))

    @strawberry.mutation(description="Brings an archived or deprecated template back.")
    async def restore_workflow_template(
        self, info: Info, id: Id, reason: Reason = None, if_match: IfMatch = None
    ) -> WorkflowTemplate:
        """Restore a template."""
        operation = info.context
        await operation.allow(RETIRE, workflow_id=id)
        lifecycle = operation.services.workflows.lifecycle
        return _template(await lifecycle.restore(operation.caller.tenant_id, id, reason, expected_etag=if_match))


def _template(workflow: Workflow) -> WorkflowTemplate:
    return shown(TemplateView.model_validate(workflow.template))


def _object(definition: object) -> dict[str, Any]:
    """A definition that is an object.

    Raises:
        InvalidRequest: it is none.
    """
    if not isinstance(definition, dict):
        raise InvalidRequest([FieldError("/definition", "must be an object", "type_mismatch")])
    return cast("dict[str, Any]", definition)
