"""Policies over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.access.policies import examples
from weftline.features.access.policies.errors import (
    InvalidPolicy,
    PermitNeedsEverything,
    PolicyChanged,
    PolicyNameTaken,
    PolicyNotFound,
    SubjectNotFound,
    TooManyPolicies,
    UnknownAction,
)
from weftline.features.access.policies.explaining import Explaining
from weftline.features.access.policies.models import Policy
from weftline.features.access.policies.permissions import EXPLAIN, MANAGE, READ
from weftline.features.access.policies.schemas import (
    AccountOut,
    ExplainBody,
    PolicyBody,
    PolicyOut,
    PolicyProblemOut,
    PolicyQuery,
    PolicyValidation,
    ResourceRef,
    ValidateBody,
)
from weftline.features.access.policies.service import PolicyService
from weftline.features.errors import NotFound
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
Explainer = Annotated[Caller, requires(EXPLAIN)]
PolicyId = Annotated[UUID, Path(description="The policy's id.", examples=[examples.ID])]
Wanted = Annotated[PolicyBody, Body(openapi_examples={"four-eyes": {"value": examples.BODY}})]


def policy_routes(service: PolicyService) -> APIRouter:
    """The routes of policies."""
    router = api_router("/policies", tag="Access")

    def detail(policy: Policy, response: Response) -> PolicyOut:
        response.headers.update(etag(policy.etag))
        return PolicyOut.model_validate(policy)

    @router.get(
        "",
        summary="List policies",
        responses=answers({"items": [examples.POLICY], "nextCursor": None}, description="Oldest first."),
    )
    async def list_policies(caller: Reader, query: Annotated[PolicyQuery, Query()]) -> Page[PolicyOut]:
        """Lists the tenant's policies, the oldest first."""
        window = query.window()
        found = await service.list(caller.tenant_id, window)
        return window.page(found, PolicyOut.model_validate)

    @router.post(
        "",
        status_code=201,
        summary="Create a policy",
        responses=answers(examples.POLICY, status=201, description="The new policy.")
        | failures(InvalidPolicy, PermitNeedsEverything, PolicyNameTaken, TooManyPolicies),
    )
    async def create_policy(caller: Manager, body: Wanted, request: Request, response: Response) -> PolicyOut:
        """Saves a policy, which counts within seconds. One that permits takes every permission of the tenant."""
        policy = await service.create(caller, body.draft())
        response.headers["Location"] = f"{request.url.path}/{policy.id}"
        return detail(policy, response)

    @router.post(
        "/validate",
        summary="Validate a policy",
        responses=answers(examples.VALIDATION, description="Everything that is wrong; nothing is stored."),
    )
    async def validate_policy(
        _: Reader, body: Annotated[ValidateBody, Body(openapi_examples={"misspelt": {"value": examples.VALIDATE}})]
    ) -> PolicyValidation:
        """Says everything that is wrong with a policy. Nothing is stored."""
        problems = [PolicyProblemOut.model_validate(problem) for problem in await service.problems(body.source)]
        return PolicyValidation(valid=not problems, problems=problems)

    @router.get(
        "/{policy_id}",
        summary="Get a policy",
        responses=answers(examples.POLICY, description="The policy.") | failures(PolicyNotFound),
    )
    async def get_policy(caller: Reader, policy_id: PolicyId, response: Response) -> PolicyOut:
        """Shows a policy, and how it last failed if it did."""
        return detail(await service.get(caller.tenant_id, policy_id), response)

    @router.put(
        "/{policy_id}",
        summary="Change a policy",
        responses=answers(examples.POLICY, description="The changed policy.")
        | failures(
            InvalidPolicy, PermitNeedsEverything, PolicyChanged, PolicyNameTaken, PolicyNotFound, TooManyPolicies
        ),
    )
    async def replace_policy(
        caller: Manager, policy_id: PolicyId, expected: ExpectedEtag, body: Wanted, response: Response
    ) -> PolicyOut:
        """Replaces a policy; a field that is left out gets its default. See creating one for what may be saved."""
        return detail(await service.replace(caller, policy_id, body.draft(), expected_etag=expected), response)

    @router.delete(
        "/{policy_id}",
        summary="Remove a policy",
        responses=answers(examples.POLICY, description="What it was.") | failures(PolicyChanged, PolicyNotFound),
    )
    async def remove_policy(caller: Manager, policy_id: PolicyId, expected: ExpectedEtag) -> PolicyOut:
        """Removes a policy."""
        return PolicyOut.model_validate(await service.remove(caller, policy_id, expected_etag=expected))

    return router


def explain_routes(explaining: Explaining) -> APIRouter:
    """The route that explains decisions."""
    router = api_router("/access", tag="Access")

    @router.post(
        "/explain",
        summary="Explain a decision",
        responses=answers(examples.EXPLANATION, description="The decision and what it rests on.")
        | failures(SubjectNotFound, UnknownAction, NotFound),
    )
    async def explain_decision(
        caller: Explainer, body: Annotated[ExplainBody, Body(openapi_examples={"task": {"value": examples.EXPLAIN}})]
    ) -> AccountOut:
        """Says whether somebody may do something now, from where you ask, and why."""
        resource = body.resource or ResourceRef(type="Tenant", id=str(caller.tenant_id))
        account = await explaining.explain(
            caller,
            body.action,
            subject_id=body.subject,
            resource_type=resource.type,
            resource_id=resource.id,
            with_second_factor=body.second_factor,
        )
        return AccountOut.of(account)

    return router
