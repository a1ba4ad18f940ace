"""The index of plugins over HTTP, for the platform's operators."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Body, Query
from pydantic import Field

from weftline.authoring.plugin import PLUGIN_ID, Capability
from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.access.permissions import platform_permission
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.listing import ListQuery
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.http.wire import Demand, Wire
from weftline.features.plugins.market import ORDER, NewPlugin, OfferedPlugin, PluginShop
from weftline.features.plugins.market_errors import NoPluginIndex, PluginIndexUnusable, PluginNotInstallable
from weftline.plugins import PluginState

INSTALL = platform_permission("platform:install-plugins", "Install plugins from the index for everybody.")

Operator = Annotated[Caller, operator(INSTALL, everywhere=True)]

_OFFER: dict[str, Any] = {
    "id": "acme-seals",
    "name": "Seals",
    "description": "Seals documents with the house's stamp.",
    "version": "1.2.0",
    "versions": ["1.2.0", "1.1.0"],
    "installedVersion": "1.1.0",
    "reason": None,
    "requires": ">=1",
    "dependencies": {},
    "types": ["WORKFLOW_ACTION"],
    "capabilities": ["network"],
    "size": 18342,
}
_WANTED: dict[str, Any] = {"id": "acme-seals", "version": "1.2.0", "grants": ["network"]}
_INSTALLED: dict[str, Any] = {
    "id": "acme-seals",
    "name": "Seals",
    "version": "1.2.0",
    "granted": ["network"],
    "state": "STARTED",
    "reason": None,
}


class OfferQuery(ListQuery):
    """Which plugins of the index."""

    order: ClassVar = ORDER

    text: Annotated[str, Field(max_length=200, description="Words that the id, name or description has.")] = ""


class OfferOut(Wire):
    """A plugin of the index."""

    id: str
    name: str
    description: str
    version: Annotated[str, Field(description="The newest version that fits; the newest of all where none does.")]
    versions: Annotated[list[str], Field(description="Every version, the newest first.")]
    installed_version: Annotated[str | None, Field(description="The version that is installed, if one is.")]
    reason: Annotated[str | None, Field(description="Why no version can be installed; null: one can.")]
    requires: Annotated[str, Field(description="Range of versions of Weftline that it works with.")]
    dependencies: Annotated[dict[str, str], Field(description="Ranges of versions of other plugins, by id.")]
    types: Annotated[list[str], Field(description="What it adds.")]
    capabilities: Annotated[list[str], Field(description="What it asks for.")]
    size: Annotated[int, Field(description="Bytes of its package.")]

    @classmethod
    def of(cls, offered: OfferedPlugin) -> OfferOut:
        """A plugin as it is offered."""
        facts = offered.entry.facts
        return cls(
            id=facts.id,
            name=facts.name,
            description=facts.description,
            version=facts.version,
            versions=list(offered.versions),
            installed_version=offered.installed_version,
            reason=offered.reason,
            requires=facts.requires,
            dependencies=dict(facts.dependencies),
            types=list(facts.types),
            capabilities=list(facts.capabilities),
            size=offered.entry.size,
        )


class InstallBody(Demand):
    """What to install."""

    id: Annotated[str, Field(pattern=f"^{PLUGIN_ID.pattern}$", description="The plugin's id.")]
    version: Annotated[
        str | None, Field(max_length=100, description="This version, and no other; else the newest that fits.")
    ] = None
    grants: Annotated[
        list[Capability],
        Field(max_length=100, default_factory=list, description="What it is granted: all that it asks for."),
    ]


class InstalledOut(Wire):
    """A plugin that was installed."""

    id: str
    name: str
    version: str
    granted: Annotated[list[str], Field(description="What it was granted.")]
    state: Annotated[PluginState, Field(description="What has become of it in the server that answers.")]
    reason: Annotated[str | None, Field(description="Why it does not run, or needs a restart to run anew.")]

    @classmethod
    def of(cls, new: NewPlugin) -> InstalledOut:
        """A plugin that was installed just now."""
        facts = new.package.facts
        assert facts is not None
        return cls(
            id=facts.id,
            name=facts.name,
            version=facts.version,
            granted=sorted(new.package.granted),
            state=new.state,
            reason=new.reason,
        )


def market_routes(shop: PluginShop) -> APIRouter:
    """The routes of the index."""
    router = api_router("/platform/plugins", tag="Platform")

    @router.get(
        "/index",
        summary="List the plugins of the index",
        responses=answers({"items": [_OFFER], "nextCursor": None}, description="By id.")
        | failures(NoPluginIndex, PluginIndexUnusable),
    )
    async def list_offered_plugins(caller: Operator, query: Annotated[OfferQuery, Query()]) -> Page[OfferOut]:
        """Lists what can be installed, from the signed index that whoever runs the platform has named."""
        window = query.window()
        return window.page(window.over(await shop.offers(query.text)), OfferOut.of)

    @router.post(
        "",
        status_code=201,
        summary="Install a plugin",
        responses=answers(_INSTALLED, status=201, description="What was installed.")
        | failures(NoPluginIndex, PluginIndexUnusable, PluginNotInstallable),
    )
    async def install_plugin(
        caller: Operator,
        body: Annotated[InstallBody, Body(openapi_examples={"seals": {"value": _WANTED}})],
    ) -> InstalledOut:
        """Installs a plugin from the index, or another version of it, for everybody; every process takes it up within
        seconds. Its signature and its hash are looked at first, and it is granted what the body names.
        """
        return InstalledOut.of(await shop.install(body.id, body.version, body.grants))

    return router
