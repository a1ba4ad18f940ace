"""E-mail addresses that may stand in a header and on an SMTP command line."""

from __future__ import annotations

import re

MAX_ADDRESS = 254
"""Longest address that SMTP carries (RFC 5321, erratum 1690)."""

# Quoted local parts are left out on purpose: nobody has one, and they may hold what separates addresses.
_ATOM = r"[^\s\x00-\x1f\x7f-\x9f@<>()\[\]\\,;:\"]+"
_ADDRESS = re.compile(rf"{_ATOM}@{_ATOM}")


def is_address(text: str) -> bool:
    """Whether a text is one plain address, ``local@domain``, without a name, a comment or a line break."""
    return len(text) <= MAX_ADDRESS and text.isprintable() and _ADDRESS.fullmatch(text) is not None
