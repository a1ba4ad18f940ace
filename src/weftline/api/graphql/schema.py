"""The whole schema. Run as a module it prints it::

python -m weftline.api.graphql.schema > docs/reference/schema.graphql
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from weftline.api.graphql.documents import Reader
from weftline.api.graphql.executor import OperationExecutor
from weftline.api.graphql.scalars import SCALARS
from weftline.api.graphql.types.connections import ConnectionActs, ConnectionQueries
from weftline.api.graphql.types.execution_acts import ExecutionActQueries, ExecutionActs
from weftline.api.graphql.types.executions import ExecutionQueries
from weftline.api.graphql.types.integrations import IntegrationQueries
from weftline.api.graphql.types.live import Subscription
from weftline.api.graphql.types.market import MarketActs, MarketQueries
from weftline.api.graphql.types.people import PeopleActs, PeopleQueries
from weftline.api.graphql.types.records import RecordQueries
from weftline.api.graphql.types.review_acts import ReviewActs
from weftline.api.graphql.types.tasks import TaskActs, TaskQueries
from weftline.api.graphql.types.template_acts import TemplateActQueries, TemplateActs
from weftline.api.graphql.types.tenants import TenantQueries
from weftline.api.graphql.types.triggers import TriggerActs, TriggerQueries
from weftline.api.graphql.types.variables import VariableActs, VariableQueries
from weftline.api.graphql.types.workflows import WorkflowQueries


@strawberry.type(description="What can be asked.")
class Query(
    PeopleQueries,
    TenantQueries,
    WorkflowQueries,
    TemplateActQueries,
    ExecutionQueries,
    ExecutionActQueries,
    MarketQueries,
    TaskQueries,
    TriggerQueries,
    VariableQueries,
    IntegrationQueries,
    ConnectionQueries,
    RecordQueries,
):
    """What can be asked."""


@strawberry.type(description="What can be done.")
class Mutation(
    TemplateActs,
    ExecutionActs,
    ReviewActs,
    MarketActs,
    TaskActs,
    TriggerActs,
    VariableActs,
    ConnectionActs,
    PeopleActs,
):
    """What can be done."""


class Schema(strawberry.Schema):
    """Strawberry's schema, whose errors are logged where they are told; see ``errors``."""

    @property
    def core(self) -> GraphQLSchema:
        """As graphql-core knows it."""
        return self._schema

    def process_errors(self, errors: Sequence[GraphQLError], execution_context: object = None) -> None:
        """Leave errors to whoever answers."""


class _Names(NameConverter):
    """Strawberry's names, each made once: it asks for those of arguments whenever a field has some."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = super().apply_naming_config(name)
        return known


@cache
def schema() -> Schema:
    """The schema, made once in a process."""
    config = StrawberryConfig(scalar_map=SCALARS, default_resolver=_read, name_converter=_Names())
    made = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=config,
        extensions=[Reader],
        execution_context_class=OperationExecutor,
    )
    for root in (made.core.query_type, made.core.mutation_type):
        assert root is not None
        for field in root.fields.values():
            for argument in field.args.values():
                # what an input is for is said once, of its type
                argument.description = argument.description or _described(argument.type)
    return made


def _described(type: Any) -> str | None:
    """What is said of a type, whether it is required or not."""
    return getattr(type, "of_type", type).description


def _read(source: Any, name: str) -> object:
    value = getattr(source, name)
    return str(value) if type(value) is UUID else value


if __name__ == "__main__":
    sys.stdout.write(schema().as_str() + "\n")
