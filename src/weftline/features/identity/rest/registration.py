"""Registering, confirming addresses and accepting invitations over HTTP.

Whatever depends on who has an account is done after the answer, so that neither what it says nor when it comes tells.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Request

from weftline.features.access.http import public
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.identity import examples
from weftline.features.identity.addresses import InvalidAddress
from weftline.features.identity.errors import PasswordNotExpected, RegistrationClosed, TokenNotValid, WeakPassword
from weftline.features.identity.invitations import Invitations
from weftline.features.identity.registration import Registrations
from weftline.features.identity.schemas.registration import (
    AcceptBody,
    AcceptedOut,
    AddressBody,
    MailOnItsWay,
    RegisterBody,
    VerifiedOut,
    VerifyBody,
)
from weftline.features.identity.schemas.signing_in import TenantRef
from weftline.features.tenancy.errors import LimitReached
from weftline.features.tenancy.resolution import TenantHint, TenantResolver

ACCEPTED = 202


def registration_routes(registrations: Registrations, invitations: Invitations, resolver: TenantResolver) -> APIRouter:
    """The routes by which people come to have an account."""
    router = api_router("/auth", tag="Registering", dependencies=[public()])

    @router.post(
        "/register",
        summary="Register",
        status_code=ACCEPTED,
        responses=answers(examples.MAIL_ON_ITS_WAY, status=ACCEPTED, description="The same for every address.")
        | failures(InvalidAddress, RegistrationClosed, WeakPassword),
    )
    async def register(
        body: Annotated[RegisterBody, Body(openapi_examples={"example": {"value": examples.REGISTER}})],
        request: Request,
        background: BackgroundTasks,
    ) -> MailOnItsWay:
        """Asks for an account. It is made when the address is confirmed by the link that is sent to it."""
        hint = resolver.hint(request) if body.tenant is None else TenantHint(body.tenant.strip().lower())
        email, tenant_id = await registrations.check(body.email, body.name, body.password, hint)
        background.add_task(registrations.register, email, body.name, body.password, tenant_id)
        return MailOnItsWay()

    @router.post(
        "/verify-email",
        summary="Confirm an address",
        responses=answers(examples.VERIFIED, description="The address is confirmed.")
        | failures(TokenNotValid, LimitReached),
    )
    async def verify_email(
        body: Annotated[VerifyBody, Body(openapi_examples={"example": {"value": examples.MAILED_TOKEN}})],
    ) -> VerifiedOut:
        """Confirms an e-mail address: of a new account, or the new one of an account."""
        verified = await registrations.verify(body.token)
        return VerifiedOut(email=verified.email, has_password=verified.has_password)

    @router.post(
        "/verify-email/resend",
        summary="Send the link again",
        status_code=ACCEPTED,
        responses=answers(examples.MAIL_ON_ITS_WAY, status=ACCEPTED, description="The same for every address."),
    )
    async def resend_verification(
        body: Annotated[AddressBody, Body(openapi_examples={"example": {"value": examples.ADDRESS}})],
        background: BackgroundTasks,
    ) -> MailOnItsWay:
        """Sends the link for confirming an address again, where somebody registered with it."""
        background.add_task(registrations.resend, body.email)
        return MailOnItsWay()

    @router.post(
        "/invitations/accept",
        summary="Accept an invitation",
        responses=answers(examples.ACCEPTED, description="You belong to the tenant now.")
        | failures(PasswordNotExpected, TokenNotValid, WeakPassword),
    )
    async def accept_invitation(
        body: Annotated[AcceptBody, Body(openapi_examples={"example": {"value": examples.ACCEPT}})],
    ) -> AcceptedOut:
        """Joins the tenant of an invitation; whoever has no account yet chooses a password for it."""
        accepted = await invitations.accept(body.token, name=body.name, password=body.password)
        tenant = TenantRef(id=accepted.tenant_id, slug=accepted.slug, name=accepted.name)
        return AcceptedOut(email=accepted.email, tenant=tenant)

    return router
