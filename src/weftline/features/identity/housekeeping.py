"""What sees to itself: old sessions, tokens and counts are removed, and signing keys replaced in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import TextClause, text

from weftline.features.background import Background
from weftline.features.database import Database
from weftline.features.identity.throttle import NETWORKS_REMEMBERED, REMEMBERED
from weftline.features.identity.tokens import Tokens

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 600.0
BATCH = 1000
"""Rows that one statement removes."""

KEEP_USED = timedelta(days=7)
"""How long a refresh token that was used is remembered: until then, its replay ends the session."""

KEEP_SESSIONS = NETWORKS_REMEMBERED
"""How long a session is kept after it expired: it tells from where its owner has signed in."""

KEEP_TOKENS = timedelta(days=1)
KEEP_KEYS = timedelta(days=90)


def _purge(table: str, key: str, condition: str) -> TextClause:
    # names of ours: nothing from outside
    old = f"SELECT {key} FROM {table} WHERE {condition} LIMIT {BATCH} FOR UPDATE SKIP LOCKED"  # noqa: S608
    return text(f"DELETE FROM {table} WHERE {key} IN ({old}) RETURNING 1")  # noqa: S608


PURGES: Mapping[str, tuple[TextClause, timedelta]] = {
    "refresh_tokens": (_purge("refresh_tokens", "token_hash", "used_at < now() - CAST(:age AS interval)"), KEEP_USED),
    "sessions": (_purge("sessions", "id", "expires_at < now() - CAST(:age AS interval)"), KEEP_SESSIONS),
    "one_time_tokens": (
        _purge("one_time_tokens", "token_hash", "expires_at < now() - CAST(:age AS interval)"),
        KEEP_TOKENS,
    ),
    "sign_in_failures": (_purge("sign_in_failures", "key", "last_at < now() - CAST(:age AS interval)"), REMEMBERED),
    "signing_keys": (_purge("signing_keys", "id", "retired_at < now() - CAST(:age AS interval)"), KEEP_KEYS),
}


class Housekeeper:
    """Does it in the background. Any number of processes may do it at a time.

    Args:
        identity: under the role that signs people in.
        tokens: whose keys are replaced.
        key_days: age at which a signing key is replaced, days.
    """

    def __init__(self, identity: Database, tokens: Tokens, *, key_days: int) -> None:
        if key_days < 1:
            raise ValueError("a signing key must last for a day at least")
        self._identity = identity
        self._tokens = tokens
        self._key_age = timedelta(days=key_days)
        self._loop = Background("identity housekeeping", INTERVAL_SECONDS, self._turn)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()

    async def run_once(self) -> dict[str, int]:
        """Remove what is old, and replace the signing key where it is due.

        Returns:
            How many rows of which table were removed; under ``rotated``, how many keys were made.

        Raises:
            StoreError: the database cannot be used.
        """
        counts = {name: await self._remove(statement, age) for name, (statement, age) in PURGES.items()}
        counts["rotated"] = int(await self._tokens.rotate_older_than(self._key_age))
        return counts

    async def _remove(self, statement: TextClause, age: timedelta) -> int:
        total = 0
        while True:
            async with self._identity.unbound() as session:
                removed = len((await session.execute(statement, {"age": age})).all())
            total += removed
            if removed < BATCH:
                return total

    async def _turn(self) -> int:
        if (await self.run_once())["rotated"]:
            log.info("signing key replaced")
        return 0
