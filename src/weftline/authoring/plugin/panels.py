"""Pages of a plugin in the web app: described, not programmed, so that they look and behave like all others.

A text is given by language, ``{"en": "Roles", "de": "Rollen"}``; English has to be there. A route is the path of one of
the plugin's own, as :meth:`PluginApp.route` names it. In routes and links of rows, ``{name}`` stands for the row's
field of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from weftline.authoring.plugin.routes import USE_PLUGINS

Texts: TypeAlias = Mapping[str, str]
ColumnKind: TypeAlias = Literal["text", "status", "date", "link", "number"]
Tone: TypeAlias = Literal["neutral", "good", "warn", "bad"]
SubmitMethod: TypeAlias = Literal["POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """How one value of a column of kind ``status`` is shown.

    Attributes:
        title: what people read.
        tone: how it looks.
    """

    title: Texts
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table, or a line of details.

    Attributes:
        key: the field that it shows.
        title: its heading.
        kind: how the field is shown; ``date`` takes ISO 8601, ``link`` needs ``link``.
        values: of kinds ``status`` and ``link``: how each value is shown; others are shown as they are.
        link: of kind ``link``: page of the web app, such as ``/executions/{executionId}``.
    """

    key: str
    title: Texts
    kind: ColumnKind = "text"
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button that calls a route; the section is read again afterwards.

    Attributes:
        title: what is on it.
        route: what it calls.
        method: how.
        permission: who sees it; None: whoever sees the panel.
        confirm: is asked before; None: nothing is.
        schema: JSON Schema of what is filled in before, and sent; None: nothing is.
        labels: what people read of the schema's fields, by name; their ``title`` where there is none.
        is_dangerous: it takes something away for good.
    """

    title: Texts
    route: str
    method: SubmitMethod = "POST"
    permission: str | None = None
    confirm: Texts | None = None
    schema: Mapping[str, Any] | None = None
    labels: Mapping[str, Texts] = field(default_factory=dict[str, Texts])
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows.

    Attributes:
        source: a GET route that answers ``{"items": [{…}, …], "nextCursor": null}``; it is asked for more with the
            query ``cursor``.
        columns: what is shown of each.
        title: its heading.
        empty: what is told where there is no row.
        row_actions: buttons of each row.
        actions: buttons above.
    """

    type: ClassVar[Literal["table"]] = "table"

    source: str
    columns: Sequence[Column]
    title: Texts | None = None
    empty: Texts | None = None
    row_actions: Sequence[Action] = ()
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Something to fill in.

    Attributes:
        schema: JSON Schema of an object with fields of strings, numbers, booleans and ``enum``.
        submit: the route that takes it.
        method: how.
        source: a GET route that answers what is filled in at first; None: nothing is.
        title: its heading.
        labels: what people read of the fields, by name; their ``title`` where there is none.
        button: what is on the button.
    """

    type: ClassVar[Literal["form"]] = "form"

    schema: Mapping[str, Any]
    submit: str
    method: SubmitMethod = "POST"
    source: str | None = None
    title: Texts | None = None
    labels: Mapping[str, Texts] = field(default_factory=dict[str, Texts])
    button: Texts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The fields of one object.

    Attributes:
        source: a GET route that answers an object.
        fields: what is shown of it.
        title: its heading.
        actions: buttons; ``{name}`` in their routes stands for the object's field.
    """

    type: ClassVar[Literal["details"]] = "details"

    source: str
    fields: Sequence[Column]
    title: Texts | None = None
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain paragraphs.

    Attributes:
        paragraphs: one after the other.
        title: their heading.
    """

    type: ClassVar[Literal["text"]] = "text"

    paragraphs: Sequence[Texts]
    title: Texts | None = None


Section: TypeAlias = Table | Form | Details | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A page.

    Attributes:
        id: unique in the plugin; small letters, digits and hyphens.
        title: what people call it; stands in the navigation, too.
        sections: one below the other.
        icon: name of a Lucide icon.
        permission: who sees it.
    """

    id: str
    title: Texts
    sections: Sequence[Section]
    icon: str = "puzzle"
    permission: str = USE_PLUGINS
