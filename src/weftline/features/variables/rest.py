"""Variables over HTTP: a tenant's, and those of one workflow."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.variables import examples
from weftline.features.variables.bulk_rest import add_bulk_routes
from weftline.features.variables.errors import (
    InvalidVariable,
    SystemVariable,
    TooManyVariables,
    VariableChanged,
    VariableExists,
    VariableNotFound,
)
from weftline.features.variables.models import Variable
from weftline.features.variables.parameters import Reader, Scope, VariableKey, Writer, in_workflow
from weftline.features.variables.schemas import (
    NewVariableBody,
    VariableBody,
    VariableOut,
    VariablePatch,
    VariableQuery,
)
from weftline.features.variables.service import TENANT, VariableService
from weftline.features.workflows.errors import WorkflowNotFound


def variable_routes(service: VariableService) -> tuple[APIRouter, ...]:
    """The routes of variables, a tenant's and a workflow's."""
    of_tenant = api_router("/variables", tag="Variables")
    of_workflow = api_router("/workflows/{workflow_id}/variables", tag="Variables", dependencies=[Depends(in_workflow)])
    _add_routes(of_tenant, service, "", "the tenant's")
    _add_routes(of_workflow, service, "workflow_", "the workflow's own")
    return of_tenant, of_workflow


async def page_of(service: VariableService, caller: Caller, scope: str, query: VariableQuery) -> Page[VariableOut]:
    """A page of a tenant's variables, with those that the platform gives, or of a workflow's own."""
    window = query.window()
    found = await service.list(caller.tenant_id, scope, window, types=query.type, query=query.q)
    items = [VariableOut.of(each) for each in found]
    if scope == TENANT:
        given = await service.system(caller.tenant_id, types=query.type, query=query.q)
        items += [VariableOut.system(caller.tenant_id, *each) for each in given]
    merged = window.over(items)
    return window.page_of(merged, window.cut(merged))


def _add_routes(router: APIRouter, service: VariableService, prefix: str, whose: str) -> None:
    """The same routes for either.

    Args:
        router: whose they become.
        service: does the work.
        prefix: of ``variable`` in the operations' names.
        whose: for the summaries.
    """
    lost = (WorkflowNotFound,) if prefix else ()
    add_bulk_routes(router, service, prefix, whose, lost)

    def detail(variable: Variable, response: Response) -> VariableOut:
        response.headers.update(etag(variable.etag))
        return VariableOut.of(variable)

    @router.get(
        "",
        name=f"list_{prefix}variables",
        summary=f"List {whose} variables",
        responses=answers({"items": [examples.SECRET, examples.VARIABLE], "nextCursor": None}, description="By name.")
        | failures(*lost),
    )
    async def list_variables(
        caller: Reader, scope: Scope, query: Annotated[VariableQuery, Query()]
    ) -> Page[VariableOut]:
        """Lists variables, by name unless asked otherwise. Of a secret everything is shown but its value.

        A tenant's list has the ones that the platform gives; a workflow's has its own, which stand before its tenant's.
        """
        return await page_of(service, caller, scope, query)

    @router.post(
        "",
        status_code=201,
        name=f"create_{prefix}variable",
        summary=f"Create one of {whose} variables",
        responses=answers(examples.VARIABLE, status=201, description="The new variable.")
        | failures(InvalidVariable, SystemVariable, TooManyVariables, VariableExists, *lost),
    )
    async def create_variable(
        caller: Writer,
        scope: Scope,
        body: Annotated[NewVariableBody, Body(openapi_examples={"url": {"value": examples.NEW}})],
        request: Request,
        response: Response,
    ) -> VariableOut:
        """Makes a variable. Executions see it within a second."""
        variable = await service.create(caller, scope, body.key, body.draft())
        response.headers["Location"] = f"{request.url.path}/{variable.key}"
        return detail(variable, response)

    @router.get(
        "/{variable_key}",
        name=f"get_{prefix}variable",
        summary=f"Get one of {whose} variables",
        responses=answers(examples.VARIABLE, description="The variable.") | failures(VariableNotFound, *lost),
    )
    async def get_variable(caller: Reader, scope: Scope, variable_key: VariableKey, response: Response) -> VariableOut:
        """Shows a variable; of a secret everything but its value."""
        if scope == TENANT:
            for given in await service.system(caller.tenant_id):
                if given[0] == variable_key:
                    return VariableOut.system(caller.tenant_id, *given)
        return detail(await service.get(caller.tenant_id, scope, variable_key), response)

    @router.put(
        "/{variable_key}",
        name=f"set_{prefix}variable",
        summary=f"Set one of {whose} variables",
        responses={
            **answers(examples.VARIABLE, description="The changed variable."),
            **answers(examples.VARIABLE, status=201, description="The new variable."),
        }
        | failures(InvalidVariable, SystemVariable, TooManyVariables, VariableChanged, *lost),
    )
    async def set_variable(
        caller: Writer,
        scope: Scope,
        variable_key: VariableKey,
        expected: ExpectedEtag,
        body: Annotated[
            VariableBody,
            Body(openapi_examples={"url": {"value": examples.BODY}, "secret": {"value": examples.SECRET_BODY}}),
        ],
        response: Response,
    ) -> VariableOut:
        """Makes a variable, or replaces it; a field that is left out gets its default."""
        variable, is_new = await service.set(caller, scope, variable_key, body.draft(), expected_etag=expected)
        if is_new:
            response.status_code = 201
        return detail(variable, response)

    @router.patch(
        "/{variable_key}",
        name=f"change_{prefix}variable",
        summary=f"Change one of {whose} variables",
        responses=answers(examples.VARIABLE, description="The changed variable.")
        | failures(InvalidVariable, SystemVariable, VariableChanged, VariableNotFound, *lost),
    )
    async def change_variable(
        caller: Writer,
        scope: Scope,
        variable_key: VariableKey,
        expected: ExpectedEtag,
        body: Annotated[VariablePatch, Body(openapi_examples={"value": {"value": examples.CHANGE}})],
        response: Response,
    ) -> VariableOut:
        """Changes some of a variable. A secret that is to be something else needs a new value."""
        variable = await service.change(caller, scope, variable_key, body.change(), expected_etag=expected)
        return detail(variable, response)

    @router.delete(
        "/{variable_key}",
        name=f"remove_{prefix}variable",
        summary=f"Remove one of {whose} variables",
        responses=answers(examples.VARIABLE, description="What it was.")
        | failures(SystemVariable, VariableChanged, VariableNotFound, *lost),
    )
    async def remove_variable(
        caller: Writer, scope: Scope, variable_key: VariableKey, expected: ExpectedEtag
    ) -> VariableOut:
        """Removes a variable. Expressions that name it fail from then on."""
        return VariableOut.of(await service.remove(caller, scope, variable_key, expected_etag=expected))
