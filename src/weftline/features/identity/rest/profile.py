"""People's own accounts over HTTP: profile, address, sessions."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.identity import examples
from weftline.features.identity.accounts import Accounts
from weftline.features.identity.addresses import InvalidAddress
from weftline.features.identity.errors import PeopleOnly, ProfileChanged, ProofRefused, SessionNotFound, TooManyTries
from weftline.features.identity.models import User
from weftline.features.identity.person import person_of
from weftline.features.identity.profile import Profiles
from weftline.features.identity.rest.signing_in import Anybody
from weftline.features.identity.schemas.profile import (
    ChangeEmailBody,
    MeOut,
    Preferences,
    ProfileBody,
    SessionOut,
    SessionQuery,
    SessionsEnded,
)
from weftline.features.identity.schemas.registration import MailOnItsWay
from weftline.features.identity.schemas.signing_in import TenantRef

ACCEPTED = 202

SessionId = Annotated[UUID, Path(description="The session's id.", examples=[examples.SESSION["id"]])]


async def me_of(cache: AccessCache, caller: Caller, user: User | None) -> MeOut:
    """Who is signed in.

    Args:
        cache: knows the tenant.
        caller: they, in this tenant.
        user: their account, where they have one.
    """
    rules = await cache.rules(caller.tenant_id)
    me = MeOut(
        id=caller.id,
        email=caller.name,
        name=caller.name,
        tenant=None if rules is None else TenantRef.model_validate(rules),
        roles=sorted(caller.authority.roles),
        permissions=sorted(caller.authority.permissions),
        permissions_on_workflows=sorted(
            frozenset[str]().union(*caller.authority.on_workflows.values()) - caller.authority.permissions
        ),
        methods=sorted(caller.methods),
        is_platform_operator=caller.is_platform_operator,
    )
    if user is None:
        return me
    return me.model_copy(
        update={
            "name": user.name,
            "is_email_verified": user.email_verified_at is not None,
            "language": user.language,
            "time_zone": user.time_zone,
            "preferences": Preferences.model_validate(user.preferences),
        }
    )


def profile_routes(profiles: Profiles, accounts: Accounts, cache: AccessCache) -> APIRouter:
    """The routes of one's own account."""
    router = api_router("/auth", tag="Your account")

    async def shown(caller: Caller, user: User | None, response: Response) -> MeOut:
        if user is not None:
            response.headers.update(etag(user.etag))
        return await me_of(cache, caller, user)

    @router.get("/me", summary="Who am I?", responses=answers(examples.ME, description="Who is signed in."))
    async def me(caller: Anybody, response: Response) -> MeOut:
        """Shows who is signed in, where, and what they may do there."""
        person = None if caller.id is None or caller.kind == "service" else await accounts.get(caller.id)
        return await shown(caller, person, response)

    @router.patch(
        "/me",
        summary="Change your profile",
        responses=answers(examples.ME, description="Changed.") | failures(PeopleOnly, ProfileChanged),
    )
    async def change_profile(
        caller: Anybody,
        body: Annotated[ProfileBody, Body(openapi_examples={"example": {"value": examples.PROFILE}})],
        response: Response,
        expected: ExpectedEtag,
    ) -> MeOut:
        """Changes your name, language, time zone and preferences; what is left out stays as it is."""
        user = await profiles.change(person_of(caller), _changes(body), expected_etag=expected)
        return await shown(caller, user, response)

    @router.post(
        "/email/change",
        summary="Change your address",
        status_code=ACCEPTED,
        responses=answers(examples.MAIL_ON_ITS_WAY, status=ACCEPTED, description="The same for every address.")
        | failures(InvalidAddress, PeopleOnly, ProofRefused, TooManyTries),
    )
    async def change_email(
        caller: Anybody,
        body: Annotated[ChangeEmailBody, Body(openapi_examples={"example": {"value": examples.CHANGE_EMAIL}})],
    ) -> MailOnItsWay:
        """Asks for another e-mail address. It is yours when you confirm it by the link that is sent to it."""
        await profiles.request_address(person_of(caller), body.new_email, body.password, body.code)
        return MailOnItsWay()

    @router.get(
        "/sessions",
        summary="List your sessions",
        responses=answers({"items": [examples.SESSION], "nextCursor": None}, description="Newest first.")
        | failures(PeopleOnly),
    )
    async def list_sessions(caller: Anybody, query: Annotated[SessionQuery, Query()]) -> Page[SessionOut]:
        """Lists your sessions that have not ended, the newest first unless asked otherwise."""
        window = query.window()
        found = await profiles.list_sessions(person_of(caller), window)
        return window.page(found, lambda each: SessionOut.of(each, caller.session_id))

    @router.delete(
        "/sessions/{session_id}",
        summary="End a session",
        responses=answers({"ended": 1}, description="It has ended.") | failures(PeopleOnly, SessionNotFound),
    )
    async def end_session(caller: Anybody, session_id: SessionId) -> SessionsEnded:
        """Ends one of your sessions."""
        await profiles.end_session(person_of(caller), session_id)
        return SessionsEnded(ended=1)

    @router.delete(
        "/sessions",
        summary="End your other sessions",
        responses=answers({"ended": 3}, description="They have ended.") | failures(PeopleOnly),
    )
    async def end_other_sessions(caller: Anybody) -> SessionsEnded:
        """Ends all of your sessions but this one."""
        return SessionsEnded(ended=await profiles.end_others(person_of(caller)))

    return router


def _changes(body: ProfileBody) -> dict[str, Any]:
    """What a request changes, in the form in which it is stored."""
    changes = body.model_dump(exclude_unset=True, include={"language", "time_zone"})
    if body.name is not None:
        changes["name"] = body.name
    if body.preferences is not None:
        changes["preferences"] = body.preferences.model_dump(by_alias=True, exclude_none=True)
    return changes
