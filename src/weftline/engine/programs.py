"""Compiled versions, kept in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import orjson

from weftline.authoring.context import Tenant
from weftline.language import DefinitionError, load
from weftline.language.program import Program
from weftline.model.errors import WorkflowError
from weftline.store.errors import translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

VersionKey = tuple[UUID, str, int]
"""Tenant, workflow, version number."""


class UnusableVersion(Exception):
    """A version cannot be run here: it is gone, or its definition is no longer valid.

    Attributes:
        error: for the execution's record.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.error = WorkflowError("unusable_version", message, retryable=False)


class Programs:
    """A cache of compiled versions. Versions are immutable, so an entry never goes stale.

    Args:
        size: versions kept at most; the least recently used go first.
    """

    def __init__(self, size: int = 1_000) -> None:
        self._size = size
        self._cache: OrderedDict[VersionKey, tuple[Program, Tenant] | UnusableVersion] = OrderedDict()

    async def get(
        self, connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record], key: VersionKey
    ) -> tuple[Program, Tenant]:
        """The compiled version and its tenant.

        Raises:
            UnusableVersion: it cannot be run.
            StoreUnavailable: the database does not answer.
        """
        found = self._cache.get(key)
        if found is None:
            found = await self._load(connection, key)
            self._cache[key] = found
            if len(self._cache) > self._size:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(key)
        if isinstance(found, UnusableVersion):
            raise found
        return found

    async def _load(
        self, connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record], key: VersionKey
    ) -> tuple[Program, Tenant] | UnusableVersion:
        tenant_id, workflow_id, number = key
        with translated():
            row = await connection.fetchrow(queries("versions")["load"], tenant_id, workflow_id, number)
        if row is None:
            return UnusableVersion(f"version {number} of workflow '{workflow_id}' does not exist")
        try:
            # Compiling a large definition takes a while, and the loop must not stand still for it. Actions may live
            # in other workers only, so their names are not checked here.
            _, program = await asyncio.to_thread(load, orjson.loads(row["definition"]), None)
        except DefinitionError as error:
            return UnusableVersion(f"version {number} of workflow '{workflow_id}' is not valid any more: {error}")
        return program, Tenant(tenant_id, row["tenant_slug"])
