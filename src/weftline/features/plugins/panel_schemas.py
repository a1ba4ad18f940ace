"""Panels on the wire; see ``weftline.authoring.plugin.panels`` for what each part means."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from weftline.authoring.plugin.panels import ColumnKind, SubmitMethod, Tone
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Wire
from weftline.features.plugins.panels import ORDER

Texts = Annotated[dict[str, str], Field(description="By language; `en` is there.")]
Route = Annotated[
    str,
    Field(
        description="Below `/plugins/{pluginId}/routes`. `{name}` in it stands for the field of that name, of the row"
        " or object that is shown."
    ),
]
Labels = Annotated[dict[str, Texts], Field(description="What people read of the schema's fields, by name.")]


class ValueOut(Wire):
    """How a value is shown."""

    title: Texts
    tone: Tone


class ColumnOut(Wire):
    """A column of a table, or a line of details."""

    key: Annotated[str, Field(description="The field that it shows.")]
    title: Texts
    kind: ColumnKind
    values: Annotated[dict[str, ValueOut], Field(description="Of kind `status`: how each value is shown.")]
    link: Annotated[
        str | None, Field(description="Of kind `link`: a page of the web app; `{name}` stands for the row's field.")
    ]


class PanelActionOut(Wire):
    """A button."""

    title: Texts
    route: Route
    method: SubmitMethod
    confirm: Annotated[Texts | None, Field(description="Is asked before.")]
    form_schema: Annotated[
        dict[str, Any] | None,
        Field(validation_alias="schema", description="JSON Schema of what is filled in before, and sent."),
    ]
    labels: Labels
    is_dangerous: bool


class TableOut(Wire):
    """Rows."""

    type: Literal["table"]
    title: Texts | None
    source: Annotated[
        str, Field(description="Route that answers `items` and `nextCursor`, and takes `cursor` in its query.")
    ]
    columns: list[ColumnOut]
    empty: Annotated[Texts | None, Field(description="What is told where there is no row.")]
    row_actions: list[PanelActionOut]
    actions: list[PanelActionOut]


class FormOut(Wire):
    """Something to fill in."""

    type: Literal["form"]
    title: Texts | None
    form_schema: Annotated[dict[str, Any], Field(validation_alias="schema", description="JSON Schema of an object.")]
    submit: Route
    method: SubmitMethod
    source: Annotated[str | None, Field(description="Route that answers what is filled in at first.")]
    labels: Labels
    button: Annotated[Texts | None, Field(description="What is on the button.")]


class DetailsOut(Wire):
    """The fields of one object."""

    type: Literal["details"]
    title: Texts | None
    source: Annotated[str, Field(description="Route that answers the object.")]
    fields: list[ColumnOut]
    actions: list[PanelActionOut]


class TextOut(Wire):
    """Plain paragraphs."""

    type: Literal["text"]
    title: Texts | None
    paragraphs: list[Texts]


class PanelOut(Wire):
    """A page of a plugin in the web app."""

    id: Annotated[str, Field(description="Unique in the plugin.")]
    plugin_id: str
    place: Annotated[str, Field(description="The plugin's id and the panel's.")]
    title: Texts
    icon: Annotated[str, Field(description="Name of a Lucide icon.")]
    sections: list[Annotated[TableOut | FormOut | DetailsOut | TextOut, Field(discriminator="type")]]


class PanelQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER
