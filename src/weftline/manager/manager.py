"""Registers workflows, has them executed, and tells how they do: in any Python program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from weftline.authoring import Result
from weftline.manager.client import TenantClient
from weftline.manager.context import WorkflowContext
from weftline.manager.errors import ManagerError, NotStarted, Refused, TenantNotAllowed
from weftline.manager.platform import Platform, at_server, in_this_process
from weftline.manager.registering import UNPROCESSABLE, Publishable, bound, check_tenant, class_of, id_of, publish
from weftline.manager.results import WorkflowExecution, refusal_of, result_of
from weftline.manager.statistics import WorkflowStatistics
from weftline.model.status import ExecutionStatus
from weftline.settings import Settings

MAX_WAIT = 60.0
"""Seconds that one request may wait for an execution's end."""

LOOK_INTERVAL = 0.25
"""Seconds between looks at an execution that takes longer."""

BEGINNING = "1970-01-01T00:00:00Z"

Input = Mapping[str, Any] | WorkflowContext


class WorkflowManager:
    """Workflows in a program of yours::

        async with WorkflowManager() as manager:
            await manager.register(UserRegistration)
            result = await manager.execute("user-registration", {"email": "ada@example.com"})

    Within its ``async with`` it either is the platform, with its database (the embedded server, where none is named)
    and a worker, or it talks to a server.

    Args:
        database_url: the database to use instead of the embedded server; it is brought up to date.
        home: where the embedded server and everything else is kept.
        url: address of a server to talk to instead.
        api_key: says who asks there.
        tenant: slug or id of the tenant to work in where none is named.
        worker: run executions in this process, too.
        settings: any other of the platform's settings, by name.

    Raises:
        ValueError: ``url`` and ``api_key`` go together, and with no database.
    """

    def __init__(
        self,
        *,
        database_url: str | None = None,
        home: Path | str | None = None,
        url: str | None = None,
        api_key: str | None = None,
        tenant: str = "default",
        worker: bool = True,
        **settings: Any,
    ) -> None:
        if (url is None) != (api_key is None):
            raise ValueError("a server's `url` and an `api_key` go together")
        given: dict[str, Any] = {"database_url": database_url, "home": home, **settings}
        if url is not None and any(value is not None for value in given.values()):
            raise ValueError("a manager that talks to a server has no database and no settings")
        self._server = None if url is None or api_key is None else (url, api_key)
        self._settings = {name: value for name, value in given.items() if value is not None}
        self._tenant = tenant
        self._worker = worker
        self._stack = AsyncExitStack()
        self._platform: Platform | None = None
        self._clients: dict[str, TenantClient] = {}
        self._entering = asyncio.Lock()

    # --- life --------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start.

        Raises:
            EmbeddedServerError, StoreError: the database cannot be used.
        """
        platform = (
            in_this_process(Settings(**self._settings), worker=self._worker)
            if self._server is None
            else at_server(*self._server)
        )
        self._platform = await self._stack.enter_async_context(platform)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish or hand back what runs here, and close everything."""
        self._platform = None
        self._clients.clear()
        await self._stack.aclose()

    @property
    def database_url(self) -> str:
        """URL of the platform's database, for tables of one's own: steps can write to them in the transaction that
        stores their results.

        Raises:
            NotStarted: it is not started.
            ManagerError: the manager talks to a server.
        """
        url = self._started().database_url
        if url is None:
            raise ManagerError("the database is the server's, and out of reach")
        return url

    def _started(self) -> Platform:
        if self._platform is None:
            raise NotStarted
        return self._platform

    # --- workflows ---------------------------------------------------------------------------------------------------

    async def register(self, workflow: Publishable, *, tenants: Sequence[str] | None = None) -> dict[str, int]:
        """Make a workflow in code the published version in its tenants. Nothing happens where it is that already.

        Args:
            workflow: a class of workflows; an object of one, which then carries out its steps; or anything else with a
                ``definition()``.
            tenants: slugs or ids; None: those that the class allows, else the manager's own.

        Returns:
            The version's number in each tenant.

        Raises:
            TenantNotAllowed: the class is not for one of them.
            Refused: the definition is not valid, or may not be published.
        """
        subject = bound(workflow)
        cls = class_of(subject)
        wanted = tenants or (cls.allowed_tenants if cls is not None else ()) or (self._tenant,)
        for tenant in wanted:
            check_tenant(subject, tenant)
        document = subject.definition()
        return {tenant: await publish(await self._client(tenant), document) for tenant in wanted}

    # --- executions --------------------------------------------------------------------------------------------------

    async def execute(
        self,
        workflow: str | Publishable,
        context: Input | None = None,
        *,
        tenant: str | None = None,
        wait: float = MAX_WAIT,
        idempotency_key: str | None = None,
        tags: Sequence[str] = (),
        priority: int | None = None,
    ) -> Result:
        """Have a workflow executed. The execution is durable: it goes on, whatever becomes of this process.

        Args:
            workflow: its id, or what was registered.
            context: the input, or the input and whom it runs for.
            tenant: slug or id; None: that of the context, else the manager's own.
            wait: seconds to wait for the end; 0 returns at once.
            idempotency_key: a second start under the same key finds the first.
            tags, priority: as at the API.

        Returns:
            What it came to. Where it has not ended by then, a result without success whose status is not final and
            whose error is ``still_running``; where the input does not satisfy the workflow's schema, one whose errors
            say why.

        Raises:
            TenantNotAllowed: the workflow is not for this tenant.
            Refused: it cannot be started.
            Unreachable: the server does not answer.
        """
        asked = context if isinstance(context, WorkflowContext) else WorkflowContext(context or {})
        chosen = tenant or asked.tenant or self._tenant
        body = {"input": dict(asked.data), "idempotencyKey": idempotency_key, "tags": list(tags), "priority": priority}
        return await self._run(workflow, chosen, {**body, "context": asked.to_json()}, wait)

    async def execute_across(
        self,
        workflow: str | Publishable,
        context: Input | None = None,
        *,
        tenants: Collection[str] | None = None,
        wait: float = MAX_WAIT,
    ) -> dict[str, Result]:
        """Have a workflow executed in several tenants at once: one execution in each, which sees that tenant's data.

        Args:
            workflow: as above; its class must say ``cross_tenant_allowed``.
            context: the input for all of them, and whom they run for.
            tenants: slugs or ids; None: all that the class allows.
            wait: seconds to wait for the end.

        Returns:
            What each came to, by tenant. Where it cannot be started in a tenant, that is its result.

        Raises:
            TenantNotAllowed: the workflow is not for several tenants, or not for one of these; none was started.
        """
        cls, name = class_of(workflow), id_of(workflow)
        if cls is None or not cls.cross_tenant_allowed:
            raise TenantNotAllowed(name, "", f"workflow '{name}' is not for several tenants at once")
        wanted = list(dict.fromkeys(tenants or cls.allowed_tenants))
        if not wanted:
            raise TenantNotAllowed(name, "", f"workflow '{name}' names no tenants: say in which to execute it")
        for tenant in wanted:
            check_tenant(workflow, tenant)
        asked = context if isinstance(context, WorkflowContext) else WorkflowContext(context or {})
        body = {"input": dict(asked.data), "context": asked.to_json(cross_tenant=True)}

        async def run(tenant: str) -> Result:
            try:
                return await self._run(workflow, tenant, body, wait)
            except Refused as refused:
                return refusal_of(name, refused)

        return dict(zip(wanted, await asyncio.gather(*map(run, wanted)), strict=True))

    async def status(self, execution_id: UUID | str, *, tenant: str | None = None) -> WorkflowExecution:
        """An execution as it is now.

        Raises:
            Refused: there is none of this id.
        """
        chosen = tenant or self._tenant
        return WorkflowExecution.from_json(chosen, await self._show(chosen, execution_id))

    async def result(self, execution_id: UUID | str, *, tenant: str | None = None, wait: float = 0.0) -> Result:
        """What an execution has come to, once it has ended or ``wait`` seconds are over.

        Raises:
            Refused: there is none of this id.
        """
        chosen = tenant or self._tenant
        return await self._await_end(chosen, await self._show(chosen, execution_id), time.monotonic() + wait)

    async def executions(
        self,
        tenant: str | None = None,
        *,
        workflow: str | Publishable | None = None,
        status: ExecutionStatus | None = None,
        limit: int = 50,
    ) -> list[WorkflowExecution]:
        """Executions of a tenant, the newest first.

        Args:
            tenant: slug or id; None: the manager's own.
            workflow: only of this one.
            status: only these.
            limit: at most so many, up to 200.
        """
        chosen = tenant or self._tenant
        query = {
            "workflowId": None if workflow is None else id_of(workflow),
            "status": None if status is None else status.value,
            "limit": limit,
        }
        page = await (await self._client(chosen)).ask("GET", "executions", query=query)
        return [WorkflowExecution.from_json(chosen, shown) for shown in page["items"]]

    async def statistics(
        self, tenant: str | None = None, *, workflow: str | Publishable | None = None
    ) -> WorkflowStatistics:
        """How a tenant's executions have done so far: all of them, or those of one workflow."""
        client = await self._client(tenant or self._tenant)
        if workflow is None:
            found = await client.ask("GET", "statistics", query={"from": BEGINNING})
            return WorkflowStatistics.from_json(found["total"], found["running"])
        found = await client.ask("GET", "workflows", id_of(workflow), "statistics")
        return WorkflowStatistics.from_json(found["figures"], found["running"])

    # --- within ------------------------------------------------------------------------------------------------------

    async def _run(self, workflow: str | Publishable, tenant: str, body: Mapping[str, Any], wait: float) -> Result:
        check_tenant(workflow, tenant)
        name = id_of(workflow)
        client = await self._client(tenant)
        deadline = time.monotonic() + wait
        given = {key: value for key, value in body.items() if value not in (None, [], {})}
        query = {"wait": f"{min(wait, MAX_WAIT):g}"} if wait else None
        try:
            shown = await client.ask("POST", "workflows", name, "executions", query=query, body=given)
        except Refused as refused:
            if refused.status != UNPROCESSABLE:
                raise
            return refusal_of(name, refused)
        return await self._await_end(tenant, shown, deadline)

    async def _await_end(self, tenant: str, shown: Mapping[str, Any], deadline: float) -> Result:
        while not ExecutionStatus(shown["status"]).is_terminal and time.monotonic() < deadline:
            await asyncio.sleep(min(LOOK_INTERVAL, max(0.0, deadline - time.monotonic())))
            shown = await self._show(tenant, shown["id"])
        return replace(result_of(shown), tenant_id=tenant)

    async def _show(self, tenant: str, execution_id: UUID | str) -> Mapping[str, Any]:
        return await (await self._client(tenant)).ask("GET", "executions", execution_id)

    async def _client(self, tenant: str) -> TenantClient:
        enter = self._started().enter
        async with self._entering:
            if tenant not in self._clients:
                self._clients[tenant] = await enter(tenant)
            return self._clients[tenant]
