"""The usual ways in which calls of webhooks are verified: an HMAC (RFC 2104) over what is sent, or a shared token."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations.webhook_calls import BAD_SIGNATURE, STALE_CALL, WebhookCall

TOLERANCE = 300.0
"""Seconds that a signed time may be from now."""

_MAX_SIGNATURES = 5
"""Of one call that are looked at; a sender that changes its secret signs with both for a while."""

_PLACE = re.compile(r"\{([A-Za-z0-9-]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacSignature:
    """An HMAC, in a header.

    Attributes:
        credential: name of the secret among the connection's credentials.
        header: where the signature stands.
        prefix: what stands before it.
        separator: what stands between several signatures, of which one has to be good; None: there is one.
        encoding: of the signature.
        signed: what is signed: ``{body}`` stands for the body, ``{Name-Of-A-Header}`` for that header's value.
        timestamp: the header with the time in Unix seconds, one of those that are signed; None: no time is signed.
        tolerance: seconds that the time may be from now.
        algorithm: of the digest.
        key: the secret is the key itself (``text``), or the key in base64, behind ``key_prefix``.
        key_prefix: see ``key``; may be missing.
    """

    credential: str
    header: str
    prefix: str = ""
    separator: str | None = None
    encoding: Literal["hex", "base64"] = "hex"
    signed: str = "{body}"
    timestamp: str | None = None
    tolerance: float = TOLERANCE
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    key: Literal["text", "base64"] = "text"
    key_prefix: str = ""

    def verify(self, secret: str, call: WebhookCall, now: float) -> None:
        """See ``Verification``. Takes the same time whatever is wrong with the signature."""
        key = self._key(secret)
        content = self._content(call)
        expected = hmac.digest(key, content, self.algorithm)
        if not any(hmac.compare_digest(each, expected) for each in self._given(call)):
            raise refused("the signature is missing or wrong")
        if self.timestamp is not None:
            stamp = call.headers.get(self.timestamp.lower(), "")
            # twelve digits of seconds reach beyond the year 33,000
            if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
                raise refused("the signed time is no time")
            if abs(now - int(stamp)) > self.tolerance:
                raise ActionError("the call was signed too long ago", code=STALE_CALL, retryable=False)

    def __str__(self) -> str:
        """As people read it."""
        return f"HMAC-{self.algorithm.upper().replace('SHA', 'SHA-')} in the header `{self.header}`"

    def _key(self, secret: str) -> bytes:
        if self.key == "text":
            return secret.encode()
        try:
            return base64.b64decode(secret.removeprefix(self.key_prefix), validate=True)
        except (ValueError, binascii.Error):
            message = f"the connection's '{self.credential}' is not base64"
            raise ActionError(message, code="invalid_connection", retryable=False) from None

    def _content(self, call: WebhookCall) -> bytes:
        """What is signed; the body goes in as it came."""
        before, _, after = self.signed.partition("{body}")

        def filled(text: str) -> bytes:
            return _PLACE.sub(lambda found: _header(call, found[1]), text).encode()

        return filled(before) + call.body + filled(after)

    def _given(self, call: WebhookCall) -> Iterator[bytes]:
        said = call.headers.get(self.header.lower(), "")
        parts = [said] if self.separator is None else said.split(self.separator)[:_MAX_SIGNATURES]
        for part in parts:
            if not part.startswith(self.prefix):
                continue
            text = part.removeprefix(self.prefix)
            try:
                yield bytes.fromhex(text) if self.encoding == "hex" else base64.b64decode(text, validate=True)
            except (ValueError, binascii.Error):
                continue


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedToken:
    """The secret itself, in a header.

    Attributes:
        credential: name of the secret among the connection's credentials.
        header: where it stands.
        prefix: what stands before it, with its space.
    """

    credential: str
    header: str
    prefix: str = ""

    def verify(self, secret: str, call: WebhookCall, now: float) -> None:
        """See ``Verification``."""
        given = call.headers.get(self.header.lower(), "")
        if not hmac.compare_digest(given.encode(), f"{self.prefix}{secret}".encode()):
            raise refused("the token is missing or wrong")

    def __str__(self) -> str:
        """As people read it."""
        return f"the secret itself in the header `{self.header}`"


def refused(message: str) -> ActionError:
    """The error for a call that is not verified.

    Args:
        message: why not.
    """
    return ActionError(message, code=BAD_SIGNATURE, retryable=False)


def _header(call: WebhookCall, name: str) -> str:
    value = call.headers.get(name.lower())
    if not value:
        raise refused("the call is not signed")
    return value
