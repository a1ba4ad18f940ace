"""Acts on many variables over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body
from pydantic import Field

from weftline.features.errors import DomainError
from weftline.features.http.bulk import MAX_ITEMS, BulkOut, do_each
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.wire import Demand
from weftline.features.variables import examples
from weftline.features.variables.parameters import Scope, Writer
from weftline.features.variables.schemas import Key, VariableBody, VariablePatch
from weftline.features.variables.service import VariableService


class _Item(Demand):
    key: Key


class SetItem(_Item, VariableBody):
    """A variable to make, or to replace."""

    act: Literal["set"]


class ChangeVariableItem(_Item, VariablePatch):
    """A variable of which some is to change."""

    act: Literal["change"]


class RemoveVariableItem(_Item):
    """A variable to remove."""

    act: Literal["remove"]


Item = SetItem | ChangeVariableItem | RemoveVariableItem


class VariablesBody(Demand):
    """What to do, and to which variables."""

    items: Annotated[
        list[Annotated[Item, Field(discriminator="act")]],
        Field(min_length=1, max_length=MAX_ITEMS, description="Done in this order."),
    ]


def add_bulk_routes(
    router: APIRouter, service: VariableService, prefix: str, whose: str, lost: tuple[type[DomainError], ...]
) -> None:
    """Add the route of acts on many variables to those of variables.

    Args:
        router: whose they are.
        service: does the work.
        prefix, whose: see ``rest``.
        lost: what it fails by where there is no such workflow.
    """

    @router.post(
        "/bulk",
        name=f"act_on_{prefix}variables",
        summary=f"Do something to many of {whose} variables",
        responses=answers(examples.BULK_DONE, description="What became of each item, in their order.")
        | failures(*lost),
    )
    async def act_on_variables(
        caller: Writer,
        scope: Scope,
        body: Annotated[VariablesBody, Body(openapi_examples={"example": {"value": examples.BULK}})],
    ) -> BulkOut:
        """Sets, changes or removes variables, each as its own route would: done or refused by itself."""
        await service.check_scope(caller.tenant_id, scope)

        async def act(item: Item) -> str:
            match item:
                case SetItem():
                    await service.set(caller, scope, item.key, item.draft())
                case ChangeVariableItem():
                    await service.change(caller, scope, item.key, item.change())
                case RemoveVariableItem():
                    await service.remove(caller, scope, item.key)
            return item.key

        return await do_each(body.items, act, lambda item: item.key)
