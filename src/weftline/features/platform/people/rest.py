"""Everybody's accounts over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
from weftline.features.platform.errors import EveryTenantNeeded, OperatorNotFound, OwnOperatorship, ReasonRequired
from weftline.features.platform.people.schemas import PersonOut, PersonQuery, SessionsEnded
from weftline.features.platform.people.service import PeopleService
from weftline.features.platform.permissions import PEOPLE
from weftline.features.platform.reason import GivenReason, StatedReason, required

Warden = Annotated[Caller, operator(PEOPLE)]
UserId = Annotated[UUID, Path(description="The person's id.", examples=[examples.PERSON["id"]])]


def people_routes(service: PeopleService) -> APIRouter:
    """The routes of everybody's accounts."""
    router = api_router("/platform/users", tag="Platform")

    @router.get(
        "",
        summary="List everybody",
        responses=answers({"items": [examples.PERSON], "nextCursor": None}, description="Oldest accounts first.")
        | failures(EveryTenantNeeded, ReasonRequired),
    )
    async def list_people(
        caller: Warden, query: Annotated[PersonQuery, Query()], given: GivenReason
    ) -> Page[PersonOut]:
        """Lists the people of all tenants, or finds one by e-mail address."""
        window = query.window()
        found = await service.list(caller, window, reason=required(given), email=query.email)
        return window.page(found, PersonOut.model_validate)

    @router.post(
        "/{user_id}/disable",
        summary="Disable somebody's account",
        responses=answers({**examples.PERSON, "status": "disabled"}, description="The person.")
        | failures(EveryTenantNeeded, OperatorNotFound, OwnOperatorship),
    )
    async def disable_person(caller: Warden, user_id: UserId, reason: StatedReason) -> PersonOut:
        """Keeps a person out of every tenant. Their sessions and API keys count no more within seconds."""
        return PersonOut.model_validate(await service.disable(caller, user_id, reason=reason))

    @router.post(
        "/{user_id}/enable",
        summary="Enable somebody's account",
        responses=answers(examples.PERSON, description="The person.")
        | failures(EveryTenantNeeded, OperatorNotFound, OwnOperatorship),
    )
    async def enable_person(caller: Warden, user_id: UserId, reason: StatedReason) -> PersonOut:
        """Lets a person in again."""
        return PersonOut.model_validate(await service.enable(caller, user_id, reason=reason))

    @router.post(
        "/{user_id}/sessions/end",
        summary="Sign somebody out everywhere",
        responses=answers({"ended": 2}, description="Their sessions have ended.")
        | failures(EveryTenantNeeded, OperatorNotFound),
    )
    async def end_sessions(caller: Warden, user_id: UserId, reason: StatedReason) -> SessionsEnded:
        """Ends every session of a person."""
        return SessionsEnded(ended=await service.end_sessions(caller, user_id, reason=reason))

    return router
