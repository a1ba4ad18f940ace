"""What is kept of a tenant in the market: its roles, and the portfolio of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from weftline.authoring.plugin import PluginApp, RecordChanged, RecordStore
from weftline_market_roles.checks import compact_ean
from weftline_market_roles.kept import ATTEMPTS, Document, Kept
from weftline_market_roles.roles import MarketRole, NotPossible, RoleStatus, moved

POINTS = ("accessPoints", "deliveryPoints")
"""What a portfolio holds."""


@dataclass(frozen=True, slots=True)
class Register:
    """The register of the market's participants.

    Attributes:
        roles: a document for each role of a tenant.
        portfolios: the points of each role.
    """

    roles: Kept
    portfolios: Kept
    _contracts: RecordStore

    @classmethod
    def of(cls, app: PluginApp) -> Register:
        """The register that a plugin's app keeps."""
        return cls(Kept(app.store("roles")), Kept(app.store("portfolios")), app.store("contracts"))

    async def move(
        self, tenant_id: UUID, role: MarketRole, status: RoleStatus, *, by: str | None = None, **fields: Any
    ) -> tuple[Document | None, Document]:
        """Let a tenant's role become something.

        Args:
            tenant_id: whose.
            role: which.
            status: what it becomes.
            by: the idempotency key of the step; None: nothing that is ever repeated.
            fields: what else is known of it now; None leaves what is known.

        Returns:
            What it was before, for :meth:`Kept.undo`, and what it is now.

        Raises:
            NotPossible: that status does not follow.
        """
        return await self.roles.change(
            tenant_id, role, lambda found: moved(role, found, status, fields), by=by or str(uuid4())
        )

    async def activate(
        self, tenant_id: UUID, role: MarketRole, *, by: str | None = None, **fields: Any
    ) -> tuple[Document | None, Document]:
        """Let a tenant's role be active. One that has no contract reference gets the next one, like ``BRP-2026-001``.

        Raises:
            NotPossible: it cannot become active.
        """
        found = await self.roles.get(tenant_id, role)
        given = fields.pop("contractReference", None)
        known = None if found is None or found["status"] == RoleStatus.ENDED else found.get("contractReference")
        # two attempts take two numbers: a gap is no harm, a number for two contracts would be
        reference = given or known or await self._next_reference(tenant_id, role)
        return await self.move(tenant_id, role, RoleStatus.ACTIVE, by=by, contractReference=reference, **fields)

    async def refer(self, tenant_id: UUID, role: MarketRole, reference: str) -> Document:
        """Set the contract reference of a tenant's role.

        Raises:
            NotPossible: the tenant does not have it, or it has ended.
        """

        def alter(found: Document | None) -> Document:
            if found is None or found["status"] == RoleStatus.ENDED:
                raise NotPossible(role, None if found is None else RoleStatus.ENDED, RoleStatus.PENDING)
            return {**found, "contractReference": reference}

        return (await self.roles.change(tenant_id, role, alter, by=str(uuid4())))[1]

    async def keep_portfolio(
        self, tenant_id: UUID, role: MarketRole, portfolio: dict[str, Any], *, by: str
    ) -> tuple[Document | None, Document]:
        """Replace the points of a role, whose numbers are written as registers do.

        Returns:
            What it was before, for :meth:`Kept.undo`, and what it is now.

        Raises:
            ValidationError: a number is none; the form's checks have seen to that.
        """
        now = {name: [_point(point) for point in portfolio.get(name, [])] for name in POINTS}
        return await self.portfolios.change(tenant_id, role, lambda _: now, by=by)

    async def _next_reference(self, tenant_id: UUID, role: MarketRole) -> str:
        year = datetime.now(UTC).year
        key = f"{role}-{year}"
        for attempt in range(1, ATTEMPTS + 1):
            record = await self._contracts.get(tenant_id, key)
            number = 1 if record is None else int(record.data["last"]) + 1
            try:
                await self._contracts.put(
                    tenant_id, key, {"last": number}, if_version=0 if record is None else record.version
                )
            except RecordChanged:
                if attempt == ATTEMPTS:
                    raise
            else:
                return f"{key}-{number:03}"
        raise AssertionError("a loop that returns or raises")


def numbers_of(portfolio: Document | None) -> set[str]:
    """The EANs of all points."""
    return {str(point["ean"]) for name in POINTS for point in (portfolio or {}).get(name, [])}


def _point(point: dict[str, Any]) -> dict[str, Any]:
    made = {**point, "ean": compact_ean(point["ean"])}
    if "accessPoint" in point:
        made["accessPoint"] = compact_ean(point["accessPoint"])
    return made
