"""Triggers of a template. Ours know their names (see :class:`weftline.language.triggers.Trigger`); here is the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from weftline.language.dialects.base import Document, Fate, Path
from weftline.language.dialects.designer.shapes import WorkflowTrigger
from weftline.language.dialects.ids import node_slug
from weftline.language.dialects.mappings import read_mappings
from weftline.language.dialects.reading import Reader
from weftline.language.triggers import Trigger

_TYPES = {name.upper(): name for name in ("schedule", "webhook", "event", "integration", "manual")}
_TYPES["SCHEDULED"] = "schedule"
_HEAD = frozenset({"id", "type", "name", "enabled", "integrationId", "integrationEventId"})
_CONFIGURED = {field.alias or name for name, field in Trigger.model_fields.items()} - _HEAD


def read_triggers(triggers: Sequence[WorkflowTrigger], path: Path, kept: Document, reader: Reader) -> list[Document]:
    """Our triggers for those of a template.

    Parameters:
        triggers: what stands at ``path``.
        path: where.
        kept: what is kept of the template; gets what is kept of its triggers.
        reader: gets the notes.
    """
    found: list[Document] = []
    extras: dict[str, Document] = {}
    unsupported: list[Document] = []
    for index, trigger in enumerate(triggers):
        place: Path = (*path, index)
        kind = _TYPES.get(trigger.type.upper())
        if kind is None:
            reader.note(Fate.UNSUPPORTED, (*place, "type"), trigger.type, "there is no such trigger here")
            unsupported.append(trigger.model_dump(by_alias=True, exclude_unset=True))
            continue
        reader.origin(("triggers", len(found)), place)
        rest = reader.rest(trigger, place)
        ours = _read_trigger(trigger, kind, place, rest, reader)
        if rest:
            extras[ours["id"] if "id" in ours else str(len(found))] = rest
        found.append(ours)
    if extras:
        kept["triggers"] = extras
    if unsupported:
        kept["unsupportedTriggers"] = unsupported
    return found


def _read_trigger(trigger: WorkflowTrigger, kind: str, path: Path, rest: Document, reader: Reader) -> Document:
    fields: Document = {
        "type": kind,
        "name": trigger.name,
        "enabled": None if trigger.is_active else False,
        "integrationId": trigger.integration_id,
        "integrationEventId": trigger.integration_event_id,
        "cron": trigger.cron_expression,
    }
    if trigger.id is not None:
        fields["id"] = node_slug(trigger.id)
        reader.keep_id(trigger.id, fields["id"], path, rest)
    config, place = trigger.config, (*path, "config")
    if config.filter is not None:
        fields["condition"] = reader.cel(config.filter, (*place, "filter"))
    if config.input_mappings is not None:
        fields["input"] = read_mappings(config.input_mappings)
    for name, value in (config.model_extra or {}).items():
        if name in _CONFIGURED and fields.get(name) is None:
            fields[name] = value
        else:
            rest.setdefault("config", {})[name] = value
            reader.note(Fate.UNSUPPORTED, (*place, name), name, "is not known in this place")
    if kind == "event" and "event" not in fields and trigger.integration_event_id is not None:
        fields["event"] = _event_of(fields)
    return {name: value for name, value in fields.items() if value is not None}


def _event_of(fields: Document) -> str:
    """The name under which an integration's event comes."""
    prefix = f"{fields['integrationId']}." if fields.get("integrationId") is not None else ""
    return f"{prefix}{fields['integrationEventId']}"


def write_triggers(triggers: Sequence[Document], extras: object, unsupported: object) -> list[Document]:
    """A template's triggers for ours.

    Parameters:
        triggers: ours, in their normal form.
        extras: what was kept of those they were read from.
        unsupported: those that could not be read.
    """
    kept = cast("dict[str, Document]", extras) if isinstance(extras, dict) else {}
    written = [
        _write_trigger(trigger, kept.get(trigger.get("id", str(index)))) for index, trigger in enumerate(triggers)
    ]
    return [*written, *(cast("list[Document]", unsupported) if isinstance(unsupported, list) else [])]


def _write_trigger(trigger: Document, kept: Document | None) -> Document:
    rest = dict(trigger)
    if "integrationEventId" in rest and rest.get("event") == _event_of(rest):
        del rest["event"]
    kind = rest.pop("type")
    fields: Document = {
        "id": rest.pop("id", None),
        "name": rest.pop("name", None),
        "type": "SCHEDULED" if kind == "schedule" else kind.upper(),
        "isActive": rest.pop("enabled", None),
        "integrationId": rest.pop("integrationId", None),
        "integrationEventId": rest.pop("integrationEventId", None),
        "cronExpression": rest.pop("cron", None),
        "config": rest or None,
    }
    found = {name: value for name, value in fields.items() if value is not None}
    if kept is None:
        return found
    return {**found, **kept, **({"config": {**kept["config"], **rest}} if "config" in kept else {})}
