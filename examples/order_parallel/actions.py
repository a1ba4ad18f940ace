"""The actions of the order workflow."""

from __future__ import annotations

import asyncio
from typing import Any

from weftline.authoring import ActionError, Context, action


@action("order.price")
def price(ctx: Context) -> dict[str, float]:
    """Add the lines up. A plain function: it runs in a thread."""
    lines: list[dict[str, Any]] = ctx.input["lines"]
    return {"total": round(sum(line["quantity"] * line["price"] for line in lines), 2)}


@action("order.reserveStock")
async def reserve_stock(ctx: Context) -> dict[str, Any]:
    """Put the goods aside."""
    await asyncio.sleep(0.2)
    return {"reserved": [line["sku"] for line in ctx.input["lines"]]}


@action("order.chargeCard")
async def charge_card(ctx: Context) -> dict[str, str]:
    """Charge the customer's card. The first attempt finds the bank busy, to show a retry.

    The bank gets the idempotency key, which is the same for every attempt, and so charges once.
    """
    await asyncio.sleep(0.1)
    if ctx.attempt == 1:
        raise ActionError("the bank is busy", code="bank_busy")
    return {"receipt": f"R-{ctx.idempotency_key}"}


@action("order.wrapGift")
async def wrap_gift(ctx: Context) -> dict[str, str]:
    """Wrap a gift for large orders."""
    return {"gift": "chocolate"}


@action("order.ship")
async def ship(ctx: Context) -> dict[str, str]:
    """Hand the parcel over."""
    return {"carrier": "bicycle", "tracking": f"T-{ctx.input['orderId']}"}
