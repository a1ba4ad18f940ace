"""Field rules over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.fields import examples
from weftline.features.access.fields.errors import FieldRuleNotFound, TooManyFieldRules, UnknownRoles
from weftline.features.access.fields.permissions import MANAGE
from weftline.features.access.fields.schemas import FieldRuleBody, FieldRuleOut, FieldRuleQuery
from weftline.features.access.fields.service import FieldRuleService
from weftline.features.access.http import requires
from weftline.features.errors import PreconditionFailed
from weftline.features.http.conditional import UNCHANGING, ExpectedEtag, etag, require_state
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router

Manager = Annotated[Caller, requires(MANAGE)]
RuleId = Annotated[UUID, Path(description="The rule's id.", examples=[examples.ID])]


def field_rule_routes(service: FieldRuleService) -> APIRouter:
    """The routes of field rules."""
    router = api_router("/field-rules", tag="Access")

    @router.get(
        "",
        summary="List field rules",
        responses=answers({"items": [examples.RULE], "nextCursor": None}, description="Oldest first."),
    )
    async def list_field_rules(caller: Manager, query: Annotated[FieldRuleQuery, Query()]) -> Page[FieldRuleOut]:
        """Lists the tenant's field rules, the oldest first."""
        window = query.window()
        found = await service.list(caller.tenant_id, window, workflow_id=query.workflow_id)
        return window.page(found, FieldRuleOut.model_validate)

    @router.post(
        "",
        status_code=201,
        summary="Add a field rule",
        responses=answers(examples.RULE, status=201, description="The new rule.")
        | failures(TooManyFieldRules, UnknownRoles),
    )
    async def create_field_rule(
        caller: Manager, body: Annotated[FieldRuleBody, Body(openapi_examples={"iban": {"value": examples.BODY}})]
    ) -> FieldRuleOut:
        """Lets only some roles see a field, in every reply, list, event and export, within seconds."""
        return FieldRuleOut.model_validate(await service.create(caller, body.rule()))

    @router.get(
        "/{rule_id}",
        summary="Get a field rule",
        responses=answers(examples.RULE, description="The rule.") | failures(FieldRuleNotFound),
    )
    async def get_field_rule(caller: Manager, rule_id: RuleId, response: Response) -> FieldRuleOut:
        """Shows a rule."""
        response.headers.update(etag(UNCHANGING))
        return FieldRuleOut.model_validate(await service.get(caller.tenant_id, rule_id))

    @router.delete(
        "/{rule_id}",
        summary="Remove a field rule",
        responses=answers(examples.RULE, description="What it was.") | failures(FieldRuleNotFound, PreconditionFailed),
    )
    async def remove_field_rule(caller: Manager, rule_id: RuleId, expected: ExpectedEtag) -> FieldRuleOut:
        """Removes a rule: whoever may see the data sees the field again."""
        require_state(expected, UNCHANGING, "The field rule")
        return FieldRuleOut.model_validate(await service.remove(caller, rule_id))

    return router
