"""The two clients: one that blocks, one for event loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack

import httpx

from weftline.client.answer import Answer
from weftline.client.drivers import AsyncDriver, SyncDriver
from weftline.client.errors import InvalidRequest
from weftline.client.models.people import Me
from weftline.client.operations import Colour, Resource, call, iteration
from weftline.client.options import Options, open_session
from weftline.client.paging import PAGE, Listing
from weftline.client.plan import Plan
from weftline.client.request import build
from weftline.client.resources.access import Grants, Groups, Roles, ServiceAccounts
from weftline.client.resources.bulk import BulkOperations
from weftline.client.resources.executions import Executions
from weftline.client.resources.integrations import Connections, Integrations
from weftline.client.resources.library import Library
from weftline.client.resources.messages import MessageTemplates
from weftline.client.resources.people import ApiKeys, Tenants, Users
from weftline.client.resources.plugins import Plugins
from weftline.client.resources.policies import FieldRules, Policies
from weftline.client.resources.records import Audit, ExecutionStatistics
from weftline.client.resources.tasks import Tasks
from weftline.client.resources.triggers import Events, Triggers
from weftline.client.resources.variables import Variables
from weftline.client.resources.webhooks import Webhooks
from weftline.client.resources.workflows import Workflows
from weftline.client.session import Session
from weftline.client.watching import Watch


class Api(Resource[Colour]):
    """What both clients offer.

    Attributes:
        workflows, executions, bulk_operations, statistics, tasks, triggers, events, variables, message_templates,
            webhooks, users, groups, roles, grants, policies, field_rules, service_accounts, api_keys, tenants, audit,
            integrations, connections, library, plugins: calls, by what they are about.
    """

    def __init__(self, session: Session, driver: Colour) -> None:
        super().__init__(session, driver)
        self.workflows = Workflows(session, driver)
        self.executions = Executions(session, driver)
        self.tasks = Tasks(session, driver)
        self.triggers = Triggers(session, driver)
        self.events = Events(session, driver)
        self.variables = Variables(session, driver)
        self.users = Users(session, driver)
        self.tenants = Tenants(session, driver)
        self.api_keys = ApiKeys(session, driver)
        self.bulk_operations = BulkOperations(session, driver)
        self.statistics = ExecutionStatistics(session, driver)
        self.message_templates = MessageTemplates(session, driver)
        self.webhooks = Webhooks(session, driver)
        self.groups = Groups(session, driver)
        self.roles = Roles(session, driver)
        self.grants = Grants(session, driver)
        self.policies = Policies(session, driver)
        self.field_rules = FieldRules(session, driver)
        self.service_accounts = ServiceAccounts(session, driver)
        self.audit = Audit(session, driver)
        self.integrations = Integrations(session, driver)
        self.connections = Connections(session, driver)
        self.library = Library(session, driver)
        self.plugins = Plugins(session, driver)

    @call
    def me(self) -> Plan[Me]:
        """Who asks."""
        return self._read(Me, "GET", "auth", "me")

    @iteration
    def watch(
        self,
        *,
        execution: str | None = None,
        workflow: str | None = None,
        tasks: bool = False,
        kinds: Sequence[str] = (),
        after: str | int | None = None,
    ) -> Watch:
        """What happens, as it happens: of one execution, of one workflow's executions, to tasks, or of all in the
        tenant that whoever asks may see. A lost connection is made again; no update is missed, and none comes twice.

        Begin with ``with`` (``async with``) to be connected before anything else is done::

            with client.watch(workflow="greeting") as updates:
                client.executions.start("greeting", {"name": "Ada"})
                for update in updates:
                    ...

        Args:
            execution: its log, from the beginning where ``after`` says no other; ends when the execution has ended.
            workflow: only what belongs to this workflow.
            tasks: only tasks.
            kinds: only these, such as ``execution.failed``, or all of an area: ``task.*``.
            after: the ``position`` of the last update that was seen. None: from now on.

        Raises:
            InvalidRequest: more than one thing is named.
            PositionLost: what came after that position is not kept any more.
        """
        if sum((execution is not None, workflow is not None, tasks)) > 1:
            raise InvalidRequest("watch one execution, one workflow, or tasks")
        query = {"workflowId": workflow, "kinds": list(kinds)}
        if execution is not None:
            begin = "0" if after is None else str(after)
            return Watch(self._session, ("executions", execution, "live"), query, begin, ends=True)
        path = ("tasks", "live") if tasks else ("live",)
        return Watch(self._session, path, query, None if after is None else str(after), ends=False)

    @call
    def request(
        self,
        method: str,
        path: str | Sequence[object],
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        patience: float = 0.0,
    ) -> Plan[Answer]:
        """Ask what has no call of its own: any operation of the API.

        Args:
            method: of HTTP.
            path: below ``/api/v1``, encoded, as ``/statistics``; or its segments, which may hold any text, as
                ``("workflows", id)``.
            query: parameters; what is None is left out, and a list is sent item by item.
            body: JSON; None sends none.
            headers: besides the client's own. A POST that brings no ``Idempotency-Key`` gets one.
            patience: seconds that the server is asked to take, as by ``wait``.
        """
        options: dict[str, Any] = {"query": query, "body": body, "headers": headers, "patience": patience}
        return self._session.exchange(build(method, path, **options))

    @iteration
    def items(
        self,
        path: str | Sequence[object],
        *,
        query: Mapping[str, Any] | None = None,
        limit: int | None = None,
        page: int = PAGE,
    ) -> Listing[Any]:
        """The items of any list of the API, as JSON.

        Args:
            path: see :meth:`request`.
            query: filters and order.
            limit: at most so many; None for all.
            page: at most so many at a time.
        """
        return Listing(self._session, Answer.page, path, query or {}, limit, page=page)


class Client(Api[SyncDriver]):
    """Talks to a server with blocking calls; several threads may share one::

        with Client("https://weft.example.com", token="wk_…") as client:
            execution = client.executions.start("greeting", {"name": "Ada"}, wait=10)

    Args:
        url: the server's address; None: that of the variable ``WEFT_URL``.
        http: sends the requests, as it is: its base address is the API's, its headers may say who asks, and the
            environment is not asked. Whoever gives it closes it.
        options: who asks, and how; see :class:`~weftline.client.options.Options`.

    Raises:
        InvalidRequest: there is no address, or it is none.
    """

    def __init__(self, url: str | None = None, *, http: httpx.Client | None = None, **options: Unpack[Options]) -> None:
        session = open_session(url, http, options)
        self._is_own = http is None
        super().__init__(session, SyncDriver(http or httpx.Client()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._is_own:
            self.driver.http.close()


class AsyncClient(Api[AsyncDriver]):
    """Like :class:`Client`, for event loops::

        async with AsyncClient("https://weft.example.com", token="wk_…") as client:
            execution = await client.executions.start("greeting", {"name": "Ada"}, wait=10)

    Args:
        url, http, options: as there.

    Raises:
        InvalidRequest: there is no address, or it is none.
    """

    def __init__(
        self, url: str | None = None, *, http: httpx.AsyncClient | None = None, **options: Unpack[Options]
    ) -> None:
        session = open_session(url, http, options)
        self._is_own = http is None
        super().__init__(session, AsyncDriver(http or httpx.AsyncClient()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._is_own:
            await self.driver.http.aclose()
