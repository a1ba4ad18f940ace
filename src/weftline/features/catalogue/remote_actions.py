"""The actions that remote workers carry out, as far as definitions name them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from weftline.features.database import Database

MAX_FOUND = 5_000
MAX_TENANTS = 200
"""So many tenants' actions are kept in memory."""

_STATE = """
    SELECT count(*), max(updated_at) FROM workflow_templates WHERE tenant_id = $1 AND status <> 'ARCHIVED'
"""
_FOUND = """
    SELECT DISTINCT t.id, node ->> 'action', node ->> 'queue'
    FROM workflow_templates t
    JOIN workflow_versions v
      ON v.tenant_id = t.tenant_id AND v.template_id = t.id AND v.version_number = t.latest_version
    CROSS JOIN LATERAL
        jsonb_path_query(v.definition::jsonb, '$.nodes[*] ? (@.type == "action" && exists (@.queue))') node
    WHERE t.tenant_id = $1 AND t.status <> 'ARCHIVED'
    ORDER BY 2, 3, 1
    LIMIT $2
"""


class RemoteAction(NamedTuple):
    """An action that a definition has remote workers carry out.

    Attributes:
        workflow_id: of the definition.
        name: of the action.
        queue: the task queue.
    """

    workflow_id: str
    name: str
    queue: str


class RemoteActions:
    """Finds them, in the latest definition of every workflow; again only when one of them has changed.

    Args:
        database: where the definitions are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[UUID, tuple[tuple[int, datetime | None], Sequence[RemoteAction]]] = OrderedDict()

    async def of(self, tenant_id: UUID) -> Sequence[RemoteAction]:
        """Those of a tenant, by name, queue and workflow."""
        async with self._database.reading(tenant_id) as connection:
            (row,) = await connection.fetch(_STATE, tenant_id)
            state = (row[0], row[1])
            known = self._known.get(tenant_id)
            if known is not None and known[0] == state:
                return known[1]
            rows = await connection.fetch(_FOUND, tenant_id, MAX_FOUND)
        found = [RemoteAction(*row) for row in rows]
        self._known[tenant_id] = (state, found)
        self._known.move_to_end(tenant_id)
        if len(self._known) > MAX_TENANTS:
            self._known.popitem(last=False)
        return found
