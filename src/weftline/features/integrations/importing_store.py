"""Writing imported integrations, within a transaction of the caller's."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from weftline.authoring.integrations.stored import auth_json
from weftline.openapi import ConvertedAction, ConvertedIntegration
from weftline.openapi.document import mapping
from weftline.openapi.reachability import references
from weftline.store.keyring import Connection


class Former(NamedTuple):
    """An action of an earlier import."""

    name: str
    title: str
    method: str
    path: str
    is_removed: bool


_LOCK = "SELECT etag, document_sha256 FROM integrations WHERE tenant_id = $1 AND name = $2 FOR UPDATE"
_COUNT = "SELECT count(*) FROM integrations WHERE tenant_id = $1"
_FORMER = """
    SELECT name, title, method, path, removed_at IS NOT NULL AS is_removed
    FROM integration_actions
    WHERE tenant_id = $1 AND integration = $2
    ORDER BY position
"""
_SAVE = """
    INSERT INTO integrations (
        tenant_id, name, title, description, category, icon, base_url, config, auth, needs_connection, docs_url,
        api_version, format, source_url, document_sha256, left_out, left_out_total, action_count, created_by
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9::text::json, $10, $11, $12, $13, $14, $15, $16::text::json,
            $17, $18, $19)
    ON CONFLICT (tenant_id, name) DO UPDATE
    SET title = excluded.title, description = excluded.description, category = excluded.category,
        icon = excluded.icon, base_url = excluded.base_url, config = excluded.config, auth = excluded.auth,
        needs_connection = excluded.needs_connection, docs_url = excluded.docs_url,
        api_version = excluded.api_version, format = excluded.format, source_url = excluded.source_url,
        document_sha256 = excluded.document_sha256, left_out = excluded.left_out,
        left_out_total = excluded.left_out_total, action_count = excluded.action_count, etag = integrations.etag + 1,
        updated_at = now()
"""
_MARK_REMOVED = """
    UPDATE integration_actions SET removed_at = coalesce(removed_at, now())
    WHERE tenant_id = $1 AND integration = $2 AND name = ANY($3::text[])
"""
_DROP_ACTIONS = "DELETE FROM integration_actions WHERE tenant_id = $1 AND integration = $2 AND name <> ALL($3::text[])"
_KEPT_SCHEMAS = """
    SELECT input_schema::text, output_schema::text
    FROM integration_actions
    WHERE tenant_id = $1 AND integration = $2 AND name = ANY($3::text[])
"""
_FREE_KEPT = """
    UPDATE integration_actions SET input_schema = $4::text::json, output_schema = $5::text::json
    WHERE tenant_id = $1 AND integration = $2 AND name = $3
"""
_ADD_ACTIONS = """
    INSERT INTO integration_actions (
        tenant_id, integration, name, title, description, tags, input_schema, output_schema, operation, method, path,
        is_deprecated, position
    )
    SELECT $1, $2, name, title, description, ARRAY(SELECT jsonb_array_elements_text(tags::jsonb)), input::json,
           output::json, operation::json, method, path, is_deprecated, position
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                $11::text[], $12::boolean[], $13::integer[])
        AS given (name, title, description, tags, input, output, operation, method, path, is_deprecated, position)
"""
_DROP_SCHEMAS = "DELETE FROM integration_schemas WHERE tenant_id = $1 AND integration = $2"
_ADD_SCHEMAS = """
    INSERT INTO integration_schemas (tenant_id, integration, name, schema, refers_to)
    SELECT $1, $2, name, schema::json, ARRAY(SELECT jsonb_array_elements_text(refers_to::jsonb))
    FROM unnest($3::text[], $4::text[], $5::text[]) AS given (name, schema, refers_to)
"""
_REMOVE = "DELETE FROM integrations WHERE tenant_id = $1 AND name = $2"

# text of definitions, for an action stands at several places of them; a name ends where its quotes do
_CALLED = """
    SELECT DISTINCT t.id, called[1]
    FROM workflow_templates t
    JOIN workflow_versions v ON v.tenant_id = t.tenant_id AND v.template_id = t.id
    CROSS JOIN LATERAL regexp_matches(v.definition::text, $2, 'g') called
    WHERE t.tenant_id = $1 AND t.status <> 'ARCHIVED' AND v.published_at IS NOT NULL
    ORDER BY 1, 2
"""


async def lock(connection: Connection, tenant_id: UUID, name: str) -> bool:
    """Whether there is an integration of this name; nobody else changes it meanwhile."""
    return await connection.fetchrow(_LOCK, tenant_id, name) is not None


async def count(connection: Connection, tenant_id: UUID) -> int:
    """How many integrations a tenant has imported."""
    return await connection.fetchval(_COUNT, tenant_id)


async def former_actions(connection: Connection, tenant_id: UUID, name: str) -> list[Former]:
    """The actions that an integration has now, in their order."""
    return [Former(*row) for row in await connection.fetch(_FORMER, tenant_id, name)]


async def callers(connection: Connection, tenant_id: UUID, name: str) -> dict[str, list[str]]:
    """The published workflows that call actions of an integration, by the action's own name."""
    pattern = f'"{re.escape(name)}\\.([A-Za-z0-9_.-]+)"'
    found: dict[str, list[str]] = {}
    for workflow, action in await connection.fetch(_CALLED, tenant_id, pattern):
        found.setdefault(action, []).append(workflow)
    return found


async def save(
    connection: Connection,
    tenant_id: UUID,
    name: str,
    found: ConvertedIntegration,
    *,
    category: str,
    source_url: str | None,
    digest: str,
    actor: str,
    kept: Collection[str],
) -> None:
    """Make an integration what a document says.

    Args:
        connection: in a transaction.
        tenant_id, name: which.
        found: what the document says.
        category: where it is listed.
        source_url: where the document came from.
        digest: SHA-256 of its text.
        actor: who imports it.
        kept: names of actions that the document has no longer, and that are kept all the same.
    """
    await connection.execute(
        _SAVE,
        tenant_id,
        name,
        found.title,
        found.description,
        category,
        "plug",
        found.base_url,
        _json(found.config),
        _json([auth_json(each) for each in found.auth]),
        found.needs_connection,
        found.docs_url,
        found.version,
        found.format,
        source_url,
        digest,
        _json([each.to_json() for each in found.left_out]),
        found.left_out_total,
        len(found.actions),
        actor,
    )
    await _keep(connection, tenant_id, name, found, kept)
    await connection.execute(_DROP_SCHEMAS, tenant_id, name)
    await _add_actions(connection, tenant_id, name, found.actions)
    await connection.execute(
        _ADD_SCHEMAS,
        tenant_id,
        name,
        list(found.schemas),
        [_json(each) for each in found.schemas.values()],
        [_json(sorted(references(each))) for each in found.schemas.values()],
    )


async def remove(connection: Connection, tenant_id: UUID, name: str) -> None:
    """Remove an integration with its actions."""
    await connection.execute(_REMOVE, tenant_id, name)


async def _keep(
    connection: Connection, tenant_id: UUID, name: str, found: ConvertedIntegration, kept: Collection[str]
) -> None:
    """Drop the actions but those that are kept, whose schemas no longer check what is gone from the document."""
    names = list(kept)
    await connection.execute(_DROP_ACTIONS, tenant_id, name, names)
    if not names:
        return
    await connection.execute(_MARK_REMOVED, tenant_id, name, names)
    for action in names:
        for row in await connection.fetch(_KEPT_SCHEMAS, tenant_id, name, [action]):
            schemas = [orjson.loads(text) for text in row]
            if any(not references(each) <= found.schemas.keys() for each in schemas):
                await connection.execute(_FREE_KEPT, tenant_id, name, action, *(_freed(each) for each in schemas))


def _freed(schema: Any) -> str:
    """A schema whose fields take any value, where it has fields."""
    given = mapping(schema)
    fields = mapping(given.get("properties"))
    return _json({**given, "properties": dict.fromkeys(fields, True)} if fields else True)


async def _add_actions(connection: Connection, tenant_id: UUID, name: str, actions: Sequence[ConvertedAction]) -> None:
    await connection.execute(
        _ADD_ACTIONS,
        tenant_id,
        name,
        [each.name for each in actions],
        [each.title for each in actions],
        [each.description for each in actions],
        [_json(list(each.tags)) for each in actions],
        [_json(each.input) for each in actions],
        [_json(each.output) for each in actions],
        [_json(each.operation) for each in actions],
        [each.method for each in actions],
        [each.path for each in actions],
        [each.is_deprecated for each in actions],
        list(range(len(actions))),
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
