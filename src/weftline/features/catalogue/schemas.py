"""The catalogue on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from weftline.authoring.action import title_of
from weftline.features.http.wire import Wire
from weftline.language.catalogue import Category


class NodeTypeOut(Wire):
    """A kind of node."""

    type: str
    aliases: Annotated[list[str], Field(description="Other values of `type` that mean the same.")]
    category: Category
    title: str
    description: Annotated[str, Field(description="A sentence, in Markdown.")]
    schema_: Annotated[
        dict[str, Any],
        Field(alias="schema", validation_alias="schema", description="JSON Schema (2020-12) of such a node."),
    ]
    example: dict[str, Any]


class TriggerTypeOut(Wire):
    """A kind of trigger."""

    type: str
    title: str
    description: str
    is_run: Annotated[bool, Field(description="False: this version keeps such triggers, and does not fire them.")]
    schema_: Annotated[
        dict[str, Any],
        Field(alias="schema", validation_alias="schema", description="JSON Schema (2020-12) of such a trigger."),
    ]
    example: dict[str, Any]


class ActionOut(Wire):
    """An action that definitions may call."""

    name: str
    title: str
    description: Annotated[str, Field(description="The first paragraph of its docstring; empty where there is none.")]
    queue: Annotated[
        str | None, Field(description="The task queue whose remote workers carry it out; null: this platform's do.")
    ] = None
    input_schema: Annotated[
        dict[str, Any] | None, Field(description="JSON Schema of its input, where its author tells.")
    ] = None
    output_schema: Annotated[
        dict[str, Any] | None, Field(description="JSON Schema of its output, where its author tells.")
    ] = None
    compensate: Annotated[str | None, Field(description="The action that undoes it, where its author tells.")] = None
    is_built_in: Annotated[bool, Field(description="It comes with Weftline.")] = False

    @classmethod
    def of_name(cls, name: str, queue: str | None = None) -> ActionOut:
        """An action of which no more is known."""
        return cls(name=name, title=title_of(name), description="", queue=queue)


class DialectOut(Wire):
    """Another system's way of writing workflows."""

    name: str
    description: str


class CatalogueOut(Wire):
    """What a definition can be made of."""

    node_types: list[NodeTypeOut]
    actions: Annotated[
        list[ActionOut],
        Field(
            description="Those of this platform's workers, those of imported integrations, whose schemas"
            " `GET /integrations/{name}/actions/{action}` shows, then those of remote workers."
        ),
    ]
    trigger_types: list[TriggerTypeOut]
    dialects: list[DialectOut]
    definition_schema: Annotated[str, Field(description="Where the JSON Schema of a whole definition is.")]
