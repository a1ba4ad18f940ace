"""Identifiers: UUID version 7 (RFC 9562), so that primary keys grow with time and pages fill in order."""

from __future__ import annotations

import hashlib
import os
import time
import uuid

DEFAULT_TENANT = uuid.UUID("00000000-0000-7000-8000-000000000001")
"""The tenant that exists from the first migration on."""


def uuid7() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 12 bits of sub-millisecond time, then random bits.

    The 12 bits (RFC 9562, section 6.2, method 3) keep the ids of one process in order within a millisecond.
    """
    nanos = time.time_ns()
    millis, rest = divmod(nanos, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    value = (millis & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | fraction << 64
    value |= 0x2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=value)


def derived_id(at: float, name: str) -> uuid.UUID:
    """The id that follows from a time and a name: a UUIDv8 (RFC 9562, section 5.8) that sorts among the others by time.

    Args:
        at: Unix seconds.
        name: what else tells it from others.
    """
    millis = int(at * 1_000) & 0xFFFF_FFFF_FFFF
    digest = int.from_bytes(hashlib.sha256(f"{at!r}/{name}".encode()).digest()[:10], "big")
    value = millis << 80 | digest
    value = value & ~(0xF << 76) | 0x8 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)
