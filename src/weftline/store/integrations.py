"""Integrations that tenants have imported, as they are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.authoring.integrations.auth import NO_AUTH, Auth
from weftline.authoring.integrations.stored import read_auth
from weftline.openapi.reachability import bundled, references
from weftline.store.errors import translated
from weftline.store.keyring import Connection
from weftline.store.queries import queries

if TYPE_CHECKING:
    import asyncpg

MAX_SCHEMAS = 200
"""Definitions that the schemas of one action take along, the nearest first; what lies beyond takes any value."""


@dataclass(frozen=True, slots=True)
class ImportedIntegration:
    """An imported integration; its fields are those of ``weftline.authoring.integrations.Integration``.

    Attributes:
        action_count: how many actions it has.
    """

    name: str
    title: str
    description: str
    category: str
    icon: str
    base_url: str
    config: Mapping[str, Any]
    auth: Sequence[Auth]
    needs_connection: bool
    docs_url: str | None
    action_count: int

    def auth_of(self, type: str) -> Auth:
        """The way of signing in of this type; none where it is gone since a connection was made."""
        return next((each for each in self.auth if each.type == type), NO_AUTH)


@dataclass(frozen=True, slots=True)
class ImportedAction:
    """An action of an imported integration.

    Attributes:
        integration: the integration.
        name: behind its name and a dot.
        title, description: for people.
        tags: its groups.
        input, output: JSON Schemas that refer to nothing outside themselves.
        operation: how it is called; see ``weftline.authoring.integrations.operation``.
        method, path: of the request that it sends.
        is_removed: its document has it no longer.
    """

    integration: ImportedIntegration
    name: str
    title: str
    description: str
    tags: Sequence[str]
    input: dict[str, Any]
    output: dict[str, Any]
    operation: Mapping[str, Any]
    method: str
    path: str
    is_removed: bool


async def imported_integration(connection: Connection, tenant_id: UUID, name: str) -> ImportedIntegration | None:
    """An integration that a tenant has imported, or None.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        row = await connection.fetchrow(_SQL["integration"], tenant_id, name)
    return None if row is None else _integration(row)


async def imported_integrations(connection: Connection, tenant_id: UUID) -> list[ImportedIntegration]:
    """All that a tenant has imported, by name; raises like :func:`imported_integration`."""
    with translated():
        rows = await connection.fetch(_SQL["integrations"], tenant_id)
    return [_integration(row) for row in rows]


async def imported_action(connection: Connection, tenant_id: UUID, name: str) -> ImportedAction | None:
    """An action that a tenant has imported, or None.

    Args:
        connection: to the database.
        tenant_id: whose.
        name: as definitions call it: the integration's, a dot, its own.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    integration_name, _, own = name.partition(".")
    if not own:
        return None
    with translated():
        row = await connection.fetchrow(_SQL["action"], tenant_id, integration_name, own)
    integration = None if row is None else await imported_integration(connection, tenant_id, integration_name)
    if row is None or integration is None:
        return None
    input, output = orjson.loads(row["input_schema"]), orjson.loads(row["output_schema"])
    reached = sorted(references(input) | references(output))
    defs = await _definitions(connection, tenant_id, integration_name, reached)
    return ImportedAction(
        integration,
        row["name"],
        row["title"],
        row["description"],
        row["tags"],
        bundled(input, defs, MAX_SCHEMAS),
        bundled(output, defs, MAX_SCHEMAS),
        orjson.loads(row["operation"]),
        row["method"],
        row["path"],
        row["is_removed"],
    )


async def imported_outputs(
    connection: Connection, tenant_id: UUID, names: Collection[str]
) -> dict[str, dict[str, Any]]:
    """JSON Schemas of what imported actions give, by the actions' whole names; nothing of those that are none.

    Args:
        connection: to the database.
        tenant_id: whose.
        names: as definitions call them.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    parted = [name.partition(".") for name in names if "." in name]
    if not parted:
        return {}
    with translated():
        rows = await connection.fetch(
            _SQL["outputs"], tenant_id, [each[0] for each in parted], [each[2] for each in parted]
        )
    outputs: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        outputs.setdefault(row["integration"], {})[row["name"]] = orjson.loads(row["output_schema"])
    found: dict[str, dict[str, Any]] = {}
    for integration, its in outputs.items():
        reached = sorted({name for each in its.values() for name in references(each)})
        defs = await _definitions(connection, tenant_id, integration, reached)
        found |= {f"{integration}.{name}": bundled(each, defs, MAX_SCHEMAS) for name, each in its.items()}
    return found


async def imported_names(connection: Connection, tenant_id: UUID, integrations: Collection[str]) -> set[str]:
    """The actions of integrations as definitions call them, those that their documents no longer have too.

    Args:
        connection: to the database.
        tenant_id: whose.
        integrations: names; of those that are none, nothing comes.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        rows = await connection.fetch(_SQL["names"], tenant_id, list(integrations))
    return {row[0] for row in rows}


async def _definitions(
    connection: Connection, tenant_id: UUID, integration: str, names: Sequence[str]
) -> dict[str, Any]:
    """The schemas of these names, and those that they refer to."""
    if not names:
        return {}
    with translated():
        found = await connection.fetch(_SQL["schemas"], tenant_id, integration, names, 2 * MAX_SCHEMAS)
    return {each["name"]: orjson.loads(each["schema"]) for each in found}


def _integration(row: asyncpg.Record) -> ImportedIntegration:
    return ImportedIntegration(
        row["name"],
        row["title"],
        row["description"],
        row["category"],
        row["icon"],
        row["base_url"],
        orjson.loads(row["config"]),
        [read_auth(each) for each in orjson.loads(row["auth"])],
        row["needs_connection"],
        row["docs_url"],
        row["action_count"],
    )


_SQL = queries("integrations")
