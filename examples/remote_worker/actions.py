"""The action that Weftline's own worker carries out; the other one is in ``worker.mjs``."""

from __future__ import annotations

from weftline.authoring import Context, action


@action("tell-customer")
async def tell_customer(ctx: Context) -> dict[str, str]:
    """Say that the parcel is on its way."""
    return {"told": f"Your parcel {ctx.input['label']} is on its way."}
