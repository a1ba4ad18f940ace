"""Second factors over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.identity import examples
from weftline.features.identity.errors import (
    FactorExists,
    NoFactor,
    NoMembership,
    PeopleOnly,
    ProofRefused,
    SignInUnavailable,
    TooManyTries,
)
from weftline.features.identity.mfa.service import SecondFactors
from weftline.features.identity.permissions import RESET_FACTOR
from weftline.features.identity.person import person_of
from weftline.features.identity.rest.answers import Handover, keep_secret
from weftline.features.identity.rest.signing_in import Anybody
from weftline.features.identity.schemas.second_factor import (
    CodeBody,
    EnrolBody,
    EnrolmentOut,
    FactorEnabledOut,
    FactorOut,
    FactorReset,
    ProofBody,
    RecoveryCodesOut,
    ResetFactorBody,
)
from weftline.features.identity.schemas.signing_in import CookiesOut, TokensOut

Resetter = Annotated[Caller, operator(RESET_FACTOR, everywhere=True)]
UserId = Annotated[UUID, Path(description="The person's id.", examples=[examples.ME["id"]])]


def second_factor_routes(factors: SecondFactors, handover: Handover) -> APIRouter:
    """The routes of second factors."""
    router = api_router("/auth/mfa", tag="Second factor")

    @router.get(
        "/status",
        summary="Show your second factor",
        responses=answers(examples.FACTOR, description="How it stands.") | failures(PeopleOnly),
    )
    async def factor_status(caller: Anybody) -> FactorOut:
        """Shows whether signing in asks you for a second factor, and how many recovery codes are left."""
        status = await factors.status(person_of(caller).id)
        return FactorOut(
            is_enabled=status.is_enabled,
            enabled_at=status.enabled_at,
            recovery_codes_left=status.recovery_codes_left,
            is_required=caller.authority.requires_mfa,
        )

    @router.post(
        "/totp",
        summary="Set up an authenticator app",
        responses=answers(examples.ENROLMENT, description="What to set it up with.")
        | failures(FactorExists, PeopleOnly, ProofRefused, SignInUnavailable, TooManyTries),
    )
    async def begin_totp(
        caller: Anybody,
        body: Annotated[EnrolBody, Body(openapi_examples={"example": {"value": examples.PASSWORD}})],
        response: Response,
    ) -> EnrolmentOut:
        """Begins to set up an authenticator app; a code of it, sent to `/auth/mfa/totp/confirm`, finishes."""
        keep_secret(response)
        enrolment = await factors.begin(person_of(caller), body.password)
        return EnrolmentOut(secret=enrolment.secret, uri=enrolment.uri, qr_code=enrolment.qr_code)

    @router.post(
        "/totp/confirm",
        summary="Confirm the authenticator app",
        responses=answers(examples.FACTOR_ENABLED, description="From now on, signing in asks for a code.")
        | failures(NoFactor, NoMembership, PeopleOnly, ProofRefused),
    )
    async def confirm_totp(
        caller: Anybody,
        body: Annotated[CodeBody, Body(openapi_examples={"example": {"value": examples.CODE}})],
        request: Request,
        response: Response,
    ) -> FactorEnabledOut:
        """Finishes with a code of the app, and ends your other sessions. Keep the recovery codes safe."""
        recovery_codes, signed_in = await factors.confirm(person_of(caller), body.code)
        tokens = await handover.give(signed_in, request, response)
        return FactorEnabledOut(recovery_codes=recovery_codes, tokens=tokens)

    @router.post(
        "/recovery-codes",
        summary="Replace your recovery codes",
        responses=answers(examples.RECOVERY_CODES, description="The new ones, shown this once.")
        | failures(NoFactor, PeopleOnly, ProofRefused, SignInUnavailable, TooManyTries),
    )
    async def replace_recovery_codes(
        caller: Anybody,
        body: Annotated[ProofBody, Body(openapi_examples={"example": {"value": examples.PROOF}})],
        response: Response,
    ) -> RecoveryCodesOut:
        """Makes new recovery codes; the old ones count no more."""
        keep_secret(response)
        shown = await factors.renew_recovery_codes(person_of(caller), body.password, body.code)
        return RecoveryCodesOut(recovery_codes=list(shown))

    @router.post(
        "/disable",
        summary="Remove your second factor",
        responses=answers(examples.TOKENS, description="Removed; the session goes on with these tokens.")
        | failures(NoFactor, NoMembership, PeopleOnly, ProofRefused, SignInUnavailable, TooManyTries),
    )
    async def disable_factor(
        caller: Anybody,
        body: Annotated[ProofBody, Body(openapi_examples={"example": {"value": examples.PROOF}})],
        request: Request,
        response: Response,
    ) -> TokensOut | CookiesOut:
        """Removes your second factor and its recovery codes, and ends your other sessions."""
        signed_in = await factors.disable(person_of(caller), body.password, body.code)
        return await handover.give(signed_in, request, response)

    return router


def factor_reset_routes(factors: SecondFactors) -> APIRouter:
    """The route by which operators help those who lost their second factor."""
    router = api_router("/platform/users", tag="Platform")

    @router.post(
        "/{user_id}/second-factor/reset",
        summary="Remove somebody's second factor",
        responses=answers({"reset": True}, description="Removed; their sessions have ended.") | failures(NoFactor),
    )
    async def reset_factor(
        _: Resetter,
        user_id: UserId,
        body: Annotated[ResetFactorBody, Body(openapi_examples={"example": {"value": examples.RESET_FACTOR}})],
    ) -> FactorReset:
        """Removes the second factor of somebody who lost it and their recovery codes, and ends their sessions."""
        await factors.reset(user_id, body.reason)
        return FactorReset()

    return router
