"""Texts that several requests hold, with their bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from weftline.features.identity.mfa.codes import MAX_CODE
from weftline.features.identity.one_time import MAX_TOKEN
from weftline.features.identity.passwords import MAX_PASSWORD

MAX_ADDRESS = 254
"""Characters of an e-mail address (RFC 5321)."""

MAX_NAME = 200


def _one_line(text: str) -> str:
    stripped = text.strip()
    if not stripped or not stripped.isprintable():
        raise ValueError("must be one line of visible characters")
    return stripped


Email = Annotated[str, Field(min_length=3, max_length=MAX_ADDRESS, description="E-mail address.")]
Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
NewPassword = Annotated[
    str, Field(min_length=1, max_length=MAX_PASSWORD, description="Any characters, 8 or more; hard to guess.")
]
Code = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CODE, description="Six digits of the authenticator app, or a recovery code."),
]
MailedToken = Annotated[str, Field(min_length=1, max_length=MAX_TOKEN, description="From the message; it works once.")]
PersonName = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_one_line)]
InCookies = Annotated[
    bool,
    Field(
        description="For pages in a browser: the tokens come as cookies that no script reads, and not in the answer."
    ),
]
TenantName = Annotated[str, Field(min_length=1, max_length=255, description="A tenant's id, slug or domain.")]
