"""Second factors, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.schemas.signing_in import CookiesOut, TokensOut
from weftline.features.identity.schemas.texts import Code, InCookies, MailedToken, Password


class EnrolBody(Demand):
    """Your password, once more."""

    password: Password


class CodeBody(Demand):
    """A code of the authenticator app."""

    code: Code


class ProofBody(Demand):
    """Your password and a code, once more."""

    password: Password
    code: Annotated[Code | None, Field(description="Of your second factor, where you have one.")] = None


class VerifyCodeBody(Demand):
    """The second step of signing in."""

    mfa_token: Annotated[MailedToken, Field(description="From the answer to `/auth/login`.")]
    code: Code
    cookies: InCookies = False


class ResetFactorBody(Demand):
    """Why a second factor is removed."""

    reason: Annotated[str, Field(min_length=1, max_length=500, description="How you made sure who asked.")]


class FactorOut(Wire):
    """How your second factor stands."""

    is_enabled: bool
    enabled_at: datetime | None
    recovery_codes_left: int
    is_required: Annotated[bool, Field(description="Your tenant, or one of your roles, asks for it.")]


class EnrolmentOut(Wire):
    """What to set up the authenticator app with."""

    secret: Annotated[str, Field(description="To be typed in.")]
    uri: Annotated[str, Field(description="`otpauth://…`")]
    qr_code: Annotated[str, Field(description="The URI as a picture: an SVG in a `data:` URL.")]


class RecoveryCodesOut(Wire):
    """Recovery codes, each for one use, shown this once."""

    recovery_codes: list[str]


class FactorEnabledOut(RecoveryCodesOut):
    """A second factor was set up; the session goes on with these tokens."""

    tokens: TokensOut | CookiesOut


class FactorReset(Wire):
    """A second factor was removed."""

    reset: bool = True
