"""The actions of the contract onboarding. Real ones would write to the register of market participants."""

from __future__ import annotations

from typing import Any

from weftline.authoring import Context, action


@action("onboarding.reserveContract")
async def reserve_contract(ctx: Context) -> dict[str, str]:
    """Reserve a contract reference. It comes from the idempotency key: a second attempt reserves the same one."""
    return {"reference": f"{ctx.input['marketRole']}-{ctx.idempotency_key}"}


@action("onboarding.releaseContract")
async def release_contract(ctx: Context) -> dict[str, Any]:
    """Undo the reservation."""
    return {"released": ctx.input["reference"]}


@action("onboarding.revokeApproval")
async def revoke_approval(ctx: Context) -> dict[str, Any]:
    """Undo the approval: whoever gave it has to be asked again."""
    return {"revoked": True, "approvedBy": ctx.input["approvedBy"]}


@action("onboarding.deletePortfolio")
async def delete_portfolio(ctx: Context) -> dict[str, Any]:
    """Undo the portfolio."""
    return {"deleted": ctx.input["portfolio"]}
