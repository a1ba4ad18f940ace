"""The catalogue on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from weftline.authoring.action import title_of
from weftline.authoring.plugin import NodeType
from weftline.authoring.plugin.registry import plugin_of
from weftline.features.http.wire import Wire
from weftline.language.catalogue import Category, common_schema


class NodePluginOut(Wire):
    """What a plugin says of a kind of node that it adds."""

    id: Annotated[str, Field(description="The plugin's.")]
    name: Annotated[str, Field(description="What people call the plugin.")]
    icon: Annotated[str, Field(description="Name of a Lucide icon.")]
    titles: Annotated[dict[str, str], Field(description="What people call such a node, by language.")]
    descriptions: Annotated[dict[str, str], Field(description="What it does, by language.")]
    schema_: Annotated[
        dict[str, Any],
        Field(alias="schema", validation_alias="schema", description="JSON Schema of the plugin's own fields."),
    ]


class NodeTypeOut(Wire):
    """A kind of node."""

    type: str
    aliases: Annotated[list[str], Field(description="Other values of `type` that mean the same.")]
    category: Category
    title: str
    description: Annotated[str, Field(description="A sentence, in Markdown.")]
    schema_: Annotated[
        dict[str, Any],
        Field(
            alias="schema",
            validation_alias="schema",
            description="JSON Schema (2020-12) of such a node; of a plugin's, without the plugin's own fields.",
        ),
    ]
    example: dict[str, Any]
    plugin: Annotated[NodePluginOut | None, Field(description="Whose it is; null: it comes with Weftline.")] = None

    @classmethod
    def of_plugin(cls, node_type: NodeType, plugin_name: str) -> NodeTypeOut:
        """A kind of node that a plugin adds.

        Args:
            node_type: as the plugin describes it.
            plugin_name: what people call the plugin.
        """
        _, _, name = node_type.name.partition(".")
        return cls.model_validate(
            {
                "type": node_type.name,
                "aliases": [],
                "category": "plugin",
                "title": node_type.title["en"],
                "description": node_type.description.get("en", ""),
                "schema": common_schema(node_type.name),
                "example": {"id": name, "type": node_type.name, **node_type.example},
                "plugin": {
                    "id": plugin_of(node_type.name),
                    "name": plugin_name,
                    "icon": node_type.icon,
                    "titles": node_type.title,
                    "descriptions": node_type.description,
                    "schema": node_type.schema,
                },
            }
        )


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

    node_types: Annotated[
        list[NodeTypeOut],
        Field(description="Those of Weftline, then those of the plugins that run and are enabled for the tenant."),
    ]
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
