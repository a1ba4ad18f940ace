"""Time-based one-time passwords (RFC 6238): six digits, a new one every 30 seconds."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import segno
from pyotp import random_base32
from pyotp.totp import TOTP

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How far a phone's clock may be off, steps."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is set up with.

    Attributes:
        secret: base32, to be typed in.
        uri: ``otpauth://…``.
        qr_code: the URI as a picture, an SVG in a ``data:`` URL.
    """

    secret: str
    uri: str
    qr_code: str


def new_enrolment(email: str) -> Enrolment:
    """A new secret.

    Args:
        email: what the app calls the account.
    """
    secret = random_base32()
    uri = TOTP(secret).provisioning_uri(name=email, issuer_name="Weftline")
    return Enrolment(secret, uri, segno.make(uri, error="m").svg_data_uri(scale=4))


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step whose code it is; None where it is none of about now.

    Args:
        secret: base32.
        code: six digits.
        now: Unix seconds.
    """
    totp = TOTP(secret)
    current = int(now) // STEP_SECONDS
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None
