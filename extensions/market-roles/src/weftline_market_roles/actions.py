"""Actions of the workflows: they keep the register, and undo what they did to it."""

from __future__ import annotations

from typing import Any

from weftline.authoring import ActionError, Context, action
from weftline.authoring.plugin import RecordChanged
from weftline_market_roles.checks import compact_vat
from weftline_market_roles.kept import ChangedSince, Kept
from weftline_market_roles.register import Register, numbers_of
from weftline_market_roles.roles import MarketRole, NotPossible, RoleStatus

Schema = dict[str, Any]

_ROLE: Schema = {"enum": [role.value for role in MarketRole], "description": "The market role."}
_STATUS: Schema = {"enum": [status.value for status in RoleStatus], "description": "How the role stands."}
_REFERENCE: Schema = {"type": ["string", "null"], "description": "Reference of the contract."}
_UNDO: Schema = {"type": "object", "description": "What undoing the step takes."}
_TOLD: Schema = {
    "type": "object",
    "required": ["role", "status", "contractReference", "undo"],
    "properties": {"role": _ROLE, "status": _STATUS, "contractReference": _REFERENCE, "undo": _UNDO},
}
_POINTS: Schema = {"type": "array", "items": {"type": "object", "required": ["ean"]}}
_PORTFOLIO: Schema = {"type": "object", "properties": {"accessPoints": _POINTS, "deliveryPoints": _POINTS}}
_NUMBERS: Schema = {"type": "array", "items": {"type": "string"}}

_running: list[Register] = []


def run_on(register: Register | None) -> None:
    """The register that actions of this process work on; None: none, the plugin is stopped."""
    _running[:] = [] if register is None else [register]


@action(
    "market-roles.begin",
    title="Begin a market role",
    input={"type": "object", "required": ["role"], "properties": {"role": _ROLE}},
    output=_TOLD,
    compensate="market-roles.undo",
)
async def begin(ctx: Context) -> dict[str, Any]:
    """Note that the tenant is on its way to a role.

    Where it has the role already, the step fails with code ``market_role_wrong_status``.
    """
    role = MarketRole(ctx.input["role"])
    register = _register()
    by = ctx.idempotency_key
    try:
        before, now = await register.move(
            ctx.tenant_id, role, RoleStatus.PENDING, by=by, executionId=str(ctx.execution_id)
        )
    except (NotPossible, RecordChanged) as error:
        raise _failed(error) from None
    return _told(now, {"role": role, "before": before, "by": by})


@action(
    "market-roles.activate",
    title="Activate a market role",
    input={
        "type": "object",
        "required": ["role"],
        "properties": {
            "role": _ROLE,
            "contractReference": {"type": "string", "description": "Made up like `BRP-2026-001` where absent."},
            "companyName": {"type": "string"},
            "vatNumber": {"type": "string"},
            "gatewayConsumer": {"type": "string", "description": "Id of the gateway's consumer."},
        },
    },
    output=_TOLD,
    compensate="market-roles.undo",
)
async def activate(ctx: Context) -> dict[str, Any]:
    """Let the tenant's role be active, with a contract reference."""
    role = MarketRole(ctx.input["role"])
    register = _register()
    by = ctx.idempotency_key
    fields = {name: value for name, value in ctx.input.items() if name != "role"}
    if fields.get("vatNumber"):
        fields["vatNumber"] = compact_vat(fields["vatNumber"])
    try:
        before, now = await register.activate(
            ctx.tenant_id, role, by=by, **{**fields, "executionId": str(ctx.execution_id)}
        )
    except (NotPossible, RecordChanged) as error:
        raise _failed(error) from None
    return _told(now, {"role": role, "before": before, "by": by})


@action(
    "market-roles.undo",
    title="Put a market role back",
    input={"type": "object", "required": ["undo"], "properties": {"undo": _UNDO}},
)
async def undo(ctx: Context) -> dict[str, Any]:
    """Put a role back to how it stood before a step; what was changed since is not overwritten."""
    return await _undo(ctx, _register().roles)


@action(
    "market-roles.require",
    title="Require an active market role",
    input={"type": "object", "required": ["role"], "properties": {"role": _ROLE}},
    output={
        "type": "object",
        "required": ["role", "status", "contractReference", "gatewayConsumer", "portfolio"],
        "properties": {
            "role": _ROLE,
            "status": _STATUS,
            "contractReference": _REFERENCE,
            "gatewayConsumer": {"type": ["string", "null"], "description": "Id of the gateway's consumer."},
            "portfolio": _PORTFOLIO,
        },
    },
)
async def require(ctx: Context) -> dict[str, Any]:
    """Read an active role with its portfolio; where it is not active, the step fails: ``market_role_not_active``."""
    role = MarketRole(ctx.input["role"])
    register = _register()
    found = await register.roles.get(ctx.tenant_id, role)
    if found is None or found["status"] != RoleStatus.ACTIVE:
        how = "the tenant does not have it" if found is None else f"it is {found['status']}"
        raise ActionError(
            f"the role {role} has to be active, and {how}", code="market_role_not_active", retryable=False
        )
    portfolio = await register.portfolios.get(ctx.tenant_id, role)
    empty: dict[str, Any] = {"accessPoints": [], "deliveryPoints": []}
    return {"gatewayConsumer": None, **found, "portfolio": portfolio or empty}


@action(
    "market-roles.keep-portfolio",
    title="Keep a portfolio",
    input={
        "type": "object",
        "required": ["role", "portfolio"],
        "properties": {"role": _ROLE, "portfolio": _PORTFOLIO},
    },
    output={
        "type": "object",
        "required": ["added", "removed", "undo"],
        "properties": {"added": _NUMBERS, "removed": _NUMBERS, "undo": _UNDO},
    },
    compensate="market-roles.undo-portfolio",
)
async def keep_portfolio(ctx: Context) -> dict[str, Any]:
    """Replace the access points and delivery points of a role."""
    role = MarketRole(ctx.input["role"])
    by = ctx.idempotency_key
    try:
        before, now = await _register().keep_portfolio(ctx.tenant_id, role, ctx.input["portfolio"], by=by)
    except RecordChanged as error:
        raise _failed(error) from None
    old, new = numbers_of(before), numbers_of(now)
    return {
        "added": sorted(new - old),
        "removed": sorted(old - new),
        "undo": {"role": role, "before": before, "by": by},
    }


@action(
    "market-roles.undo-portfolio",
    title="Put a portfolio back",
    input={"type": "object", "required": ["undo"], "properties": {"undo": _UNDO}},
)
async def undo_portfolio(ctx: Context) -> dict[str, Any]:
    """Put the points of a role back to what they were before a step replaced them."""
    return await _undo(ctx, _register().portfolios)


@action(
    "market-roles.withdraw",
    title="Withdraw an entry or an approval",
    input={
        "type": "object",
        "required": ["role", "step"],
        "properties": {
            "role": _ROLE,
            "step": {"type": "string", "description": "What was entered or approved."},
            "by": {"type": ["string", "null"], "description": "Who did that."},
        },
    },
)
async def withdraw(ctx: Context) -> dict[str, Any]:
    """Note in the audit log that what somebody entered or approved counts no more, and has to be given anew."""
    told = {name: ctx.input.get(name) for name in ("role", "step", "by")}
    ctx.audit("market-role.withdrawn", "execution", told, resource_id=str(ctx.execution_id))
    return {"withdrawn": True, **told}


async def _undo(ctx: Context, kept: Kept) -> dict[str, Any]:
    wanted = ctx.input["undo"]
    try:
        is_done = await kept.undo(ctx.tenant_id, wanted["role"], wanted["before"], by=wanted["by"])
    except ChangedSince as error:
        raise ActionError(str(error), code="market_role_changed", retryable=False) from None
    except RecordChanged as error:
        raise _failed(error) from None
    return {"undone": is_done}


def _register() -> Register:
    if not _running:
        raise ActionError("the plugin 'market-roles' does not run in this worker", code="plugin_stopped")
    return _running[0]


def _told(now: dict[str, Any], undo: dict[str, Any]) -> dict[str, Any]:
    return {**{name: now.get(name) for name in ("role", "status", "contractReference")}, "undo": undo}


def _failed(error: NotPossible | RecordChanged) -> ActionError:
    if isinstance(error, NotPossible):
        return ActionError(str(error), code="market_role_wrong_status", retryable=False)
    return ActionError(str(error), code="market_role_busy", retryable=True)
