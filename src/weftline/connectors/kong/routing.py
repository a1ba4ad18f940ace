"""Services and routes: what the gateway guards."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.answers import fields
from weftline.connectors.kong.integration import call, kong, listed
from weftline.connectors.schema import Schema, flag, given, listing, optional, record, text, whole

_TAGS = listing("Words by which it is found.", {"type": "string"})
_SERVICE_FIELDS: dict[str, Schema] = {
    "id": text("By which Kong knows the service."),
    "name": optional(text("Its name.")),
    "protocol": text("Like `https`."),
    "host": text("Where requests go."),
    "port": whole("At that host."),
    "path": optional(text("What stands before the paths of requests.")),
    "enabled": flag("Requests get through."),
    "tags": _TAGS,
}
_ROUTE_FIELDS: dict[str, Schema] = {
    "id": text("By which Kong knows the route."),
    "name": optional(text("Its name.")),
    "service": optional(text("Id of the service that requests go to.")),
    "protocols": listing("Like `https`.", {"type": "string"}),
    "methods": listing("Of HTTP; none: all.", {"type": "string"}),
    "hosts": listing("That requests ask; none: all.", {"type": "string"}),
    "paths": listing("How the paths of requests begin; none: in any way.", {"type": "string"}),
    "tags": _TAGS,
}
_SERVICE, _ROUTE = record(_SERVICE_FIELDS, list(_SERVICE_FIELDS)), record(_ROUTE_FIELDS, list(_ROUTE_FIELDS))
_LIMIT = whole("How many at most.", minimum=1, maximum=10_000, default=100)
_NAME = given("Id or name.")


def _service(found: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: found.get(name) for name in ("id", "name", "protocol", "host", "port", "path")},
        "enabled": found.get("enabled", True),
        "tags": found.get("tags") or [],
    }


def _route(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "name": found.get("name"),
        "service": fields(found.get("service")).get("id"),
        **{name: found.get(name) or [] for name in ("protocols", "methods", "hosts", "paths", "tags")},
    }


@kong.action(
    "getService",
    title="Read a service",
    input=record({"service": _NAME}, ["service"]),
    output=_SERVICE,
    example={"service": "market-data"},
)
async def get_service(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read a service; where there is none, the step fails with code ``http_404``."""
    return _service(await call(connection, "GET", path("services", ctx.input["service"])))


@kong.action(
    "listServices",
    title="List services",
    input=record({"limit": _LIMIT}),
    output=record(
        {"services": listing("In no order.", _SERVICE), "isMore": flag("There are more than were asked for.")},
        ["services", "isMore"],
    ),
    example={},
)
async def list_services(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List the services behind the gateway."""
    found, is_more = await listed(connection, "services", ctx.input.get("limit", 100))
    return {"services": [_service(each) for each in found], "isMore": is_more}


@kong.action(
    "getRoute",
    title="Read a route",
    input=record({"route": _NAME}, ["route"]),
    output=_ROUTE,
    example={"route": "market-data-v1"},
)
async def get_route(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read a route; where there is none, the step fails with code ``http_404``."""
    return _route(await call(connection, "GET", path("routes", ctx.input["route"])))


@kong.action(
    "listRoutes",
    title="List routes",
    input=record({"service": given("Only those of this service, by id or name."), "limit": _LIMIT}),
    output=record(
        {"routes": listing("In no order.", _ROUTE), "isMore": flag("There are more than were asked for.")},
        ["routes", "isMore"],
    ),
    example={"service": "market-data"},
)
async def list_routes(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List routes, all or those of one service."""
    wanted = ctx.input
    target = path("services", wanted["service"], "routes") if "service" in wanted else "routes"
    found, is_more = await listed(connection, target, wanted.get("limit", 100))
    return {"routes": [_route(each) for each in found], "isMore": is_more}
