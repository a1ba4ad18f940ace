"""Consumers: those who call what the gateway guards."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.kong.integration import TAGS, call, delete, kong, listed, own_id
from weftline.connectors.schema import Schema, flag, given, listing, optional, record, text, whole

CONSUMER: Schema = given("Id or user name of the consumer.")
"""What inputs call a consumer by."""

DELETED = record({"deleted": flag("It is gone, or was before.")}, ["deleted"])

_FIELDS: dict[str, Schema] = {
    "id": text("By which Kong knows the consumer."),
    "username": optional(text("Its name.")),
    "customId": optional(text("By which another system knows it.")),
    "tags": listing("Words by which it is found.", {"type": "string"}),
}
_OUTPUT = record(_FIELDS, list(_FIELDS))


def _told(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "username": found.get("username"),
        "customId": found.get("custom_id"),
        "tags": found.get("tags") or [],
    }


def _sent(wanted: dict[str, Any]) -> dict[str, Any]:
    names = {"username": "username", "customId": "custom_id", "tags": "tags"}
    return {theirs: wanted[ours] for ours, theirs in names.items() if ours in wanted}


@kong.action(
    "createConsumer",
    title="Create a consumer",
    input=record(
        {
            "username": given("Its name, which no other consumer has."),
            "customId": given("By which another system knows it; no other consumer has it."),
            "tags": TAGS,
        },
        anyOf=[{"required": ["username"]}, {"required": ["customId"]}],
    ),
    output=_OUTPUT,
    example={"username": "engie-belgium", "customId": "BE0403170701", "tags": ["brp"]},
    compensate="deleteConsumer",
)
async def create_consumer(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Create a consumer; where another has its name, the step fails with code ``kong_conflict``."""
    target = path("consumers", own_id(ctx, "consumer"))
    return _told(await call(connection, "PUT", target, json=_sent(ctx.input)))


@kong.action(
    "getConsumer",
    title="Read a consumer",
    input=record({"consumer": CONSUMER}, ["consumer"]),
    output=_OUTPUT,
    example={"consumer": "engie-belgium"},
)
async def get_consumer(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read a consumer; where there is none, the step fails with code ``http_404``."""
    return _told(await call(connection, "GET", path("consumers", ctx.input["consumer"])))


@kong.action(
    "updateConsumer",
    title="Change a consumer",
    input=record(
        {
            "consumer": CONSUMER,
            "username": given("Its new name."),
            "customId": given("By which another system knows it now."),
            "tags": TAGS,
        },
        ["consumer"],
    ),
    output=_OUTPUT,
    example={"consumer": "engie-belgium", "tags": ["brp", "bsp"]},
)
async def update_consumer(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Change a consumer; what is left out stays as it is."""
    wanted = ctx.input
    return _told(await call(connection, "PATCH", path("consumers", wanted["consumer"]), json=_sent(wanted)))


@kong.action(
    "listConsumers",
    title="List consumers",
    input=record(
        {
            "tags": listing("Only those with all of these.", {"type": "string", "minLength": 1}, maxItems=5),
            "customId": given("Only the one that another system knows by this."),
            "limit": whole("How many at most.", minimum=1, maximum=10_000, default=100),
        }
    ),
    output=record(
        {"consumers": listing("In no order.", _OUTPUT), "isMore": flag("There are more than were asked for.")},
        ["consumers", "isMore"],
    ),
    example={"tags": ["brp"]},
)
async def list_consumers(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List consumers."""
    wanted = ctx.input
    query: dict[str, Any] = {"custom_id": wanted.get("customId")}
    if wanted.get("tags"):
        query["tags"] = ",".join(wanted["tags"])
    found, is_more = await listed(connection, "consumers", wanted.get("limit", 100), query)
    return {"consumers": [_told(each) for each in found], "isMore": is_more}


@kong.action(
    "deleteConsumer",
    title="Delete a consumer",
    input=record(
        {"id": given("Id or user name of the consumer.")},
        ["id"],
        is_open=True,
        description="Takes what `createConsumer` returned.",
    ),
    output=DELETED,
    example={"id": "engie-belgium"},
)
async def delete_consumer(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete a consumer with its groups and credentials; one that is gone already is fine."""
    return await delete(connection, path("consumers", ctx.input["id"]))
