"""Carries operations out: the library's executor, with a short way for what only has to be read, and an end.

It ends an operation whose answer grows too large: from then on nothing more is read or resolved, but the mutations that
the operation still has, and the answer is one error.
"""

from __future__ import annotations

from typing import Any, cast

from graphql import ExecutionResult, GraphQLObjectType, OperationType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from weftline.api.graphql.errors import AnswerTooLarge, as_graphql
from weftline.api.graphql.reading import Group, Selections, read
from weftline.api.graphql.writing import Leaves, Size


class OperationExecutor(StrawberryGraphQLCoreExecutionContext):
    """Carries one operation out.

    The methods that it overrides are not of the library's public interface; a test compares its answers with those of
    the library alone.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._begin()

    def build_per_event_executor(self, payload: Any) -> Any:
        """The same for one event of a subscription, each of which has an answer of its own."""
        library: Any = super()
        executor = library.build_per_event_executor(payload)
        executor._begin()
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Group,
        position_context: Any,
    ) -> Any:
        """The fields of a selection."""
        selection = self._selections.of(parent_type, grouped_field_set)
        left = self._size.left
        self._size.left -= selection.names
        # in the order of the selection, whatever is read first
        answer: dict[str, Any] = dict.fromkeys(grouped_field_set)
        try:
            read(selection.fields, source_value, answer)
        except Exception:
            # the library does it again, and tells what is wrong and where
            self._size.left = left
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not selection.others or self._is_over:
            return answer
        others: Any = super().execute_fields(parent_type, source_value, path, selection.others, position_context)
        if isinstance(others, dict):
            return answer | cast("dict[str, Any]", others)

        async def all_fields() -> dict[str, Any]:
            return answer | await others

        return all_fields()

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # static there
        """A scalar, or a member of an enumeration."""
        return self._leaves.of(return_type)(result)

    def build_response(self, data: Any) -> Any:
        """The result of the operation."""
        response = super().build_response(data)
        if not self._is_over:
            return response
        is_mutation = self.operation.operation is OperationType.MUTATION
        return ExecutionResult(None, [as_graphql(AnswerTooLarge(self._size.limit, is_done=is_mutation))])

    def _begin(self) -> None:
        self._size = Size(self.context_value.documents.options.max_answer)
        self._leaves = Leaves(super().complete_leaf_value, self._size)
        self._selections = Selections(self._selection_within, self._leaves, self._size)

    def _selection_within(self, type: GraphQLObjectType, details: list[Any]) -> Group:
        return self.collect_subfields(type, details).grouped_field_set

    @property
    def _is_over(self) -> bool:
        """The answer is too large already."""
        return self._size.left < 0
