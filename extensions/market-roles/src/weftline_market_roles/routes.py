"""The plugin's part of the API, under ``/api/v1/plugins/market-roles/routes``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from weftline.authoring.plugin import Fault, PluginApp, PluginProblem, PluginRequest, RecordChanged
from weftline_market_roles.entries import BASES, composed, overlay_document
from weftline_market_roles.kept import plain
from weftline_market_roles.overlay import read_overlay
from weftline_market_roles.overlay_errors import OverlayError
from weftline_market_roles.register import POINTS, Register
from weftline_market_roles.roles import MarketRole, NotPossible, RoleStatus

MANAGE = "plugin:manage"
"""Permission to assign roles and change how they stand."""

WRITE_WORKFLOWS = "workflow:create"
"""Permission to make workflows of the templates."""

Reference = Annotated[str, Field(min_length=1, max_length=64, description="Reference of the contract.")]
Reason = Annotated[str | None, Field(max_length=500, description="Why; kept with the role.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AssignBody(_Body):
    """A role that a tenant gets."""

    role: MarketRole
    status: Literal["pending", "active"] = "pending"
    contract_reference: Annotated[Reference | None, Field(alias="contractReference")] = None


class ReferenceBody(_Body):
    """What is to be changed of a role."""

    contract_reference: Annotated[Reference, Field(alias="contractReference")]


class MoveBody(_Body):
    """Why a role changes its status."""

    reason: Reason = None


class ComposeBody(_Body):
    """A template for a role, and what is different from it."""

    template: Literal["contract-onboarding", "portfolio-management"]
    role: MarketRole
    overlay: Annotated[dict[str, Any], Field(description="Changes on top of the role's own.")] = {}


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests.

    Args:
        register: what is kept.
    """

    register: Register

    def add_to(self, app: PluginApp) -> None:
        """Answer under the plugin's routes."""
        app.route("GET", "/roles", self.list_roles)
        app.route("POST", "/roles", self.assign, permission=MANAGE, body=AssignBody)
        app.route("GET", "/roles/{role}", self.get_role)
        app.route("PATCH", "/roles/{role}", self.refer, permission=MANAGE, body=ReferenceBody)
        app.route("POST", "/roles/{role}/activate", self.activate, permission=MANAGE, body=MoveBody)
        app.route("POST", "/roles/{role}/suspend", self.suspend, permission=MANAGE, body=MoveBody)
        app.route("POST", "/roles/{role}/end", self.end, permission=MANAGE, body=MoveBody)
        app.route("GET", "/roles/{role}/portfolio", self.get_portfolio)
        app.route("GET", "/points", self.list_points)
        app.route("GET", "/templates", self.list_templates)
        app.route("POST", "/compose", self.compose, permission=WRITE_WORKFLOWS, body=ComposeBody)

    async def list_roles(self, request: PluginRequest) -> object:
        """The roles that the tenant has, or had."""
        page = await self.register.roles.store.list(request.tenant_id)
        return {"items": [_shown(plain(record.data)) for record in page.items], "nextCursor": page.next_cursor}

    async def get_role(self, request: PluginRequest) -> object:
        """A role of the tenant."""
        return _shown(await self._found(request))

    async def assign(self, request: PluginRequest) -> object:
        """Give the tenant a role by hand, without an onboarding."""
        body: AssignBody = request.body
        if body.status == "pending":
            return await self._move(request, body.role, RoleStatus.PENDING, contractReference=body.contract_reference)
        return await self._activate(request, body.role, contractReference=body.contract_reference)

    async def refer(self, request: PluginRequest) -> object:
        """Change the contract reference."""
        await self._found(request)
        body: ReferenceBody = request.body
        try:
            return _shown(await self.register.refer(request.tenant_id, _role(request), body.contract_reference))
        except (NotPossible, RecordChanged) as error:
            raise _refused(error) from None

    async def activate(self, request: PluginRequest) -> object:
        """Let a role be active, again or without an onboarding."""
        await self._found(request)
        return await self._activate(request, _role(request), reason=request.body.reason)

    async def suspend(self, request: PluginRequest) -> object:
        """Suspend an active role."""
        await self._found(request)
        return await self._move(request, _role(request), RoleStatus.SUSPENDED, reason=request.body.reason)

    async def end(self, request: PluginRequest) -> object:
        """End a role."""
        await self._found(request)
        return await self._move(request, _role(request), RoleStatus.ENDED, reason=request.body.reason)

    async def get_portfolio(self, request: PluginRequest) -> object:
        """The points of a role."""
        await self._found(request)
        found = await self.register.portfolios.get(request.tenant_id, _role(request))
        return {name: (found or {}).get(name, []) for name in POINTS}

    async def list_points(self, request: PluginRequest) -> object:
        """The points of all roles, each with its role and its kind."""
        kinds = dict(zip(POINTS, ("access", "delivery"), strict=True))
        page = await self.register.portfolios.store.list(request.tenant_id)
        items = [
            {"role": record.key, "kind": kinds[name], "name": None, **point}
            for record in page.items
            for name in POINTS
            for point in record.data.get(name, [])
        ]
        return {"items": items, "nextCursor": page.next_cursor}

    async def list_templates(self, _: PluginRequest) -> object:
        """The templates, one for each role, as the library has them."""
        items = [
            {"id": entry["id"], "template": base, "role": role, "name": entry["name"]["en"]}
            for base in BASES
            for role, entry in ((role, composed(base, role)) for role in MarketRole)
        ]
        return {"items": items, "nextCursor": None}

    async def compose(self, request: PluginRequest) -> object:
        """The definition that a role's template becomes by an overlay of the tenant's own; nothing is stored."""
        body: ComposeBody = request.body
        try:
            entry = composed(body.template, body.role, read_overlay(body.overlay))
        except OverlayError as error:
            faults = [
                Fault(f"/overlay{each.pointer}", f"{each.message}{f' ({each.hint})' if each.hint else ''}")
                for each in error.problems
            ]
            raise PluginProblem(422, "invalid_overlay", "The overlay does not fit; see 'errors'.", faults) from None
        return {"definition": entry["definition"], "overlay": overlay_document(body.template, body.role)}

    async def _activate(self, request: PluginRequest, role: MarketRole, **fields: Any) -> object:
        try:
            return _shown((await self.register.activate(request.tenant_id, role, **fields))[1])
        except (NotPossible, RecordChanged) as error:
            raise _refused(error) from None

    async def _move(self, request: PluginRequest, role: MarketRole, status: RoleStatus, **fields: Any) -> object:
        try:
            return _shown((await self.register.move(request.tenant_id, role, status, **fields))[1])
        except (NotPossible, RecordChanged) as error:
            raise _refused(error) from None

    async def _found(self, request: PluginRequest) -> dict[str, Any]:
        role = _role(request)
        found = await self.register.roles.get(request.tenant_id, role)
        if found is None:
            raise PluginProblem(404, "role_not_assigned", f"The tenant does not have the role {role}.")
        return found


def _role(request: PluginRequest) -> MarketRole:
    try:
        return MarketRole(request.parameters["role"])
    except ValueError:
        known = ", ".join(MarketRole)
        raise PluginProblem(404, "unknown_role", f"There is no such market role; there are {known}.") from None


def _refused(error: NotPossible | RecordChanged) -> PluginProblem:
    if isinstance(error, NotPossible):
        return PluginProblem(409, "wrong_role_status", f"{str(error)[0].upper()}{str(error)[1:]}.")
    return PluginProblem(409, "role_busy", "Others change the role at this instant. Try again.")


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    role = MarketRole(found["role"])
    optional = ("contractReference", "companyName", "vatNumber", "gatewayConsumer", "executionId", "reason")
    return {
        "role": role.value,
        "name": role.texts["en"],
        "status": found["status"],
        **{name: found.get(name) for name in optional},
    }
