"""What plugins add to the language of definitions: checks of values, and types of nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

VALIDATOR_KEYWORD = "x-validator"
"""In a JSON Schema, names the check that the value at its place has to pass."""

StepValidator: TypeAlias = Callable[[Any], str | None]
"""Gets a value and says what is wrong with it, a sentence that does not repeat the value; None: nothing.

It is called while a request is answered: it reads no file, calls nobody, and is done in well under a millisecond. It is
a function of the value alone. Where it raises, the value counts as wrong.
"""

Expand: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Gets the author's node and answers with the core node that takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """A type of node that stands for one core node.

    Attributes:
        name: ``<plugin id>.<name>``; what definitions give as ``type``.
        title: what people call it, by language; English has to be there.
        schema: JSON Schema of the node's own fields, an object. What every node has (``id``, ``name``, ``next``,
            ``when``, ``output``, ``onError``, ``retry``, ``timeout``, ``compensate`` …) is not among them.
        expand: a pure function; makes of the node's own fields those of a core node, ``type`` among them. The fields
            that every node has are carried over, and take precedence over what it says.
        description: what it does, by language.
        icon: name of a Lucide icon.
        example: its own fields in a node that is valid.
    """

    name: str
    title: Mapping[str, str]
    schema: Mapping[str, Any]
    expand: Expand
    description: Mapping[str, str] = field(default_factory=dict[str, str])
    icon: str = "puzzle"
    example: Mapping[str, Any] = field(default_factory=dict[str, Any])
