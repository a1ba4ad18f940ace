"""Variables: a tenant's, and those of one template."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.shapes import shape, shown
from weftline.features.errors import FieldError
from weftline.features.http.errors import InvalidRequest
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.variables.permissions import READ, WRITE
from weftline.features.variables.rest import page_of
from weftline.features.variables.schemas import NAME, VariableBody, VariableOut, VariableQuery
from weftline.features.variables.service import TENANT

Key: TypeAlias = Annotated[str, strawberry.argument(description="The variable's name.")]
WorkflowId: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="The template whose own it is; absent: the tenant's."),
]
IfMatch: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Act only while its state is this one (REST's `ETag`)."),
]


@shape(VariableOut)
class Variable:
    """A value that expressions see."""


@demand(VariableQuery, without=PAGING)
class VariableFilter:
    """Which variables to list: those that fit everything that is given."""


@demand(VariableBody)
class VariableInput:
    """What a variable is to be."""


@strawberry.type
class VariableQueries:
    """What can be asked of variables."""

    @strawberry.field(description="Variables by name. Of a secret everything is shown but its value.")
    async def variables(
        self,
        info: Info,
        workflow_id: WorkflowId = None,
        filter: Annotated[VariableFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[Variable]:
        """A page of variables."""
        operation = info.context
        await _allow(info, READ, workflow_id)
        query = read(VariableQuery, filter, "filter", limit=first, cursor=after)
        page = await page_of(operation.services.variables, operation.caller, workflow_id or TENANT, query)
        window = query.window()
        cursors = (window.cursor_of(item) for item in page.items)
        return connection(page.items, cursors, end=page.next_cursor, after=after)


@strawberry.type
class VariableActs:
    """What can be done to variables."""

    @strawberry.mutation(description="Makes a variable, or replaces it; a field that is left out gets its default.")
    async def set_variable(
        self, info: Info, key: Key, input: VariableInput, workflow_id: WorkflowId = None, if_match: IfMatch = None
    ) -> Variable:
        """Set a variable."""
        operation = info.context
        await _allow(info, WRITE, workflow_id)
        if not NAME.fullmatch(key):
            message = "must be a letter or '_', then letters, digits and '_', 128 at most"
            raise InvalidRequest([FieldError("/key", message, "string_pattern_mismatch")])
        body, service = read(VariableBody, input, "input"), operation.services.variables
        scope = workflow_id or TENANT
        variable, _ = await service.set(operation.caller, scope, key, body.draft(), expected_etag=if_match)
        return shown(VariableOut.of(variable))

    @strawberry.mutation(description="Removes a variable. Expressions that name it fail from then on.")
    async def delete_variable(
        self, info: Info, key: Key, workflow_id: WorkflowId = None, if_match: IfMatch = None
    ) -> Variable:
        """Remove a variable; what it was."""
        operation = info.context
        await _allow(info, WRITE, workflow_id)
        scope, service = workflow_id or TENANT, operation.services.variables
        return shown(VariableOut.of(await service.remove(operation.caller, scope, key, expected_etag=if_match)))


async def _allow(info: Info, permission: str, workflow_id: str | None) -> None:
    if workflow_id is None:
        await info.context.allow(permission)
    else:
        await info.context.allow(permission, workflow_id=workflow_id)
