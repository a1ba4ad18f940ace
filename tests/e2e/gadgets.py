"""A plugin with a page of its own, as somebody would write it: gadgets that people order and hand back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from tests.e2e.weft import ROOT
from weftline.authoring.plugin import (
    Action,
    Capability,
    Column,
    Details,
    Fault,
    Form,
    Panel,
    Plugin,
    PluginApp,
    PluginProblem,
    PluginRequest,
    PluginType,
    RecordStore,
    Table,
    Text,
    Value,
)


class Order(BaseModel):
    """What is ordered."""

    name: str = Field(min_length=1, max_length=40)
    count: int = Field(ge=1)


class Wishes(BaseModel):
    """What everybody wishes for."""

    wish: str = ""


class Settings(BaseModel):
    """What a tenant sets."""

    shop: str = Field(default="https://gadgets.example", title="Shop")
    token: SecretStr | None = Field(default=None, title="Token")
    limit: int = Field(default=10, ge=1, title="Limit")


ORDER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "count"],
    "properties": {"name": {"type": "string", "minLength": 1}, "count": {"type": "integer", "minimum": 1}},
}
LABELS = {"name": {"en": "Gadget", "de": "Gerät"}, "count": {"en": "How many", "de": "Wie viele"}}
PANEL = Panel(
    id="gadgets",
    title={"en": "Gadgets", "de": "Geräte"},
    icon="blocks",
    sections=(
        Text(paragraphs=({"en": "Whatever beeps, and who has it.", "de": "Alles, was piept, und wer es hat."},)),
        Details(
            title={"en": "Stock", "de": "Bestand"},
            source="/stock",
            fields=(
                Column(key="total", title={"en": "Gadgets", "de": "Geräte"}, kind="number"),
                Column(key="keeper", title={"en": "Keeper", "de": "Verwaltung"}),
            ),
        ),
        Table(
            title={"en": "Orders", "de": "Bestellungen"},
            source="/orders",
            columns=(
                Column(key="name", title={"en": "Gadget", "de": "Gerät"}),
                Column(key="count", title={"en": "How many", "de": "Wie viele"}, kind="number"),
                Column(
                    key="status",
                    title={"en": "Status", "de": "Status"},
                    kind="status",
                    values={
                        "here": Value(title={"en": "Here", "de": "Da"}, tone="good"),
                        "returned": Value(title={"en": "Returned", "de": "Zurückgegeben"}),
                    },
                ),
                Column(key="since", title={"en": "Since", "de": "Seit"}, kind="date"),
            ),
            empty={"en": "Nothing was ordered yet", "de": "Noch nichts bestellt"},
            actions=(
                Action(title={"en": "Order", "de": "Bestellen"}, route="/orders", schema=ORDER_SCHEMA, labels=LABELS),
            ),
            row_actions=(
                Action(
                    title={"en": "Hand back", "de": "Zurückgeben"},
                    route="/orders/{name}/return",
                    confirm={"en": "It goes back to the shop.", "de": "Es geht zurück an den Laden."},
                    is_dangerous=True,
                ),
            ),
        ),
        Form(
            title={"en": "Wish", "de": "Wunsch"},
            schema={"type": "object", "properties": {"wish": {"type": "string", "maxLength": 80}}},
            labels={"wish": {"en": "What everybody wishes for", "de": "Was alle sich wünschen"}},
            submit="/wish",
            method="PUT",
            source="/wish",
            button={"en": "Wish for it", "de": "Wünschen"},
        ),
    ),
)


class Gadgets(Plugin):
    """Gadgets."""

    id = "gadgets"
    name = "Gadgets"
    version = "1.0.0"
    description = "Orders gadgets, and takes them back."
    types = frozenset({PluginType.UI_PANEL})
    capabilities = frozenset({Capability.DATABASE})
    Configuration = Settings

    async def initialize(self, app: PluginApp) -> None:
        orders, wishes = app.store("orders"), app.store("wishes")
        shelf = Shelf(orders, wishes)
        app.route("GET", "/stock", shelf.stock)
        app.route("GET", "/orders", shelf.list)
        app.route("POST", "/orders", shelf.order, body=Order)
        app.route("POST", "/orders/{name}/return", shelf.give_back)
        app.route("GET", "/wish", shelf.wish)
        app.route("PUT", "/wish", shelf.set_wish, body=Wishes)
        app.panel(PANEL)


class Broken(Plugin):
    """Cannot be started."""

    id = "broken"
    name = "Broken"
    version = "0.1.0"
    description = "Never runs."

    async def initialize(self, app: PluginApp) -> None:
        raise RuntimeError("the spring is missing")


class Shelf:
    """Answers the plugin's routes."""

    def __init__(self, orders: RecordStore, wishes: RecordStore) -> None:
        self._orders = orders
        self._wishes = wishes

    async def stock(self, request: PluginRequest) -> dict[str, Any]:
        found = (await self._orders.list(request.tenant_id)).items
        here = [each.data["count"] for each in found if each.data["status"] == "here"]
        return {"total": sum(here), "keeper": request.caller.name}

    async def list(self, request: PluginRequest) -> dict[str, Any]:
        page = await self._orders.list(request.tenant_id, cursor=request.query.get("cursor"))
        items = [{**each.data, "name": each.key, "since": each.updated_at} for each in page.items]
        return {"items": items, "nextCursor": page.next_cursor}

    async def order(self, request: PluginRequest) -> dict[str, Any]:
        wanted: Order = request.body
        if wanted.name == "teapot":
            raise PluginProblem(422, "no_teapots", "Not everything beeps.", [Fault("/name", "a teapot is no gadget")])
        data = {"count": wanted.count, "status": "here"}
        await self._orders.put(request.tenant_id, wanted.name, data, if_version=0)
        return data

    async def give_back(self, request: PluginRequest) -> None:
        name = request.parameters["name"]
        found = await self._orders.get(request.tenant_id, name)
        if found is None:
            raise PluginProblem(404, "no_such_order", f"There is no order of '{name}'.")
        await self._orders.put(request.tenant_id, name, {**found.data, "status": "returned"})

    async def wish(self, request: PluginRequest) -> dict[str, Any]:
        found = await self._wishes.get(request.tenant_id, "wish")
        return {"wish": ""} if found is None else dict(found.data)

    async def set_wish(self, request: PluginRequest) -> None:
        await self._wishes.put(request.tenant_id, "wish", request.body.model_dump())


GADGETS = {"gadgets": "tests.e2e.gadgets:Gadgets", "broken": "tests.e2e.gadgets:Broken"}


@contextmanager
def installed(folder: Path, plugins: Mapping[str, str] = GADGETS) -> Iterator[None]:
    """Plugins as if their distribution were installed: for servers and commands that are started meanwhile.

    Args:
        folder: where the distribution is to be.
        plugins: where they are, by id: ``module:class``.
    """
    described = folder / "plugged-1.0.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0.0\n")
    named = "\n".join(f"{id} = {place}" for id, place in plugins.items())
    (described / "entry_points.txt").write_text(f"[weftline.plugins]\n{named}\n")
    with pytest.MonkeyPatch.context() as patch:
        before = os.environ.get("PYTHONPATH", "")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), before, str(ROOT)))))
        yield
