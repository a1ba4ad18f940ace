"""Groups of consumers, which the plugin ``acl`` lets in or keeps out."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.kong.consumers import CONSUMER, DELETED
from weftline.connectors.kong.integration import TAGS, call, delete, kong, listed
from weftline.connectors.schema import flag, given, listing, record, text

_MAX_GROUPS = 1000


@kong.action(
    "addToGroup",
    title="Add a consumer to a group",
    input=record(
        {"consumer": CONSUMER, "group": given("Name of the group, as the plugin `acl` names it."), "tags": TAGS},
        ["consumer", "group"],
    ),
    output=record(
        {
            "id": text("By which Kong knows the membership."),
            "consumer": text("Id of the consumer."),
            "group": text("Name of the group."),
        },
        ["id", "consumer", "group"],
    ),
    example={"consumer": "engie-belgium", "group": "brp"},
    compensate="removeFromGroup",
)
async def add_to_group(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Add a consumer to a group of the access control list; one that is in it already is fine."""
    wanted = ctx.input
    change = {"tags": wanted["tags"]} if "tags" in wanted else {}
    # by its name, a membership is made or found; by POST, a second one would be a conflict
    found = await call(connection, "PUT", path("consumers", wanted["consumer"], "acls", wanted["group"]), json=change)
    return {"id": found["id"], "consumer": found["consumer"]["id"], "group": found["group"]}


@kong.action(
    "removeFromGroup",
    title="Remove a consumer from a group",
    input=record(
        {"consumer": CONSUMER, "group": given("Name of the group.")},
        ["consumer", "group"],
        is_open=True,
        description="Takes what `addToGroup` returned.",
    ),
    output=DELETED,
    example={"consumer": "engie-belgium", "group": "brp"},
)
async def remove_from_group(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Remove a consumer from a group; one that is not in it is fine."""
    wanted = ctx.input
    return await delete(connection, path("consumers", wanted["consumer"], "acls", wanted["group"]))


@kong.action(
    "listGroups",
    title="List a consumer's groups",
    input=record({"consumer": CONSUMER}, ["consumer"]),
    output=record(
        {
            "groups": listing("By name.", {"type": "string"}),
            "isMore": flag("There are more than a thousand."),
        },
        ["groups", "isMore"],
    ),
    example={"consumer": "engie-belgium"},
)
async def list_groups(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List the groups that a consumer is in."""
    found, is_more = await listed(connection, path("consumers", ctx.input["consumer"], "acls"), _MAX_GROUPS)
    return {"groups": sorted(each["group"] for each in found), "isMore": is_more}
