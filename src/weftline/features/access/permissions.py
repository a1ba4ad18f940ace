"""The catalogue of permissions. A feature declares each where it uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

BuiltInRole = Literal["viewer", "author", "operator", "approver", "admin"]

BUILT_IN_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "viewer": "Sees workflows and executions.",
        "author": "Sees, writes and publishes workflows, and tries them out.",
        "operator": "Sees everything that runs; starts, steers and repairs executions.",
        "approver": "Does the human tasks that are assigned to them.",
        "admin": "Does everything within the tenant.",
    }
)
"""Every tenant's roles that need no set-up, with what they are for. ``admin`` has every permission of a tenant."""

ADMIN: BuiltInRole = "admin"


class Permission(str):
    """The name of something one may be allowed to do, ``resource:act``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PermissionInfo:
    """A permission of the catalogue.

    Attributes:
        name: ``resource:act``.
        description: what it allows.
        roles: the built-in roles that have it, besides ``admin``.
    """

    name: Permission
    description: str
    roles: frozenset[str]


_catalogue: dict[str, PermissionInfo] = {}
_platform: dict[str, PermissionInfo] = {}

CATALOGUE: Mapping[str, PermissionInfo] = MappingProxyType(_catalogue)
"""Every permission within a tenant, by name."""

PLATFORM_CATALOGUE: Mapping[str, PermissionInfo] = MappingProxyType(_platform)
"""What only the platform's operators may do, by name."""


def permission(name: str, description: str, *roles: BuiltInRole) -> Permission:
    """Declare a permission within a tenant.

    Args:
        name: ``resource:act``, unique.
        description: what it allows, a sentence.
        roles: the built-in roles that have it, besides ``admin``.
    """
    return _declare(_catalogue, name, description, roles)


def platform_permission(name: str, description: str) -> Permission:
    """Declare something that only the platform's operators may do; see :func:`permission`."""
    return _declare(_platform, name, description, ())


def role_permissions(role: str) -> frozenset[str]:
    """What a built-in role allows."""
    if role == ADMIN:
        return frozenset(_catalogue)
    return frozenset(name for name, info in _catalogue.items() if role in info.roles)


def _declare(
    catalogue: dict[str, PermissionInfo], name: str, description: str, roles: tuple[BuiltInRole, ...]
) -> Permission:
    assert name not in _catalogue and name not in _platform, f"{name} is declared twice"
    declared = Permission(name)
    catalogue[name] = PermissionInfo(declared, description, frozenset(roles))
    return declared
