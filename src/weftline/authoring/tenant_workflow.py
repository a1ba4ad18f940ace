"""Workflows for one tenant, and for several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from weftline.authoring.workflow import Workflow, WorkflowType


class TenantWorkflow(Workflow):
    """A workflow that concerns one tenant; name the only ones that may run it in ``allowed_tenants``."""

    tenant_specific = True


class CrossTenantWorkflow(Workflow):
    """A workflow that may be run in several tenants at once, one execution in each."""

    tenant_specific = False
    cross_tenant_allowed = True


class WorkflowFactory:
    """Makes variants of workflows for tenants."""

    @staticmethod
    def create_tenant_workflow(base: type[Workflow], tenant: str) -> type[Workflow]:
        """``base`` for one tenant alone, as workflow ``<tenant>_<id>``.

        Args:
            base: a workflow.
            tenant: its slug.
        """
        members = {"tenant_specific": True, "cross_tenant_allowed": False, "allowed_tenants": (tenant,)}
        return _variant(base, f"{tenant}_{base.id}", members)

    @staticmethod
    def create_cross_tenant_workflow(base: type[Workflow], allowed_tenants: Sequence[str]) -> type[Workflow]:
        """``base`` for several tenants at once, as workflow ``cross-tenant_<id>``.

        Args:
            base: a workflow.
            allowed_tenants: their slugs.
        """
        members = {"tenant_specific": False, "cross_tenant_allowed": True, "allowed_tenants": tuple(allowed_tenants)}
        return _variant(base, f"cross-tenant_{base.id}", members)


def _variant(base: type[Workflow], id: str, members: Mapping[str, Any]) -> type[Workflow]:
    namespace = {**members, "id": id, "__doc__": base.__doc__, "__module__": base.__module__}
    return cast("type[Workflow]", WorkflowType(f"{base.__name__}[{id}]", (base,), namespace))
