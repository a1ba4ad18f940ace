"""What a definition can be made of, and its expressions."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class NodePlugin(Model):
    """What a plugin says of a kind of node that it adds.

    Attributes:
        id, name: the plugin's.
        icon: name of a Lucide icon.
        titles, descriptions: by language.
        json_schema: JSON Schema of the plugin's own fields.
    """

    id: str
    name: str
    icon: str
    titles: dict[str, str]
    descriptions: dict[str, str]
    json_schema: dict[str, Any] = Field(alias="schema")


class NodeType(Model):
    """A kind of node.

    Attributes:
        aliases: other values of ``type`` that mean the same.
        category: ``start-end``, ``flow``, ``work``, ``people``, ``messages`` or ``plugin``.
        json_schema: JSON Schema of such a node; of a plugin's, without the plugin's own fields.
        plugin: whose it is; None where it comes with Weftline.
    """

    type: str
    aliases: list[str]
    category: str
    title: str
    description: str
    json_schema: dict[str, Any] = Field(alias="schema")
    example: dict[str, Any]
    plugin: NodePlugin | None = None


class TriggerType(Model):
    """A kind of trigger.

    Attributes:
        is_run: the server fires such triggers; others it only keeps.
        json_schema: JSON Schema of such a trigger.
    """

    type: str
    title: str
    description: str
    is_run: bool
    json_schema: dict[str, Any] = Field(alias="schema")
    example: dict[str, Any]


class Action(Model):
    """An action that definitions may call.

    Attributes:
        queue: the task queue whose remote workers carry it out, or None.
        input_schema, output_schema: JSON Schemas, where its author tells.
        compensate: the action that undoes it, where its author tells.
    """

    name: str
    title: str
    description: str
    queue: str | None = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    compensate: str | None = None
    is_built_in: bool = False


class Dialect(Model):
    """Another system's way of writing workflows."""

    name: str
    description: str


class Catalogue(Model):
    """What a definition can be made of.

    Attributes:
        definition_schema: path of the JSON Schema of a whole definition.
    """

    node_types: list[NodeType]
    actions: list[Action]
    trigger_types: list[TriggerType]
    dialects: list[Dialect]
    definition_schema: str


class ScopeName(Model):
    """A name that an expression can use, or a member of something that has a name.

    Attributes:
        type: ``string``, ``int``, ``double``, ``bool``, ``null``, ``list``, ``map`` or ``any``.
        is_certain: False where it may be absent.
        is_secret: it stands for a secret.
        members: of a map, those that are known.
        items: of a list, what each of its items is.
    """

    name: str
    type: str
    description: str
    is_certain: bool
    is_secret: bool
    members: list[ScopeName]
    items: ScopeName | None = None


class ExpressionFunction(Model):
    """Something that expressions can call.

    Attributes:
        kind: ``function``, ``method`` or ``macro``.
    """

    name: str
    kind: str
    signature: str
    description: str
    example: str


class ExpressionScope(Model):
    """What an expression at a place can use.

    Attributes:
        syntax: ``expression`` (bare), ``template`` (``${ … }`` in texts), or None where there are none.
    """

    syntax: str | None = None
    names: list[ScopeName]
    functions: list[ExpressionFunction]


class ExpressionProblem(Model):
    """Something about an expression.

    Attributes:
        severity: ``error`` or ``warning``.
        line, column: in the text, from 1; None where the whole text is meant.
    """

    severity: str
    code: str
    message: str
    hint: str | None = None
    line: int | None = None
    column: int | None = None


class CheckedExpression(Model):
    """What became of checking an expression.

    Attributes:
        valid: there are no errors.
        type: of its value, as far as it is known; None where there are errors.
    """

    valid: bool
    problems: list[ExpressionProblem]
    type: str | None = None
