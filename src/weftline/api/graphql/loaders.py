"""What is loaded for many fields at once: one statement for all that ask for the same within an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from weftline.features.access.fields.masking import FieldMask
from weftline.features.access.policies.request import Resource
from weftline.features.errors import DomainError
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.many.reader import Window
from weftline.features.executions.models import Execution
from weftline.features.executions.permissions import READ
from weftline.features.executions.rest import resource_of
from weftline.features.executions.schemas import UNKNOWN_STEP, EventOut, ExecutionDetail, ExecutionSummary, StepOut
from weftline.features.http.paging import Page, encode_cursor
from weftline.features.integrations.schemas import IntegrationDetail
from weftline.features.tenancy.schemas import TenantOut
from weftline.features.workflows.errors import VersionNotFound
from weftline.features.workflows.models import WorkflowTemplate
from weftline.features.workflows.permissions import READ as READ_TEMPLATES
from weftline.features.workflows.repository import ORDER
from weftline.features.workflows.schemas import VersionDetail, VersionSummary, WorkflowSummary
from weftline.model.status import ExecutionStatus, TemplateStatus

if TYPE_CHECKING:
    from weftline.api.graphql.context import Operation

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Loading = Callable[[list[K]], Awaitable[Mapping[K, V]]]


class TemplateView(WorkflowSummary):
    """A template with what tells its state."""

    etag: int


class Newest(NamedTuple):
    """The newest executions of a workflow.

    Attributes:
        workflow_id: whose.
        statuses: only at one of these; empty for any.
        before: only those older than this one.
        limit: at most so many.
    """

    workflow_id: str
    statuses: tuple[ExecutionStatus, ...]
    before: UUID | None
    limit: int


class VersionsOf(NamedTuple):
    """Versions of a workflow.

    Attributes:
        workflow_id: whose.
        before: only those below this number.
        limit: at most so many.
    """

    workflow_id: str
    before: int | None
    limit: int


class StepsOf(NamedTuple):
    """Steps of an execution, which runs a version of a workflow."""

    window: Window
    workflow_id: str
    version_number: int


class EventsOf(NamedTuple):
    """Events of an execution of a workflow."""

    window: Window
    workflow_id: str


class Loaders:
    """Loads for all fields of one operation.

    Args:
        operation: whose.

    Attributes:
        tenant: tenants by their ids.
        template: templates by their ids; None where there is none that the caller may see.
        versions: of templates, page by page.
        version: versions with their definitions, by template and number.
        newest: executions of workflows, page by page.
        detail: executions as they are now, by their ids.
        steps, events: of executions, page by page.
        integration: integrations by their names; None where there is none.
    """

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._services = operation.services
        self._caller = operation.caller
        self.tenant: DataLoader[UUID, TenantOut] = _loader(self._tenants)
        self.versions: DataLoader[VersionsOf, Page[VersionSummary]] = _loader(self._versions)
        self.version: DataLoader[tuple[str, int], VersionDetail] = _loader(self._version, _no_version)
        self.template: DataLoader[str, TemplateView | None] = _loader(self._templates, _nothing)
        self.newest: DataLoader[Newest, Page[ExecutionSummary]] = _loader(self._newest)
        self.detail: DataLoader[UUID, ExecutionDetail] = _loader(self._details, _no_execution)
        self.steps: DataLoader[StepsOf, Page[StepOut]] = _loader(self._steps, _no_execution)
        self.events: DataLoader[EventsOf, Page[EventOut]] = _loader(self._events)
        self.integration: DataLoader[str, IntegrationDetail | None] = _loader(self._integrations, _nothing)

    async def _tenants(self, ids: list[UUID]) -> Mapping[UUID, TenantOut]:
        # nobody sees more than the one that they are signed in to
        found = [await self._services.tenants.get(self._caller, str(id), None) for id in ids]
        return {tenant.id: TenantOut.model_validate(tenant) for tenant in found}

    async def _templates(self, ids: list[str]) -> Mapping[str, TemplateView]:
        found = await self._services.workflows.list(
            self._caller.tenant_id, ORDER.window(limit=len(ids)), statuses=list(TemplateStatus), ids=ids
        )
        shown = await self._services.gate.visible(self._caller, READ_TEMPLATES, found, resource_of_template)
        return {template.id: TemplateView.model_validate(template) for template in shown}

    async def _versions(self, wanted: list[VersionsOf]) -> Mapping[VersionsOf, Page[VersionSummary]]:
        pages: dict[VersionsOf, Page[VersionSummary]] = {}
        for alike in _groups(wanted, lambda each: each[1:]):
            _, before, limit = alike[0]
            found = await self._services.many_workflows.versions_of_each(
                self._caller.tenant_id, [each.workflow_id for each in alike], before=before, limit=limit + 1
            )
            for each in alike:
                rows = found[each.workflow_id]
                items = [VersionSummary.model_validate(row) for row in rows[:limit]]
                end = encode_cursor([str(items[-1].version_number)]) if len(rows) > len(items) else None
                pages[each] = Page(items=items, next_cursor=end)
        return pages

    async def _version(self, wanted: list[tuple[str, int]]) -> Mapping[tuple[str, int], VersionDetail]:
        found = await self._services.many_workflows.versions(self._caller.tenant_id, wanted)
        return {(row.template_id, row.version_number): VersionDetail.model_validate(row) for row in found}

    async def _newest(self, wanted: list[Newest]) -> Mapping[Newest, Page[ExecutionSummary]]:
        gate = self._services.gate
        with_input = not self._caller.can(READ) or await gate.looks_at_each(self._caller, READ)
        allowed = await gate.workflows(self._caller, READ)
        pages: dict[Newest, Page[ExecutionSummary]] = {}
        for alike in _groups(wanted, lambda each: each[1:]):
            _, statuses, before, limit = alike[0]
            ids = [each.workflow_id for each in alike if allowed is None or each.workflow_id in allowed]
            found = await self._services.many.newest_of_each(
                self._caller.tenant_id, ids, statuses=statuses, before=before, limit=limit + 1, with_input=with_input
            )
            for each in alike:
                pages[each] = await self._page(found.get(each.workflow_id, []), limit)
        return pages

    async def _page(self, rows: Sequence[Execution], limit: int) -> Page[ExecutionSummary]:
        page = rows[:limit]
        shown = await self._services.gate.visible(self._caller, READ, page, resource_of)
        self._operation.sees(row.id for row in shown)
        masks = await self._masks(row.workflow_id for row in shown)
        items = [ExecutionSummary.of_row(row, masks[row.workflow_id]) for row in shown]
        return Page(items=items, next_cursor=encode_cursor([str(page[-1].id)]) if len(rows) > limit else None)

    async def _details(self, ids: list[UUID]) -> Mapping[UUID, ExecutionDetail]:
        found = await self._services.many.snapshots(self._caller.tenant_id, ids)
        masks = await self._masks(snapshot.row.workflow_id for snapshot in found.values())
        return {id: ExecutionDetail.of(snapshot, masks[snapshot.row.workflow_id]) for id, snapshot in found.items()}

    async def _steps(self, wanted: list[StepsOf]) -> Mapping[StepsOf, Page[StepOut]]:
        versions = {each.window.execution_id: (each.workflow_id, each.version_number) for each in wanted}
        found = await self._services.many.steps(self._caller.tenant_id, [each.window for each in wanted], versions)
        masks = await self._masks(each.workflow_id for each in wanted)
        pages: dict[StepsOf, Page[StepOut]] = {}
        for each in wanted:
            if (page := found.get(each.window)) is None:
                continue
            mask, headings = masks[each.workflow_id], page.version.steps
            items = [StepOut.of(step, headings.get(step.node, UNKNOWN_STEP), mask) for step in page.steps]
            end = encode_cursor([str(each.window.after + len(items))]) if page.has_more else None
            pages[each] = Page(items=items, next_cursor=end)
        return pages

    async def _events(self, wanted: list[EventsOf]) -> Mapping[EventsOf, Page[EventOut]]:
        more = [each.window._replace(limit=each.window.limit + 1) for each in wanted]
        found = await self._services.many.events(self._caller.tenant_id, more)
        masks = await self._masks(each.workflow_id for each in wanted)
        pages: dict[EventsOf, Page[EventOut]] = {}
        for each, window in zip(wanted, more, strict=True):
            mask, events = masks[each.workflow_id], found[window]
            items = [EventOut.of(event, mask) for event in events[: each.window.limit]]
            end = encode_cursor([str(items[-1].seq)]) if len(events) > len(items) else None
            pages[each] = Page(items=items, next_cursor=end)
        return pages

    async def _integrations(self, names: list[str]) -> Mapping[str, IntegrationDetail]:
        found, connected = await self._services.integrations.list(self._caller)
        wanted = [each for each in found if each.name in names]
        return {each.name: IntegrationDetail.whole(each, connected.get(each.name, [])) for each in wanted}

    async def _masks(self, workflow_ids: Iterable[str]) -> Mapping[str, FieldMask | None]:
        """What the caller must not see of each workflow's data."""
        return {id: await self._operation.mask(id) for id in set(workflow_ids)}


def resource_of_template(template: WorkflowTemplate) -> Resource:
    """What policies may ask about a template."""
    return Resource(type="Workflow", id=template.id, workflow_id=template.id)


def _loader(load: Loading[K, V], missing: Callable[[K], V | DomainError] | None = None) -> DataLoader[K, V]:
    """A loader of what ``load`` finds; ``missing`` makes what stands in place of what it does not find."""

    async def load_all(keys: list[K]) -> Sequence[V | BaseException]:
        found = await load(keys)
        return [found[key] if missing is None or key in found else missing(key) for key in keys]

    return DataLoader(load_fn=load_all)


def _nothing(_: object) -> None:
    return None


def _no_execution(_: object) -> ExecutionNotFound:
    return ExecutionNotFound()


def _no_version(key: tuple[str, int]) -> VersionNotFound:
    return VersionNotFound(*key)


def _groups(items: Iterable[V], key: Callable[[V], Hashable]) -> Iterable[list[V]]:
    groups: dict[Hashable, list[V]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups.values()
