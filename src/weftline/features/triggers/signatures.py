"""Whether a call of a webhook was signed by somebody who knows the secret, and when (HMAC-SHA-256, RFC 2104)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping

from weftline.features.triggers.errors import BadSignature, StaleCall
from weftline.language.trigger_rules import SignatureRule

_MAX_SIGNATURES = 5
"""Of one call; a sender that changes its secret signs with both for a while."""


def check_signature(rule: SignatureRule, secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bytes:
    """See that a call is signed, and not too old. Takes the same time whatever is wrong with the signature.

    Args:
        rule: how it must be.
        secret: the key.
        headers: the call's, by names in lower case.
        body: as it came.
        now: Unix seconds.

    Returns:
        The signature, the same for the same call.

    Raises:
        BadSignature: there is none, or not of this call under this secret.
        StaleCall: the time that it covers is further from now than the rule tolerates.
    """
    header = headers.get(rule.header.lower(), "")
    if rule.scheme == "stripe":
        parts = [part.strip().partition("=") for part in header.split(",")]
        time = next((value for name, _, value in parts if name == "t"), "")
        signatures = [value for name, _, value in parts if name == "v1"][:_MAX_SIGNATURES]
    else:
        time = "" if rule.timestamp_header is None else headers.get(rule.timestamp_header.lower(), "")
        signatures = [header.removeprefix(rule.prefix)] if header.startswith(rule.prefix) else []
    expected = hmac.new(secret.encode(), _signed(rule, time, body), hashlib.sha256).digest()
    given = [raw for raw in _raw(rule, signatures) if hmac.compare_digest(raw, expected)]
    if not given:
        raise BadSignature
    if _covers_time(rule) and not _is_recent(time, now, rule.tolerance):
        raise StaleCall
    return expected


def seconds_to_remember(rule: SignatureRule) -> float:
    """How long a signature that was taken must not be taken again."""
    # a sender's clock may be ahead: its call is good until so long after the time that it signed
    return 2 * rule.tolerance if _covers_time(rule) else rule.tolerance


def _covers_time(rule: SignatureRule) -> bool:
    return rule.scheme == "stripe" or rule.timestamp_header is not None


def _signed(rule: SignatureRule, time: str, body: bytes) -> bytes:
    if rule.scheme == "slack":
        return f"v0:{time}:".encode() + body
    return f"{time}.".encode() + body if _covers_time(rule) else body


def _raw(rule: SignatureRule, signatures: list[str]) -> Iterator[bytes]:
    for text in signatures:
        try:
            yield bytes.fromhex(text) if rule.encoding == "hex" else base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            continue


def _is_recent(time: str, now: float, tolerance: float) -> bool:
    # twelve digits of seconds reach beyond the year 33,000
    return time.isascii() and time.isdigit() and len(time) <= 12 and abs(now - int(time)) <= tolerance
