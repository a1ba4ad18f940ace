"""The roles of the energy market, and how a tenant's role stands."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class MarketRole(StrEnum):
    """What a company is in the market."""

    BRP = "BRP"
    BSP = "BSP"
    GU = "GU"
    ACH = "ACH"
    CRM = "CRM"
    ESP = "ESP"
    DSO = "DSO"

    @property
    def texts(self) -> dict[str, str]:
        """What people call it, by language."""
        return TITLES[self]


TITLES: dict[MarketRole, dict[str, str]] = {
    MarketRole.BRP: {"en": "Balance Responsible Party", "de": "Bilanzkreisverantwortlicher"},
    MarketRole.BSP: {"en": "Balance Service Provider", "de": "Anbieter von Regelreserve"},
    MarketRole.GU: {"en": "Grid User", "de": "Netznutzer"},
    MarketRole.ACH: {"en": "Access Contract Holder", "de": "Inhaber des Zugangsvertrags"},
    MarketRole.CRM: {"en": "Customer Relationship", "de": "Kundenbeziehung"},
    MarketRole.ESP: {"en": "Energy Service Provider", "de": "Energiedienstleister"},
    MarketRole.DSO: {"en": "Distribution System Operator", "de": "Verteilnetzbetreiber"},
}


class RoleStatus(StrEnum):
    """How a tenant's role stands."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


FOLLOWING: dict[RoleStatus | None, frozenset[RoleStatus]] = {
    None: frozenset({RoleStatus.PENDING, RoleStatus.ACTIVE}),
    RoleStatus.PENDING: frozenset({RoleStatus.PENDING, RoleStatus.ACTIVE, RoleStatus.ENDED}),
    RoleStatus.ACTIVE: frozenset({RoleStatus.SUSPENDED, RoleStatus.ENDED}),
    RoleStatus.SUSPENDED: frozenset({RoleStatus.ACTIVE, RoleStatus.ENDED}),
    RoleStatus.ENDED: frozenset({RoleStatus.PENDING, RoleStatus.ACTIVE}),
}
"""Which status may follow which; None: the tenant does not have the role."""


class NotPossible(Exception):
    """A role cannot be what it is to become.

    Attributes:
        role: which.
        status: how it stands; None where the tenant does not have it.
        wanted: what it was to become.
    """

    def __init__(self, role: MarketRole, status: RoleStatus | None, wanted: RoleStatus) -> None:
        now = "the tenant does not have it" if status is None else f"it is {status}"
        super().__init__(f"the role {role} cannot become {wanted}: {now}")
        self.role = role
        self.status = status
        self.wanted = wanted


def moved(
    role: MarketRole, found: dict[str, Any] | None, status: RoleStatus, fields: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A role's document in another status.

    Args:
        role: which.
        found: its document; None where there is none.
        status: what it becomes.
        fields: what else is known of it now; None in it leaves what is known. A role that begins anew forgets the rest.

    Raises:
        NotPossible: that status does not follow.
    """
    before = None if found is None else RoleStatus(found["status"])
    if status not in FOLLOWING[before]:
        raise NotPossible(role, before, status)
    known = {} if found is None or before is RoleStatus.ENDED else found
    said = {name: value for name, value in (fields or {}).items() if value is not None}
    return {"contractReference": None, **known, **said, "role": role.value, "status": status.value}
