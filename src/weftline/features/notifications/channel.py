"""The ways in which a message reaches somebody."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """The way in which a message reaches somebody."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    """A ``POST`` to a URL."""
