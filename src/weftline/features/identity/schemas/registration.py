"""Registering and accepting invitations, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.schemas.signing_in import TenantRef
from weftline.features.identity.schemas.texts import Email, MailedToken, NewPassword, PersonName, TenantName


class RegisterBody(Demand):
    """Who wants an account."""

    email: Email
    name: PersonName
    password: NewPassword
    tenant: Annotated[TenantName | None, Field(description="Which tenant to join; it must take in everybody.")] = None


class AddressBody(Demand):
    """Whose address."""

    email: Email


class VerifyBody(Demand):
    """The token from the message."""

    token: MailedToken


class AcceptBody(Demand):
    """The token from the invitation, and what a new account needs."""

    token: MailedToken
    name: Annotated[PersonName | None, Field(description="Your name; else the one you were invited by.")] = None
    password: Annotated[
        NewPassword | None, Field(description="For a new account; left out where the address has one.")
    ] = None


class MailOnItsWay(Wire):
    """The same, whatever the address."""

    message: str = "If there is something to send to this address, a message is on its way."


class VerifiedOut(Wire):
    """An address that was confirmed."""

    email: Annotated[str, Field(description="Sign in with it.")]
    has_password: Annotated[
        bool,
        Field(
            description="False where others registered the address, too: ask for a password by `/auth/password/forgot`."
        ),
    ]


class AcceptedOut(Wire):
    """An invitation that was accepted."""

    email: Annotated[str, Field(description="Sign in with it.")]
    tenant: TenantRef
