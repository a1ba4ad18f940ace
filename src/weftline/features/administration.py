"""Tenants, their members and what those may do: the services and the routes of administration, put together."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from weftline.features.access.cache import AccessCache
from weftline.features.access.gate import Gate
from weftline.features.access.grants.rest import grant_routes
from weftline.features.access.grants.service import GrantService
from weftline.features.access.grants.workflow_permissions import WorkflowPermissionService
from weftline.features.access.roles.rest import role_routes
from weftline.features.access.roles.service import RoleService
from weftline.features.database import Database
from weftline.features.identity.people import People
from weftline.features.identity.rest.answers import Handover
from weftline.features.keys.rest import api_key_routes
from weftline.features.keys.service import KeyService
from weftline.features.keys.service_accounts.rest import service_account_routes
from weftline.features.keys.service_accounts.service import ServiceAccountService
from weftline.features.members.groups.rest import group_routes
from weftline.features.members.groups.service import GroupService
from weftline.features.members.joining import Joining
from weftline.features.members.rest import member_routes
from weftline.features.members.service import MemberService
from weftline.features.platform.operators.rest import operator_routes
from weftline.features.platform.operators.service import OperatorService
from weftline.features.platform.overview.rest import overview_routes
from weftline.features.platform.overview.service import Overview
from weftline.features.platform.people.rest import people_routes
from weftline.features.platform.people.service import PeopleService
from weftline.features.platform.settings.rest import settings_routes
from weftline.features.platform.settings.service import SettingsService
from weftline.features.platform.statistics.rest import every_tenant_statistics_routes
from weftline.features.platform.statistics.service import EveryTenantStatistics
from weftline.features.platform.visits.rest import visit_routes
from weftline.features.platform.visits.service import Visits
from weftline.features.tenancy.admission import Admission
from weftline.features.tenancy.founding import Founding
from weftline.features.tenancy.lifecycle import Lifecycle
from weftline.features.tenancy.limits import TenantLimits
from weftline.features.tenancy.rest import tenant_routes
from weftline.features.tenancy.service import TenantService


@dataclass(frozen=True, slots=True)
class Administration:
    """The services of administration."""

    admission: Admission
    tenants: TenantService
    founding: Founding
    lifecycle: Lifecycle
    members: MemberService
    groups: GroupService
    roles: RoleService
    grants: GrantService
    workflow_permissions: WorkflowPermissionService
    keys: KeyService
    service_accounts: ServiceAccountService
    operators: OperatorService
    overview: Overview
    statistics: EveryTenantStatistics
    settings: SettingsService
    visits: Visits
    everybody: PeopleService


@dataclass(frozen=True, slots=True)
class Databases:
    """The database under each role that administration needs.

    Attributes:
        tenants: one tenant at a time.
        identity: makes accounts and memberships.
        operators: sees every tenant.
    """

    tenants: Database
    identity: Database
    operators: Database


def assemble(
    databases: Databases, cache: AccessCache, gate: Gate, people: People, limits: TenantLimits
) -> Administration:
    """Put the services together.

    Args:
        databases: under each role.
        cache: what people may do; it reads through connections of its own.
        gate: decides.
        people: accounts.
        limits: of tenants.
    """
    database = databases.tenants
    admission = Admission(databases.identity, cache, gate)
    joining = Joining(people.passwords, people.policy, people.invitations)
    return Administration(
        admission=admission,
        tenants=TenantService(database, databases.operators, databases.identity, cache, admission),
        founding=Founding(databases.identity, cache, joining),
        lifecycle=Lifecycle(databases.operators, cache),
        members=MemberService(database, databases.identity, cache, joining, limits),
        groups=GroupService(database, cache),
        roles=RoleService(database, cache),
        grants=GrantService(database, cache),
        workflow_permissions=WorkflowPermissionService(database, cache),
        keys=KeyService(database, cache),
        service_accounts=ServiceAccountService(database, cache),
        operators=OperatorService(databases.operators, cache),
        overview=Overview(databases.operators, cache),
        statistics=EveryTenantStatistics(databases.operators, cache),
        settings=SettingsService(databases.operators, cache),
        visits=Visits(databases.identity, cache, people.sessions),
        everybody=PeopleService(databases.identity, cache, people.sessions),
    )


def administration_routes(services: Administration, handover: Handover) -> list[APIRouter]:
    """The routes of administration."""
    return [
        tenant_routes(services.tenants, services.founding, services.lifecycle),
        member_routes(services.members, services.admission),
        group_routes(services.groups),
        role_routes(services.roles),
        grant_routes(services.grants, services.workflow_permissions),
        api_key_routes(services.keys),
        service_account_routes(services.service_accounts),
        operator_routes(services.operators),
        overview_routes(services.overview),
        every_tenant_statistics_routes(services.statistics),
        settings_routes(services.settings),
        visit_routes(services.visits, handover),
        people_routes(services.everybody),
    ]
