"""Under how many names one selection may ask for the same field.

Another name costs nobody anything to write, and is the whole value once more in the answer, for each item of a list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from weftline.api.graphql.errors import TooBroad

MAX_NAMES = 10
"""Of one field within one object of an answer."""


def check_names(document: DocumentNode, operation: OperationDefinitionNode) -> None:
    """See that no field below the operation's own is asked for under too many names.

    The operation's own fields are its questions, which differ by their arguments: their cost bounds them.

    Args:
        document: valid, so that no fragment contains itself.
        operation: which.

    Raises:
        TooBroad: one is.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for within in _by_name([operation.selection_set], fragments).values():
        _check(within, fragments)


def _check(fields: list[FieldNode], fragments: dict[str, FragmentDefinitionNode]) -> None:
    """Check what lies within fields of one name, which answer with one object."""
    selections = [field.selection_set for field in fields if field.selection_set is not None]
    by_name = _by_name(selections, fragments)
    names: dict[str, int] = defaultdict(int)
    for asked in by_name.values():
        field = asked[0].name.value
        names[field] += 1
        if names[field] > MAX_NAMES:
            raise TooBroad(f"A selection asks for '{field}' under more than {MAX_NAMES} names.")
    for asked in by_name.values():
        _check(asked, fragments)


def _by_name(
    selections: Iterable[SelectionSetNode], fragments: dict[str, FragmentDefinitionNode]
) -> dict[str, list[FieldNode]]:
    """The fields of selections that are answered together, by their names in the answer."""
    found: dict[str, list[FieldNode]] = defaultdict(list)
    for selection in selections:
        for field in _fields(selection, fragments):
            found[(field.alias or field.name).value].append(field)
    return found


def _fields(selection: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    """The fields of a selection, those of its fragments too."""
    for node in selection.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)
