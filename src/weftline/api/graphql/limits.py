"""How much one operation may ask for.

Before anything is looked up, an operation is measured: how deep its fields nest, how many it has, and how many objects
and documents it may answer with at most, which is its cost::

    cost(operation)  = the sum over its fields, and 100 for each mutation
    cost(field)      = 0                              a scalar
                     = 1                              a document, whose form is free (JSON)
                     = 1 + cost(its fields)           an object
                     = 10 × (1 + cost(its fields))    a list of objects without a size
                     = first × (1 + cost(its fields)) the nodes of a connection

A fragment costs, and nests, as much as its fields in every place where it is spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from weftline.api.graphql.errors import TooBroad, TooCostly, TooDeep
from weftline.api.graphql.scalars import JSON_NAME

MAX_TOKENS = 5_000
MAX_FIELDS = 1_000
MAX_BREADTH = 150
"""Fields of one selection."""

MAX_MUTATIONS = 10
ASSUMED_SIZE = 10
"""Of a list that has no size of its own."""

MUTATION_COST = 100
DOCUMENT_COST = 1

WRAPPERS = ("Connection", "Edge", "PageInfo")
"""How types end that hold nothing themselves."""


class _Structure:
    """Depth and number of a document's fields, whether it is valid or not."""

    def __init__(self, document: DocumentNode, max_depth: int) -> None:
        self._max_depth = max_depth
        self._fragments = _fragments_of(document)
        self._known: dict[str, tuple[int, int]] = {}

    def check(self, operation: SelectionSetNode) -> None:
        depth, fields = self._measure(operation, frozenset())
        if depth > self._max_depth:
            raise TooDeep(self._max_depth)
        if fields > MAX_FIELDS:
            raise TooBroad(f"The operation has more than {MAX_FIELDS:,} fields.")

    def _measure(self, selections: SelectionSetNode | None, within: frozenset[str]) -> tuple[int, int]:
        if selections is None:
            return 0, 0
        if len(selections.selections) > MAX_BREADTH:
            raise TooBroad(f"A selection has more than {MAX_BREADTH} fields.")
        measured = [self._measure_one(each, within) for each in selections.selections]
        return max(depth for depth, _ in measured), sum(fields for _, fields in measured)

    def _measure_one(self, node: SelectionNode, within: frozenset[str]) -> tuple[int, int]:
        if isinstance(node, FieldNode):
            if node.name.value.startswith("__"):
                # what describes the schema is bounded by a rule of its own
                return 1, 1
            depth, fields = self._measure(node.selection_set, within)
            return depth + 1, fields + 1
        if not isinstance(node, FragmentSpreadNode):
            return self._measure(getattr(node, "selection_set", None), within)
        name = node.name.value
        # a fragment that spreads itself is refused by validation
        if name in within or name not in self._fragments:
            return 0, 0
        if name not in self._known:
            self._known[name] = self._measure(self._fragments[name].selection_set, within | {name})
        return self._known[name]


class _Cost:
    """What the operation of a valid document costs."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = _fragments_of(document)
        self._variables = variables
        self._known: dict[str, int] = {}

    def of(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        cost = self._of_selections(operation.selection_set, root)
        if operation.operation is not OperationType.MUTATION:
            return cost
        return cost + MUTATION_COST * len(operation.selection_set.selections)

    def _of_selections(self, selections: SelectionSetNode | None, parent: Any) -> int:
        if selections is None:
            return 0
        return sum(self._of_one(each, parent) for each in selections.selections)

    def _of_one(self, node: SelectionNode, parent: Any) -> int:
        if isinstance(node, FieldNode):
            return self._of_field(node, parent)
        if not isinstance(node, FragmentSpreadNode):
            condition = getattr(node, "type_condition", None)
            inner = parent if condition is None else self._schema.get_type(condition.name.value)
            return self._of_selections(getattr(node, "selection_set", None), inner)
        name = node.name.value
        if name not in self._known:
            fragment = self._fragments[name]
            inner = self._schema.get_type(fragment.type_condition.name.value)
            self._known[name] = self._of_selections(fragment.selection_set, inner)
        return self._known[name]

    def _of_field(self, node: FieldNode, parent: Any) -> int:
        if node.name.value.startswith("__"):
            return 0
        assert isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType))
        field = parent.fields[node.name.value]
        type: Any = field.type
        kind = _unwrapped(type)
        if node.selection_set is None:
            return DOCUMENT_COST if kind.name == JSON_NAME else 0
        inside = self._of_selections(node.selection_set, kind)
        if kind.name.endswith("Connection"):
            return self._size(node, field) * inside
        own = inside if kind.name.endswith(WRAPPERS) else 1 + inside
        # the size of a connection's lists has been counted with the connection
        return own if parent.name.endswith("Connection") or not _is_list(type) else ASSUMED_SIZE * own

    def _size(self, node: FieldNode, field: GraphQLField) -> int:
        """How many nodes a connection may have."""
        default = field.args["first"].default_value
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                if isinstance(value, IntValueNode):
                    return max(0, int(value.value))
                if isinstance(value, VariableNode):
                    given = self._variables.get(value.name.value, default)
                    return max(0, given) if isinstance(given, int) else default
        return default


def check_structure(document: DocumentNode, max_depth: int) -> None:
    """See that no operation of a document nests too deep, or has too many fields.

    Raises:
        TooDeep, TooBroad: one does.
    """
    structure = _Structure(document, max_depth)
    for operation in _operations_of(document):
        selections = operation.selection_set
        structure.check(selections)
        if operation.operation is OperationType.MUTATION and len(selections.selections) > MAX_MUTATIONS:
            raise TooBroad(f"An operation may have {MAX_MUTATIONS} mutations.")


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    max_cost: int,
) -> None:
    """See that an operation of a valid document does not cost too much.

    Raises:
        TooCostly: it does.
    """
    cost = _Cost(schema, document, variables).of(operation)
    if cost > max_cost:
        raise TooCostly(cost, max_cost)


def _operations_of(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (each for each in document.definitions if isinstance(each, OperationDefinitionNode))


def _fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}


def _unwrapped(type: Any) -> GraphQLNamedType:
    while (inner := getattr(type, "of_type", None)) is not None:
        type = inner
    return type


def _is_list(type: Any) -> bool:
    is_required = isinstance(type, GraphQLNonNull)
    return isinstance(_inner(type) if is_required else type, GraphQLList)


def _inner(wrapper: Any) -> Any:
    return wrapper.of_type
