"""What tenants have imported, as the directory of integrations finds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from weftline.features.integrations.directory import KnownAction, KnownIntegration
from weftline.store.integrations import (
    ImportedIntegration,
    imported_action,
    imported_integration,
    imported_integrations,
)
from weftline.store.keyring import Connection

# every word is somewhere in what people read of an action; those that were removed are offered no more
_ACTIONS = """
    SELECT a.integration, a.name, a.title, a.description, a.tags, a.method, a.path
    FROM integration_actions a JOIN integrations i ON i.tenant_id = a.tenant_id AND i.name = a.integration
    WHERE a.tenant_id = $1 AND a.removed_at IS NULL AND ($2::text IS NULL OR a.integration = $2)
      AND ($3::text[] = '{}'
           OR lower(a.integration || '.' || a.name || ' ' || a.title || ' ' || i.title || ' ' || a.description)
              LIKE ALL ($3::text[]))
    ORDER BY $3::text[] = '{}' OR lower(a.name || ' ' || a.title) LIKE ALL ($3::text[]) DESC, a.integration, a.position
    LIMIT $4
"""

_WILD, _ESCAPED = re.compile(r"([%_\\])"), r"\\\1"


class ImportedIntegrations:
    """See :class:`weftline.features.integrations.directory.Imported`."""

    async def all(self, connection: Connection, tenant_id: UUID) -> Sequence[KnownIntegration]:
        """Every integration, without actions."""
        return [_known(each) for each in await imported_integrations(connection, tenant_id)]

    async def get(self, connection: Connection, tenant_id: UUID, name: str) -> KnownIntegration | None:
        """The integration of this name, without actions."""
        found = await imported_integration(connection, tenant_id, name)
        return None if found is None else _known(found)

    async def actions(
        self, connection: Connection, tenant_id: UUID, *, integration: str | None, words: Sequence[str], limit: int
    ) -> Sequence[KnownAction]:
        """Actions whose name, title, description or integration holds every word, without their schemas.

        Args:
            connection: bound to the tenant.
            tenant_id: whose.
            integration: only this one's.
            words: in small letters; none: any action.
            limit: at most so many; those that have the words in name or title come first.
        """
        patterns = [f"%{_WILD.sub(_ESCAPED, word)}%" for word in words]
        rows = await connection.fetch(_ACTIONS, tenant_id, integration, patterns, limit)
        return [
            KnownAction(
                row["integration"],
                row["name"],
                row["title"],
                row["description"],
                tags=row["tags"],
                method=row["method"],
                path=row["path"],
            )
            for row in rows
        ]

    async def action(self, connection: Connection, tenant_id: UUID, integration: str, name: str) -> KnownAction | None:
        """An action with its schemas."""
        found = await imported_action(connection, tenant_id, f"{integration}.{name}")
        if found is None:
            return None
        return KnownAction(
            integration,
            found.name,
            found.title,
            found.description,
            tags=found.tags,
            input=found.input,
            output=found.output,
            method=found.method,
            path=found.path,
        )


def _known(found: ImportedIntegration) -> KnownIntegration:
    return KnownIntegration(
        name=found.name,
        title=found.title,
        description=found.description,
        category=found.category,
        icon=found.icon,
        auth=found.auth,
        config=found.config,
        base_url=found.base_url,
        docs_url=found.docs_url,
        needs_connection=found.needs_connection,
        is_built_in=False,
        actions=None,
        action_count=found.action_count,
    )
