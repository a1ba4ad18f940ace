"""The actions of the batch import."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from weftline.authoring import Context, action


@action("import.store")
async def store(ctx: Context) -> dict[str, str]:
    """Store a customer. The id comes from the idempotency key, so that a second attempt stores the same one."""
    return {"id": str(uuid5(NAMESPACE_URL, ctx.idempotency_key)), "email": ctx.input["email"]}


@action("import.report")
async def report(ctx: Context) -> dict[str, Any]:
    """Say what became of the rows."""
    rejected: list[dict[str, Any]] = ctx.input["rejected"]
    return {
        "imported": len(ctx.input["imported"]),
        "rejected": [{"line": row["index"] + 1, "reason": row["error"]["message"]} for row in rejected],
    }
