"""From a row of the features to a trigger as those see it who fire it."""

from __future__ import annotations

import orjson

from weftline.features.triggers.models import Trigger
from weftline.language.triggers import Trigger as Declaration
from weftline.store.triggers import StoredTrigger


def stored(row: Trigger) -> StoredTrigger:
    """The trigger of a row."""
    declaration = orjson.dumps(row.declaration).decode()
    return StoredTrigger(row.tenant_id, row.id, row.workflow_id, row.key, row.version_number, declaration)


def declaration_of(row: Trigger) -> Declaration:
    """What the published version declares."""
    return Declaration.model_validate(row.declaration)
