"""The gate in front of every route: who asks, and may they.

A decision takes three looks, each of which only the next can overrule: the caller's permissions in the whole tenant,
those granted on the workflow in question, and the tenant's policies. Isolation between tenants is not decided here:
row-level security hides another tenant's rows, whatever this says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import structlog
from starlette.requests import HTTPConnection

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller, set_caller
from weftline.features.access.errors import OperatorsOnly, PermissionDenied, SecondFactorRequired, TenantInactive
from weftline.features.access.fields.masking import FieldMask
from weftline.features.access.policies.engine import PolicyDecision, PolicyEngine, PolicyFault
from weftline.features.access.policies.request import PolicyRequest, PolicySubject, Resource
from weftline.features.access.resources import load_resource
from weftline.features.access.rules import TenantRules
from weftline.features.database import Database
from weftline.features.http.origin import current_origin
from weftline.features.platform.reach import reach_of
from weftline.features.rates.limiter import RateLimiter

log = structlog.get_logger(__name__)

PROOFS_ENOUGH = frozenset({"otp", "key"})
"""Ways to prove who one is that satisfy whoever asks for a second factor."""

Identify = Callable[[HTTPConnection], Awaitable[Caller]]
OnFaults = Callable[[UUID, Sequence[PolicyFault]], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a decision falls as it does.

    Attributes:
        allowed: the decision.
        by_permission: the caller's roles and tenant-wide grants allow it.
        by_grant: a grant on the workflow allows it.
        policy: what the tenant's policies say; None where none was asked.
    """

    allowed: bool
    by_permission: bool
    by_grant: bool
    policy: PolicyDecision | None


class Gate:
    """Lets callers through, or not.

    Args:
        identify: finds out who asks; raises ``Unauthenticated``.
        cache: tenants' rules.
        database: where resources are looked up that a policy asks about.
        on_faults: told of policies that failed while deciding.
        limiter: counts what callers ask.
    """

    def __init__(
        self,
        identify: Identify,
        cache: AccessCache,
        database: Database,
        on_faults: OnFaults,
        limiter: RateLimiter | None = None,
    ) -> None:
        self._identify = identify
        self._cache = cache
        self._database = database
        self._on_faults = on_faults
        self._limiter = limiter or RateLimiter()

    async def enter(self, request: HTTPConnection, *, complete: bool = True) -> Caller:
        """The caller of a request, who acts from now on.

        Args:
            request: what came in.
            complete: a second factor must have been given where one is required, and the tenant must be active.

        Raises:
            Unauthenticated: nobody knows who asks.
            RateLimited: they, or their tenant, ask too often.
            SecondFactorRequired, TenantInactive, TenantMismatch: they may do nothing here.
        """
        caller = await self._identify(request)
        set_caller(caller)
        structlog.contextvars.bind_contextvars(tenant_id=str(caller.tenant_id), actor=caller.name)
        if caller.kind == "console":
            return caller
        rules = await self._cache.rules(caller.tenant_id)
        quota = None if rules is None else rules.configuration.limits.max_requests_per_minute
        self._limiter.enter(request.scope, caller, quota)
        if complete:
            if caller.authority.requires_mfa and caller.methods.isdisjoint(PROOFS_ENOUGH):
                raise SecondFactorRequired
            if caller.kind != "operator" and rules is not None and rules.status != "active":
                raise TenantInactive(rules.status)
        return caller

    def heard(self, connection: HTTPConnection) -> HTTPConnection:
        """What a client says over a connection that it has, as a request of its own.

        Raises:
            RateLimited: its address asks too often.
        """
        return HTTPConnection(self._limiter.again(connection.scope, current_origin().address))

    async def admit(
        self, request: HTTPConnection, permission: str, params: Mapping[str, str], *, listing: bool = False
    ) -> Caller:
        """The caller of a request that needs a permission.

        Args:
            request: what came in.
            permission: what it needs.
            params: the path's, of which ``workflow_id``, ``execution_id`` and ``task_id`` name a resource.
            listing: the route shows only what the caller may see, so a permission on a part lets in.

        Raises:
            Unauthenticated, Forbidden: see :meth:`enter`.
            PermissionDenied: they may not.
            NotFound: the resource does not exist in the caller's tenant.
        """
        caller = await self.enter(request)
        await self.allow(caller, permission, params, listing=listing)
        return caller

    async def allow(self, caller: Caller, permission: str, params: Mapping[str, str], *, listing: bool = False) -> None:
        """Check that a caller who has entered has a permission.

        Args:
            caller: who asks.
            permission, params, listing: see :meth:`admit`.

        Raises:
            PermissionDenied, NotFound: see :meth:`admit`.
        """
        rules = await self._cache.rules(caller.tenant_id)
        policies = _touching(rules, permission)
        if policies is None:
            if caller.can(permission) or (listing and caller.workflows_where(permission)):
                return
            if not any(permission in allowed for allowed in caller.authority.on_workflows.values()):
                raise PermissionDenied(permission)
        elif listing:
            # each item is decided on by itself; see ``visible``
            return
        resource = await load_resource(self._database, caller.tenant_id, params)
        if not self._decide(caller, permission, resource, policies).allowed:
            raise PermissionDenied(permission)

    async def operator(self, request: HTTPConnection, *, everywhere: bool = False) -> Caller:
        """The caller of a request that only the platform's operators may make.

        Args:
            request: what came in.
            everywhere: only those may who see every tenant.

        Raises:
            Unauthenticated, SecondFactorRequired: see :meth:`enter`.
            OperatorsOnly: they are none.
            EveryTenantNeeded: they see some tenants only.
        """
        caller = await self.enter(request)
        if not caller.is_platform_operator:
            raise OperatorsOnly
        if everywhere:
            (await reach_of(self._cache, caller)).require_all()
        return caller

    async def require(self, caller: Caller, permission: str, resource: Resource) -> None:
        """Check a permission on something that is at hand already.

        Raises:
            PermissionDenied: the caller may not.
        """
        rules = await self._cache.rules(caller.tenant_id)
        if not self._decide(caller, permission, resource, _touching(rules, permission)).allowed:
            raise PermissionDenied(permission)

    async def visible(
        self, caller: Caller, permission: str, items: Iterable[T], resource_of: Callable[[T], Resource]
    ) -> list[T]:
        """Those of the items on which the caller has the permission."""
        rules = await self._cache.rules(caller.tenant_id)
        policies = _touching(rules, permission)
        if policies is None and caller.can(permission):
            return list(items)
        return [item for item in items if self._decide(caller, permission, resource_of(item), policies).allowed]

    async def workflows(self, caller: Caller, permission: str) -> frozenset[str] | None:
        """The only workflows of which a list may show anything; None where :meth:`visible` decides, or nothing does."""
        return None if await self.looks_at_each(caller, permission) else caller.workflows_where(permission)

    async def looks_at_each(self, caller: Caller, permission: str) -> bool:
        """Whether a list must be decided on item by item; see :meth:`visible`."""
        return _touching(await self._cache.rules(caller.tenant_id), permission) is not None

    async def mask(self, caller: Caller, workflow_id: str) -> FieldMask | None:
        """What the caller must not see of a workflow's data; None where nothing is hidden."""
        rules = await self._cache.rules(caller.tenant_id)
        return None if rules is None else rules.fields.for_roles(workflow_id, caller.authority.roles)

    async def explain(self, caller: Caller, permission: str, resource: Resource) -> Explanation:
        """Why ``caller`` may or may not do something with a resource."""
        rules = await self._cache.rules(caller.tenant_id)
        return self._decide(caller, permission, resource, _touching(rules, permission))

    def _decide(
        self, caller: Caller, permission: str, resource: Resource, policies: PolicyEngine | None
    ) -> Explanation:
        # a policy may give more than roles and grants do, but a key is never more than what it was made for
        if caller.scopes is not None and permission not in caller.scopes:
            return Explanation(False, False, False, None)
        by_permission = caller.can(permission)
        workflow_id = resource.workflow_id
        by_grant = workflow_id is not None and caller.can_on(permission, workflow_id) and not by_permission
        allowed = by_permission or by_grant
        if policies is None or caller.kind == "console":
            return Explanation(allowed, by_permission, by_grant, None)
        decision = policies.decide(
            PolicyRequest(
                subject=_subject(caller),
                action=permission,
                resource=resource,
                now=datetime.now(UTC),
                mfa="otp" in caller.methods,
                address=current_origin().address,
                rbac_allows=allowed,
            )
        )
        if decision.errors:
            self._on_faults(caller.tenant_id, decision.errors)
        return Explanation(decision.allowed, by_permission, by_grant, decision)


def _touching(rules: TenantRules | None, permission: str) -> PolicyEngine | None:
    policies = None if rules is None else rules.policies
    return policies if policies is not None and policies.touches(permission) else None


def _subject(caller: Caller) -> PolicySubject:
    return PolicySubject(
        id=str(caller.id or caller.name),
        type="Service" if caller.kind == "service" else "User",
        name=caller.name,
        roles=caller.authority.roles,
        groups=caller.authority.groups,
        department=caller.authority.department,
        methods=caller.methods,
    )
