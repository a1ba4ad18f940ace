"""Statistics over many tenants on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from weftline.features.platform.reason import ReasonQuery
from weftline.features.statistics.figures import Dimension, Report, Wanted
from weftline.features.statistics.schemas import FiguresQuery, GroupOut, PeriodStatisticsOut, running_of


class TenantGroupOut(GroupOut):
    """A group of figures, and whose they are."""

    tenant_id: UUID | None
    tenant_slug: str | None


class EveryTenantStatisticsOut(PeriodStatisticsOut):
    """What happened in a period in the tenants that an operator sees."""

    items: list[TenantGroupOut]

    @classmethod
    def of_tenants(cls, wanted: Wanted, report: Report, slugs: Mapping[UUID, str]) -> EveryTenantStatisticsOut:
        """The answer to a question.

        Args:
            wanted, report: the question, and what was found.
            slugs: of the tenants.
        """
        items: list[TenantGroupOut] = []
        for group, figures in report.groups:
            own = GroupOut.of_group(group, figures, running_of(wanted, report, group), steps=wanted.of_steps)
            slug = None if group.tenant_id is None else slugs.get(group.tenant_id)
            items.append(TenantGroupOut(**own.model_dump(), tenant_id=group.tenant_id, tenant_slug=slug))
        return cls(**PeriodStatisticsOut.of(wanted, report).model_dump(), items=items)


class EveryTenantQuery(FiguresQuery, ReasonQuery):
    """Of which tenants to give figures, and why."""

    tenant_id: Annotated[UUID | None, Field(description="Only of this tenant.")] = None
    group_by: Annotated[
        Sequence[Dimension],
        Field(description="Tell figures apart by these: `tenant`, `workflow`, `version`, `step`; `day` or `hour`."),
    ] = ()
