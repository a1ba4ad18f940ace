"""What the API needs to know of a published version: its input's schema, and its steps' names.

Published versions never change, so what was read once stays true.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.features.json_schema import JsonSchema
from weftline.store.errors import translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

CACHE_SIZE = 500
"""Versions kept in memory."""


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
    """

    schema: JsonSchema | None
    steps: dict[str, StepHeading]


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
            version = self._known[key] = _read(orjson.loads(text))
            if len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return version


def _read(definition: dict[str, Any]) -> PublishedVersion:
    schema = definition.get("input")
    return PublishedVersion(
        None if schema is None else JsonSchema(schema),
        {node["id"]: StepHeading(node.get("name") or node["id"], node["type"]) for node in definition["nodes"]},
    )
