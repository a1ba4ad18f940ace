"""Changing and recovering passwords over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Response

from weftline.features.access.http import public
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.identity import examples
from weftline.features.identity.errors import PeopleOnly, ProofRefused, TokenNotValid, TooManyTries, WeakPassword
from weftline.features.identity.password_changes import PasswordChanges
from weftline.features.identity.person import person_of
from weftline.features.identity.rest.answers import keep_secret
from weftline.features.identity.rest.signing_in import Anybody
from weftline.features.identity.schemas.passwords import (
    ChangePasswordBody,
    PasswordChanged,
    PasswordReset,
    ResetPasswordBody,
)
from weftline.features.identity.schemas.registration import AddressBody, MailOnItsWay

ACCEPTED = 202


def password_routes(passwords: PasswordChanges) -> APIRouter:
    """The routes of passwords."""
    router = api_router("/auth/password", tag="Your account")

    @router.post(
        "/change",
        summary="Change your password",
        responses=answers({"sessionsEnded": 2}, description="Changed; your other sessions have ended.")
        | failures(PeopleOnly, ProofRefused, TooManyTries, WeakPassword),
    )
    async def change_password(
        caller: Anybody,
        body: Annotated[ChangePasswordBody, Body(openapi_examples={"example": {"value": examples.CHANGE_PASSWORD}})],
    ) -> PasswordChanged:
        """Replaces your password, and ends your other sessions."""
        ended = await passwords.change(person_of(caller), body.current_password, body.new_password)
        return PasswordChanged(sessions_ended=ended)

    @router.post(
        "/forgot",
        summary="Ask for another password",
        status_code=ACCEPTED,
        responses=answers(examples.MAIL_ON_ITS_WAY, status=ACCEPTED, description="The same for every address."),
        dependencies=[public()],
    )
    async def forgot_password(
        body: Annotated[AddressBody, Body(openapi_examples={"example": {"value": examples.ADDRESS}})],
        background: BackgroundTasks,
    ) -> MailOnItsWay:
        """Sends a link for choosing another password, where the address has an account."""
        # after the answer: its time must not tell either
        background.add_task(passwords.forgot, body.email)
        return MailOnItsWay()

    @router.post(
        "/reset",
        summary="Choose another password",
        responses=answers({"deviceToken": "wd_p9aX…"}, description="Replaced; every session has ended.")
        | failures(TokenNotValid, WeakPassword),
        dependencies=[public()],
    )
    async def reset_password(
        body: Annotated[ResetPasswordBody, Body(openapi_examples={"example": {"value": examples.RESET_PASSWORD}})],
        response: Response,
    ) -> PasswordReset:
        """Replaces a forgotten password with the token that was sent, and ends every session."""
        keep_secret(response)
        return PasswordReset(device_token=await passwords.reset(body.token, body.new_password))

    return router
