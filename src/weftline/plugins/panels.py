"""Whether a panel can be shown: everything that it names has to be there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

from weftline.authoring.plugin import Action, Column, Details, Form, Panel, Section, Table, Text
from weftline.language.json_schema import CompiledSchema, InvalidSchema
from weftline.plugins.routes import RouteTable

_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
_ICON = re.compile(r"[a-z][a-z0-9-]*")
_LANGUAGE = re.compile(r"[a-z]{2}")
_NAMED = re.compile(r"\{([^}]*)\}")

MAX_SECTIONS = 20


def check_panel(panel: Panel, taken: Collection[str]) -> None:
    """See that a panel can be one; its routes are looked at by :func:`check_routes`.

    Args:
        panel: which.
        taken: ids of the plugin's others.

    Raises:
        ValueError: it cannot; says where.
    """
    where = f"panel '{panel.id}'"
    if _ID.fullmatch(panel.id) is None:
        raise ValueError(f"{where}: its id has small letters, digits and hyphens, a letter first")
    if panel.id in taken:
        raise ValueError(f"{where}: there is another of this id")
    if _ICON.fullmatch(panel.icon) is None:
        raise ValueError(f"{where}: '{panel.icon}' is no icon's name")
    if not 1 <= len(panel.sections) <= MAX_SECTIONS:
        raise ValueError(f"{where}: it has 1 to {MAX_SECTIONS} sections, not {len(panel.sections)}")
    _check_texts(panel, where)
    for number, section in enumerate(panel.sections, 1):
        _check_section(section, f"{where}, section {number}")


def check_routes(panel: Panel, routes: RouteTable, permissions: Collection[str] | None) -> None:
    """See that the routes and permissions are there that a panel names.

    Args:
        panel: which.
        routes: the plugin's.
        permissions: those that there are; None: any may be.

    Raises:
        ValueError: one is not.
    """
    where = f"panel '{panel.id}'"
    check_permissions([panel.permission, *(each.permission for each in _actions(panel))], permissions, where)
    for method, path in _named_routes(panel):
        if routes.declared(method, path) is None:
            raise ValueError(f"{where}: the plugin has no route {method} {path}")


def check_permissions(wanted: Iterable[str | None], known: Collection[str] | None, where: str) -> None:
    """See that permissions are the platform's.

    Raises:
        ValueError: one is not.
    """
    for each in wanted:
        if each is not None and known is not None and each not in known:
            raise ValueError(f"{where}: there is no permission '{each}'")


def check_text(texts: Mapping[str, str], where: str) -> None:
    """See that something is a text by language.

    Raises:
        ValueError: it is none.
    """
    if not texts.get("en"):
        raise ValueError(f"{where}: a text is given by language, and English is missing: {{'en': …}}")
    wrong = next((each for each in texts if _LANGUAGE.fullmatch(each) is None), None)
    if wrong is not None:
        raise ValueError(f"{where}: '{wrong}' is no language, two small letters")


def _check_section(section: Section, where: str) -> None:
    match section:
        case Table():
            _check_columns(section.columns, where)
            for action in (*section.row_actions, *section.actions):
                _check_action(action, where)
        case Form():
            check_schema(section.schema, where)
            _check_labels(section.labels, section.schema, where)
        case Details():
            _check_columns(section.fields, where)
            for action in section.actions:
                _check_action(action, where)
        case Text():
            if not section.paragraphs:
                raise ValueError(f"{where}: it has no paragraph")
        case _:
            raise ValueError(f"{where}: {section!r} is none of Table, Form, Details, Text")


def _check_columns(columns: Iterable[Column], where: str) -> None:
    keys = [each.key for each in columns]
    if not keys:
        raise ValueError(f"{where}: it shows nothing")
    if len(set(keys)) < len(keys):
        raise ValueError(f"{where}: two columns have one key")
    for each in columns:
        if (each.kind == "link") != (each.link is not None):
            raise ValueError(f"{where}, column '{each.key}': a link has kind 'link', and says in 'link' where it leads")
        if each.link is not None and (not each.link.startswith("/") or each.link.startswith("//")):
            raise ValueError(f"{where}, column '{each.key}': '{each.link}' is no page of the web app: it begins with /")


def _check_action(action: Action, where: str) -> None:
    if action.schema is not None:
        check_schema(action.schema, where)
        _check_labels(action.labels, action.schema, where)


def check_schema(schema: Mapping[str, Any], where: str) -> None:
    """See that something is a JSON Schema of an object.

    Raises:
        ValueError: it is none.
    """
    try:
        CompiledSchema(dict(schema))
    except InvalidSchema as error:
        raise ValueError(f"{where}: not a JSON Schema: {error.message}") from None
    if schema.get("type") != "object":
        raise ValueError(f'{where}: the JSON Schema is that of an object: "type": "object"')


def _check_labels(labels: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> None:
    known: Mapping[str, Any] = schema.get("properties", {})
    unknown = next((each for each in labels if each not in known), None)
    if unknown is not None:
        raise ValueError(f"{where}: there is a label for '{unknown}', which is no field of the schema")


def _check_texts(part: object, where: str) -> None:
    """See to every text below a part of a panel."""
    if not is_dataclass(part) or isinstance(part, type):
        return
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name in ("title", "empty", "confirm", "button"):
            if value is not None:
                check_text(value, where)
        elif field.name == "paragraphs":
            for each in value:
                check_text(each, where)
        elif field.name in ("labels", "values"):
            for each in cast("Mapping[str, object]", value).values():
                if isinstance(each, Mapping):
                    check_text(cast("Mapping[str, str]", each), where)
                else:
                    _check_texts(each, where)
        elif isinstance(value, tuple | list):
            for each in cast("list[object]", value):
                _check_texts(each, where)


def _actions(panel: Panel) -> Iterator[Action]:
    for section in panel.sections:
        if isinstance(section, Table):
            yield from section.row_actions
            yield from section.actions
        elif isinstance(section, Details):
            yield from section.actions


def _named_routes(panel: Panel) -> Iterator[tuple[str, str]]:
    for section in panel.sections:
        if isinstance(section, Form):
            yield section.method, section.submit
            if section.source is not None:
                yield "GET", section.source
        elif not isinstance(section, Text):
            yield "GET", section.source
    for action in _actions(panel):
        yield action.method, action.route
