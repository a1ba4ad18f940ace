"""Where messages stand."""

from __future__ import annotations

from enum import StrEnum


class MailStatus(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    """It waits for its next attempt, or for a server to be set."""
    SENT = "sent"
    FAILED = "failed"
    """The server refused it for good, or every attempt failed."""
