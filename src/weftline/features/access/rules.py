"""What one tenant decides about access: its roles, policies and field rules, and what they make of a subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from weftline.features.access.caller import Authority
from weftline.features.access.fields.masking import FieldRules
from weftline.features.access.permissions import BUILT_IN_ROLES, CATALOGUE, role_permissions
from weftline.features.access.policies.engine import PolicyEngine
from weftline.features.tenancy.configuration import TenantConfiguration


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role of a tenant's own.

    Attributes:
        permissions: what it allows, besides what the roles allow that it inherits.
        inherits: other roles, built-in or custom.
        requires_mfa: whoever has it needs a second factor.
    """

    permissions: frozenset[str]
    inherits: tuple[str, ...]
    requires_mfa: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """Permissions given to somebody, on one workflow or on the whole tenant (``workflow_id`` None)."""

    permissions: frozenset[str]
    workflow_id: str | None


@dataclass(frozen=True, slots=True)
class TenantRules:
    """A tenant as access control sees it.

    Attributes:
        id, slug, name: which.
        domain: its own, where it has one.
        status: ``active``, ``suspended`` or ``archived``.
        configuration: with what it falls back to.
        roles: its custom roles, by id.
        policies: its policies and those of its plugins, compiled; None where there are none.
        fields: its field rules.
    """

    id: UUID
    slug: str
    name: str
    domain: str | None
    status: str
    configuration: TenantConfiguration
    roles: Mapping[str, CustomRole]
    policies: PolicyEngine | None
    fields: FieldRules

    def expand(self, roles: Iterable[str]) -> frozenset[str]:
        """The roles with everything they inherit; what does not exist (any more) is left out."""
        found: set[str] = set()
        pending = list(roles)
        while pending:
            role = pending.pop()
            if role in found:
                continue
            custom = self.roles.get(role)
            if custom is not None:
                pending.extend(custom.inherits)
            elif role not in BUILT_IN_ROLES:
                continue
            found.add(role)
        return frozenset(found)

    def permissions_of(self, roles: Iterable[str]) -> frozenset[str]:
        """What expanded roles allow in the whole tenant."""
        allowed: set[str] = set()
        for role in roles:
            custom = self.roles.get(role)
            allowed |= role_permissions(role) if custom is None else custom.permissions
        return frozenset(allowed & CATALOGUE.keys())

    def authority(
        self,
        roles: Iterable[str],
        grants: Sequence[Grant] = (),
        *,
        groups: frozenset[str] = frozenset(),
        department: str | None = None,
    ) -> Authority:
        """What somebody may do.

        Args:
            roles: given to them or to their groups.
            grants: given to them, their groups or their roles.
            groups: names.
            department: where they work.
        """
        expanded = self.expand(roles)
        everywhere = set(self.permissions_of(expanded))
        on_workflows: dict[str, set[str]] = {}
        for grant in grants:
            allowed = grant.permissions & CATALOGUE.keys()
            if grant.workflow_id is None:
                everywhere |= allowed
            else:
                on_workflows.setdefault(grant.workflow_id, set()).update(allowed)
        return Authority(
            expanded,
            frozenset(everywhere),
            {id: frozenset(allowed) for id, allowed in on_workflows.items()},
            groups,
            department,
            self.configuration.security.require_mfa
            or any(self.roles[role].requires_mfa for role in expanded if role in self.roles),
        )
