"""Whether an integration offers what a trigger of a definition names, and takes what that configures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import orjson

from weftline.language.hints import nearest
from weftline.language.json_schema import CompiledSchema
from weftline.language.problems import Problems
from weftline.language.triggers import Trigger


class Offer(NamedTuple):
    """A trigger that an integration offers.

    Attributes:
        kind: ``POLLING``, ``EVENT`` or ``WEBHOOK``.
        config: JSON Schema of what can be configured.
    """

    kind: str
    config: Mapping[str, Any]


Offers: TypeAlias = Mapping[str, Mapping[str, Offer]]
"""Triggers by the names of integrations and their own."""


def check_offer(trigger: Trigger, offers: Offers, place: str, problems: Problems) -> None:
    """Adds what is wrong with a trigger of type ``integration``.

    Parameters:
        trigger: it.
        offers: what there is.
        place: its JSON pointer.
        problems: gets it.
    """
    if trigger.integration is None or trigger.trigger is None:
        return
    offered = offers.get(trigger.integration)
    if not offered:
        is_known = trigger.integration in offers
        message = f"the integration `{trigger.integration}` has no triggers" if is_known else None
        message = message or f"there is no integration `{trigger.integration}` with triggers"
        having = [name for name, each in offers.items() if each]
        hint = _meant(trigger.integration, having) or _choice(having)
        problems.add("unknown_integration", f"{place}/integration", message, hint)
        return
    offer = offered.get(trigger.trigger)
    if offer is None:
        message = f"the integration `{trigger.integration}` has no trigger `{trigger.trigger}`"
        hint = _meant(trigger.trigger, offered) or _choice(offered)
        problems.add("unknown_trigger", f"{place}/trigger", message, hint)
        return
    if trigger.every is not None and offer.kind != "POLLING":
        message = f"`{trigger.integration}.{trigger.trigger}` is not asked again and again: it tells by itself"
        problems.add("conflicting_fields", f"{place}/every", message, "remove `every`")
    _check_config(trigger.config or {}, offer.config, f"{place}/config", problems)


def _check_config(config: Mapping[str, Any], schema: Mapping[str, Any], place: str, problems: Problems) -> None:
    known: Mapping[str, Any] = schema.get("properties", {})
    strangers: list[str] = []
    if schema.get("additionalProperties") is False:
        strangers = [name for name in config if name not in known]
    for name in strangers:
        hint = _meant(name, [each for each in known if each not in config]) or _choice(known)
        problems.add("unknown_field", f"{place}/{_escaped(name)}", f"`{name}` cannot be configured here", hint)
    rest = {name: value for name, value in config.items() if name not in strangers}
    for pointer, message in _compiled(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)).errors(rest):
        problems.add("invalid_value", place + pointer, message)


@lru_cache(maxsize=256)
def _compiled(schema: bytes) -> CompiledSchema:
    return CompiledSchema(orjson.loads(schema))


def _meant(name: str, candidates: Any) -> str | None:
    close = nearest(name, candidates)
    return None if close is None else f"did you mean `{close}`?"


def _choice(names: Any) -> str | None:
    listed = ", ".join(f"`{name}`" for name in sorted(names)[:10])
    return f"there is {listed}" if listed else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
