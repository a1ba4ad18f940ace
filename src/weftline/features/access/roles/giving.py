"""Nobody gives what they do not have.

Whoever manages members, groups, roles, grants or keys hands out authority. All of it must be theirs: the roles, as
rules may name them, and every permission that comes with them, as an API key may have fewer than its owner's roles
say. The same holds for what they take away or change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.loading import load_grants
from weftline.features.access.permissions import ADMIN, BUILT_IN_ROLES, CATALOGUE
from weftline.features.access.roles import repository
from weftline.features.access.roles.errors import BeyondOwnAuthority, UnknownNames
from weftline.features.access.rules import TenantRules
from weftline.features.tenancy.errors import TenantNotFound


async def rules_now(session: AsyncSession, cache: AccessCache, tenant_id: UUID) -> TenantRules:
    """A tenant's rules, with its roles as this transaction sees them.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    rules = await cache.rules(tenant_id)
    if rules is None:
        raise TenantNotFound
    return replace(rules, roles=await repository.custom_roles(session, tenant_id))


async def check_gift(
    session: AsyncSession,
    rules: TenantRules,
    caller: Caller,
    roles: Collection[str],
    subjects: Sequence[tuple[str, str]] = (),
) -> None:
    """Let the caller give roles, and what is granted to them or to some subjects.

    Args:
        session: a transaction that sees the tenant.
        rules: the tenant's.
        caller: who gives.
        roles: ids.
        subjects: type and id of each, such as the group that somebody is to join.

    Raises:
        BeyondOwnAuthority: they do not have all of it.
    """
    check_within(caller, rules.authority(roles, await load_grants(session, rules, [*roles], subjects)))


def check_within(caller: Caller, authority: Authority) -> None:
    """Insist that the caller has all of an authority.

    Raises:
        BeyondOwnAuthority: they have not.
    """
    missing = set(authority.permissions - caller.authority.permissions)
    if ADMIN not in caller.authority.roles:
        missing |= authority.roles - caller.authority.roles
    for workflow_id, allowed in authority.on_workflows.items():
        missing |= {f"{each} on {workflow_id}" for each in allowed if not caller.can_on(each, workflow_id)}
    if missing:
        raise BeyondOwnAuthority(missing)


def check_roles(rules: TenantRules, roles: Sequence[str], pointer: str = "/roles") -> None:
    """Insist that roles exist.

    Raises:
        UnknownNames: some do not.
    """
    _check_names("role", roles, pointer, BUILT_IN_ROLES.keys() | rules.roles.keys())


def check_permissions(permissions: Sequence[str], pointer: str = "/permissions") -> None:
    """Insist that permissions exist.

    Raises:
        UnknownNames: some do not.
    """
    _check_names("permission", permissions, pointer, CATALOGUE.keys())


def _check_names(kind: str, names: Iterable[str], pointer: str, known: Collection[str]) -> None:
    unknown = [(f"{pointer}/{place}", name) for place, name in enumerate(names) if name not in known]
    if unknown:
        raise UnknownNames(kind, unknown, known)
