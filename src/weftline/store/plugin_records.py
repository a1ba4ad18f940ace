"""Documents that plugins keep for tenants, as they are stored."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from weftline.authoring.plugin import (
    MAX_RECORD_BYTES,
    MAX_RECORD_KEY,
    MAX_RECORDS_LISTED,
    Record,
    RecordChanged,
    RecordInvalid,
    RecordPage,
    RecordStore,
)
from weftline.store.connect import create_pool, tenant_transaction
from weftline.store.errors import translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

COLLECTION = re.compile(r"[a-z][a-z0-9-]{0,62}")

_UNSTORABLE = re.compile("[\0\ud800-\udfff\U0010ffff]")
"""What the database cannot keep, and the character after which no other comes."""

CONNECTIONS = 4
"""Of one process, for the documents of all its plugins."""

Actor: TypeAlias = Callable[[], Mapping[str, Any] | None]
"""Who acts now, as ``append_audit`` takes it: ``actor_type``, ``actor_id``, ``actor_name`` and more; None: nobody is
known, and it is the plugin itself."""


class RecordPool:
    """Connections for the documents of a process's plugins, made when the first is asked for.

    Args:
        url: the database's.

    Attributes:
        actor: tells who acts now.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self.actor: Actor = lambda: None

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID) -> AsyncGenerator[PoolConnectionProxy[asyncpg.Record]]:
        """A transaction that sees one tenant's rows only.

        Raises:
            StoreUnavailable, Unstorable, Superseded: see ``weftline.store.errors``.
        """
        with translated():
            if self._pool is None:
                made = await create_pool(
                    self._url, "weft_api", name="weftline-plugin-records", min_size=0, max_size=CONNECTIONS
                )
                if self._pool is None:
                    self._pool = made
                else:
                    await made.close()
            async with tenant_transaction(self._pool, tenant_id) as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()


class StoredRecords(RecordStore):
    """See :class:`~weftline.authoring.plugin.RecordStore`.

    Args:
        pool: where the documents are.
        plugin_id, collection: which they are.

    Raises:
        RecordInvalid: the collection cannot be called so.
    """

    def __init__(self, pool: RecordPool, plugin_id: str, collection: str) -> None:
        check_collection(collection)
        self._pool = pool
        self._plugin_id = plugin_id
        self._collection = collection

    async def get(self, tenant_id: UUID, key: str) -> Record | None:
        """The document of a key; see there."""
        check_key(key)
        async with self._pool.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_SQL["get"], *self._named(tenant_id, key))
        return None if row is None else _record(row)

    async def put(self, tenant_id: UUID, key: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Record:
        """Make a document, or replace it; see there."""
        check_key(key)
        text = encoded(data)
        named = self._named(tenant_id, key)
        async with self._pool.transaction(tenant_id) as connection:
            held = await connection.fetchrow(_SQL["hold"], *named)
            row: asyncpg.Record | None = None
            if held is None and not if_version:
                row = await connection.fetchrow(_SQL["insert"], *named, text)
                # none: somebody else was first, and it is there now
                held = None if row is not None else await connection.fetchrow(_SQL["hold"], *named)
            if row is None:
                version = 0 if held is None else held["version"]
                if held is None or (if_version is not None and if_version != version):
                    raise RecordChanged(key, if_version or 0, version)
                row = await connection.fetchrow(_SQL["update"], *named, text)
                assert row is not None
            record = _record(row)
            before = None if held is None else orjson.loads(held["data"])
            act = "plugin_record.created" if held is None else "plugin_record.changed"
            fields = sorted(name for name in {*(before or ()), *record.data} if _differs(name, before, record.data))
            await self._audit(connection, tenant_id, act, key, {"version": record.version, "fields": fields})
        return record

    async def delete(self, tenant_id: UUID, key: str, *, if_version: int | None = None) -> bool:
        """Remove a document; see there."""
        check_key(key)
        named = self._named(tenant_id, key)
        async with self._pool.transaction(tenant_id) as connection:
            held = await connection.fetchrow(_SQL["hold"], *named)
            version = 0 if held is None else held["version"]
            if if_version is not None and if_version != version:
                raise RecordChanged(key, if_version, version)
            if held is None:
                return False
            await connection.execute(_SQL["delete"], *named)
            await self._audit(connection, tenant_id, "plugin_record.deleted", key, {"version": version})
        return True

    async def list(
        self, tenant_id: UUID, *, prefix: str = "", cursor: str | None = None, limit: int = 100
    ) -> RecordPage:
        """Documents by key; see there."""
        after = checked_page(prefix, cursor, limit)
        async with self._pool.transaction(tenant_id) as connection:
            rows = await connection.fetch(
                _SQL["list"], tenant_id, self._plugin_id, self._collection, after, prefix, limit + 1
            )
        items = [_record(row) for row in rows[:limit]]
        return RecordPage(items, cursor_after(items[-1].key) if len(rows) > limit else None)

    def _named(self, tenant_id: UUID, key: str) -> tuple[object, ...]:
        return (tenant_id, self._plugin_id, self._collection, key)

    async def _audit(
        self,
        connection: PoolConnectionProxy[asyncpg.Record],
        tenant_id: UUID,
        act: str,
        key: str,
        after: Mapping[str, Any],
    ) -> None:
        """Tell of a change, at the end of its transaction: appending holds the end of the tenant's chain."""
        entry = {
            "actor_type": "plugin",
            "actor_name": self._plugin_id,
            **(self._pool.actor() or {}),
            "action": act,
            "resource_type": "plugin_record",
            "resource_id": f"{self._plugin_id}/{self._collection}/{key}",
            "after": after,
        }
        await connection.execute(_APPEND, tenant_id, orjson.dumps([entry], default=str).decode())


def check_collection(collection: str) -> None:
    """See that a collection can be called so.

    Raises:
        RecordInvalid: it cannot.
    """
    if COLLECTION.fullmatch(collection) is None:
        raise RecordInvalid(
            f"'{collection}' cannot be a collection: a small letter, then small letters, digits, hyphens, at most 63"
        )


def check_key(key: str) -> None:
    """See that a document can have this key.

    Raises:
        RecordInvalid: it cannot.
    """
    if not 1 <= len(key) <= MAX_RECORD_KEY:
        raise RecordInvalid(f"a key has 1 to {MAX_RECORD_KEY} characters; this one has {len(key)}")
    _check_characters(key)


def _check_characters(text: str) -> None:
    if _UNSTORABLE.search(text) is not None:
        raise RecordInvalid("a key holds neither NUL, nor half a surrogate pair, nor U+10FFFF")


def encoded(data: Mapping[str, Any]) -> str:
    """A document as JSON.

    Raises:
        RecordInvalid: it is no JSON object, or too large.
    """
    try:
        text = orjson.dumps(dict(data))
    except (TypeError, ValueError) as error:
        raise RecordInvalid(f"the document is no JSON object: {error}") from None
    if len(text) > MAX_RECORD_BYTES:
        raise RecordInvalid(f"the document has {len(text):,} bytes as JSON, and {MAX_RECORD_BYTES:,} are the most")
    if b"\\u0000" in text:
        raise RecordInvalid("the document has a text with a NUL character, which cannot be stored")
    return text.decode()


def checked_page(prefix: str, cursor: str | None, limit: int) -> str:
    """The key after which a page begins.

    Raises:
        RecordInvalid: the prefix, the cursor or the limit is none.
    """
    if not 1 <= limit <= MAX_RECORDS_LISTED:
        raise RecordInvalid(f"a page has 1 to {MAX_RECORDS_LISTED} documents, not {limit}")
    if len(prefix) > MAX_RECORD_KEY:
        raise RecordInvalid(f"a prefix has at most {MAX_RECORD_KEY} characters; this one has {len(prefix)}")
    _check_characters(prefix)
    if cursor is None:
        return ""
    try:
        after = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except ValueError:
        raise RecordInvalid("the cursor is none that this list has given") from None
    check_key(after)
    return after


def cursor_after(key: str) -> str:
    """Leads to the documents after this key."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _differs(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    return before is None or name not in before or name not in after or before[name] != after[name]


def _record(row: asyncpg.Record) -> Record:
    return Record(row["key"], orjson.loads(row["data"]), row["version"], row["created_at"], row["updated_at"])


_SQL = queries("plugin_records")
_APPEND = "SELECT append_audit($1, $2::text::jsonb)"
