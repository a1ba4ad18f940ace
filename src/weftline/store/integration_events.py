"""Events of other systems, read: whoever takes them knows which can be used, and under what each is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from weftline.language.json_values import find_flaw
from weftline.language.trigger_rules import IntegrationRule
from weftline.model.errors import WorkflowError
from weftline.store.integration_triggers import event_digest

if TYPE_CHECKING:
    from weftline.authoring.integrations.integration import IntegrationTrigger, Item
    from weftline.authoring.schema_check import SchemaCheck


class Event(NamedTuple):
    """An event of another system.

    Attributes:
        id: the same whenever it is found.
        digest: under which it is remembered.
        names: as expressions see it.
        error: why it cannot be used; None where it can.
    """

    id: str
    digest: bytes
    names: Mapping[str, Any]
    error: WorkflowError | None


def read_events(rule: IntegrationRule, trigger: IntegrationTrigger, items: Sequence[Item]) -> list[Event]:
    """What a look at another system has found, each thing once.

    Args:
        rule: which trigger it is of.
        trigger: what the integration says of it.
        items: what was found.
    """
    name = f"{rule.integration}.{trigger.name}"
    events: dict[bytes, Event] = {}
    for item in items:
        digest = event_digest(item.id)
        if digest in events:
            continue
        payload, error = _read(name, trigger.check, item)
        events[digest] = Event(item.id, digest, {"name": name, "id": item.id, "payload": payload}, error)
    return list(events.values())


def _read(name: str, check: SchemaCheck, item: Item) -> tuple[Any, WorkflowError | None]:
    """An item's payload, and what is wrong with it."""
    try:
        payload = orjson.loads(orjson.dumps(item.payload))
    except (TypeError, ValueError) as error:
        return None, WorkflowError("unexpected_event", f"{name}: the payload is not JSON: {error}")
    flaw = find_flaw({"payload": payload})
    if flaw is not None:
        return None, WorkflowError(flaw.code, f"{name}: the payload cannot be used: {flaw.message}")
    problem = check.problem(payload)
    if problem is not None:
        message = f"{name}: the payload is not what was announced: payload{problem}"
        return payload, WorkflowError("unexpected_event", message)
    return payload, None
