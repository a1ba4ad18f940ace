"""The actions of the purchase approval."""

from __future__ import annotations

from typing import Any

from weftline.authoring import Context, action


@action("purchase.order")
async def order(ctx: Context) -> dict[str, Any]:
    """Order the item."""
    ctx.logger.info("ordered", item=ctx.input["item"])
    return {"ordered": True, "item": ctx.input["item"], "amount": ctx.input["amount"]}


@action("purchase.decline")
async def decline(ctx: Context) -> dict[str, Any]:
    """Tell the requester that it was not approved."""
    ctx.logger.info("declined", item=ctx.input["item"], requester=ctx.input["requester"])
    return {"ordered": False, "item": ctx.input["item"]}
