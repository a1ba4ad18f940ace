"""Operations, read from their text: parsed, checked against the schema, and kept, since clients repeat themselves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension

from weftline.api.graphql.aliases import check_names
from weftline.api.graphql.errors import (
    InvalidOperation,
    QueriesOnly,
    SubscriptionsApart,
    UnreadableOperation,
    as_graphql,
)
from weftline.api.graphql.limits import MAX_TOKENS, check_cost, check_structure
from weftline.api.graphql.options import GraphQLOptions
from weftline.features.errors import DomainError

if TYPE_CHECKING:
    from weftline.api.graphql.context import Operation

MAX_ERRORS = 20
"""Of one document that are told."""

KEPT = 200_000
"""Characters of all documents that are kept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, or what is wrong with it."""

    document: DocumentNode | None
    errors: Sequence[GraphQLError] = ()


class Documents:
    """Reads documents.

    Args:
        schema: what they are checked against.
        options: what an operation may come to, and whether the schema may be asked for.
    """

    def __init__(self, schema: GraphQLSchema, options: GraphQLOptions) -> None:
        self.schema = schema
        self.options = options
        hidden = () if options.introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *hidden)
        self._kept: OrderedDict[str, Reading] = OrderedDict()
        self._size = 0

    def read(self, text: str) -> Reading:
        """What a text says."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        reading = self._read(text)
        self._kept[text] = reading
        self._size += len(text)
        while self._size > KEPT:
            oldest, _ = self._kept.popitem(last=False)
            self._size -= len(oldest)
        return reading

    def _read(self, text: str) -> Reading:
        try:
            document = parse(text, max_tokens=MAX_TOKENS)
            check_structure(document, self.options.max_depth)
        except DomainError as error:
            return Reading(None, [as_graphql(error)])
        except GraphQLError as error:
            error.original_error = UnreadableOperation(error.message)
            return Reading(None, [error])
        except RecursionError:
            return Reading(None, [as_graphql(UnreadableOperation("The operation nests too deep to be read."))])
        return Reading(document, validate(self.schema, document, self._rules, max_errors=MAX_ERRORS))


class Reader(SchemaExtension):
    """Gives strawberry the documents that are kept, and keeps operations within their limits."""

    _errors: Sequence[GraphQLError] = ()

    def on_parse(self) -> Iterator[None]:
        """Read the document."""
        context = self.execution_context
        operation: Operation = context.context
        assert context.query is not None
        reading = operation.documents.read(context.query)
        if reading.document is None:
            # it is kept, and would gather the traces of everybody to whom it was raised
            raise reading.errors[0].with_traceback(None)
        chosen = get_operation_ast(reading.document, context.operation_name)
        try:
            if chosen is None:
                raise InvalidOperation("The text does not have the operation that the request names, or has several.")
            _check_kind(chosen.operation, operation.only)
        except DomainError as error:
            raise as_graphql(error) from None
        context.graphql_document = reading.document
        self._errors = reading.errors
        yield

    def on_validate(self) -> Iterator[None]:
        """Check the operation; without errors strawberry does not validate it again."""
        context = self.execution_context
        context.pre_execution_errors = list(self._errors) or self._limited()
        yield

    def _limited(self) -> list[GraphQLError]:
        context = self.execution_context
        operation: Operation = context.context
        document, documents = context.graphql_document, operation.documents
        assert document is not None
        chosen = get_operation_ast(document, context.operation_name)
        assert chosen is not None
        try:
            check_names(document, chosen)
            check_cost(documents.schema, document, chosen, context.variables or {}, documents.options.max_cost)
        except DomainError as error:
            return [as_graphql(error)]
        return []


def _check_kind(kind: OperationType, only: OperationType | None) -> None:
    """See that an operation came in a way that is for its kind.

    Raises:
        QueriesOnly, SubscriptionsApart: it did not.
    """
    if (kind is OperationType.SUBSCRIPTION) is not (only is OperationType.SUBSCRIPTION):
        raise SubscriptionsApart
    if only is OperationType.QUERY and kind is not OperationType.QUERY:
        raise QueriesOnly
