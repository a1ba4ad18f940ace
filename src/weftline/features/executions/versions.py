"""What the API needs to know of a published version: its input's schema, its steps' names, what its starts depend on.

Published versions never change, so what was read once stays true.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.features.json_schema import JsonSchema
from weftline.language import DefinitionError, Program, load
from weftline.store.errors import translated
from weftline.store.histories import definitions
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

CACHE_SIZE = 500
"""Versions kept in memory."""

START_SETTINGS = frozenset({"concurrency", "searchAttributes", "priority"})
"""Settings that matter before an execution begins."""


@dataclass(frozen=True, slots=True)
class StepHeading:
    """What a step is called, and its type as the definition's author wrote it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version, as far as the API reads it.

    Attributes:
        schema: what inputs must satisfy, or None.
        steps: heading of each node, by its id.
        program: the version compiled, where its settings matter before an execution begins.
        encrypts: the payloads of its executions are kept sealed.
    """

    schema: JsonSchema | None
    steps: dict[str, StepHeading]
    program: Program | None = None
    encrypts: bool = False


class Versions:
    """Published versions, kept once they were read."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[UUID, str, int], PublishedVersion] = OrderedDict()

    async def get(
        self,
        connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
        tenant_id: UUID,
        workflow_id: str,
        number: int,
    ) -> PublishedVersion:
        """A published version that is known to exist.

        Args:
            connection: bound to the tenant.
            tenant_id, workflow_id, number: which.
        """
        key = (tenant_id, workflow_id, number)
        version = self._known.get(key)
        if version is None:
            with translated():
                text = await connection.fetchval(queries("versions")["load"], tenant_id, workflow_id, number)
            version = self._keep(key, await _read(orjson.loads(text)))
        else:
            self._known.move_to_end(key)
        return version

    async def get_all(
        self,
        connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
        tenant_id: UUID,
        wanted: Collection[tuple[str, int]],
    ) -> dict[tuple[str, int], PublishedVersion]:
        """Published versions that are known to exist, in one statement at most.

        Args:
            connection: bound to the tenant.
            tenant_id: whose.
            wanted: workflows and numbers.
        """
        found = {each: self._known[key] for each in wanted if (key := (tenant_id, *each)) in self._known}
        unknown = [each for each in wanted if each not in found]
        read = await definitions(connection, tenant_id, unknown) if unknown else {}
        for (workflow_id, number), definition in read.items():
            version = self._keep((tenant_id, workflow_id, number), await _read(definition))
            found[workflow_id, number] = version
        return found

    def _keep(self, key: tuple[UUID, str, int], version: PublishedVersion) -> PublishedVersion:
        self._known[key] = version
        if len(self._known) > CACHE_SIZE:
            self._known.popitem(last=False)
        return version


async def _read(definition: dict[str, Any]) -> PublishedVersion:
    schema = definition.get("input")
    settings: dict[str, Any] = definition.get("settings") or {}
    return PublishedVersion(
        None if schema is None else JsonSchema(schema),
        {node["id"]: StepHeading(node.get("name") or node["id"], node["type"]) for node in definition["nodes"]},
        None if START_SETTINGS.isdisjoint(settings) else await _compiled(definition),
        # as it is written: an execution of a version that is not valid any more is stored, too
        bool(settings.get("encrypt")),
    )


async def _compiled(definition: dict[str, Any]) -> Program | None:
    """The definition as a program; None where it is not valid any more, as the execution will tell."""
    try:
        # a large one takes its time
        _, program = await asyncio.to_thread(load, definition, None)
    except DefinitionError:
        return None
    return program
