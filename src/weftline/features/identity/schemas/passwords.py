"""Changing and recovering passwords, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.schemas.texts import MailedToken, NewPassword, Password


class ChangePasswordBody(Demand):
    """The password as it is and as it shall be."""

    current_password: Password
    new_password: NewPassword


class ResetPasswordBody(Demand):
    """Another password for one that was forgotten."""

    token: MailedToken
    new_password: NewPassword


class PasswordChanged(Wire):
    """The password was changed."""

    sessions_ended: Annotated[int, Field(description="Your other sessions, which have ended.")]


class PasswordReset(Wire):
    """The password was replaced; sign in with it."""

    device_token: Annotated[
        str, Field(description="Send it when you sign in, and nobody else's wrong guesses keep you waiting.")
    ]
