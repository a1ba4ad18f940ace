"""Sending mail, as far as this example needs it."""

from __future__ import annotations

import sys
from typing import Protocol


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, address: str, subject: str, key: str) -> None:
        """Send one mail; a repetition under the same ``key`` is dropped."""
        ...


class PrintedMail:
    """Shows mail instead of sending it."""

    def __init__(self) -> None:
        self._sent: set[str] = set()

    async def send(self, address: str, subject: str, key: str) -> None:
        """Print one mail."""
        if key not in self._sent:
            self._sent.add(key)
            print(f"mail to {address}: {subject}", file=sys.stderr)
