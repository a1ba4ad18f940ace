"""Workflows within web requests: middleware for any ASGI application, and a dependency of FastAPI."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeVar, cast

from fastapi import Depends, FastAPI, Request, Response
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from weftline.authoring import Result
from weftline.manager.context import WorkflowContext
from weftline.manager.errors import ManagerError
from weftline.manager.manager import WorkflowManager
from weftline.manager.registering import Publishable
from weftline.manager.web_answers import WorkflowFailed, failure_response, refusal_response
from weftline.manager.web_request import UnusableBody, input_of, read_body, replayed, request_info

T = TypeVar("T")

STATE_KEY = "workflow_manager"
"""Where an application keeps its manager: ``app.state.workflow_manager``."""

RESULT_KEY = "workflow_result"
"""Where the middleware puts the result: ``request.state.workflow_result``."""


@dataclass(frozen=True, slots=True)
class User:
    """On whose behalf a request is made, as the application knows them.

    Attributes:
        id, role, permissions: as the workflow's steps find them in their context.
    """

    id: str | None = None
    role: str | None = None
    permissions: tuple[str, ...] = ()


Shape = Callable[[dict[str, Any]], Any] | Callable[[dict[str, Any]], Awaitable[Any]]
"""Makes a workflow's input of a request's body; may be async, and raise :class:`WorkflowFailed`."""

Answer = Callable[[HTTPConnection], Any] | Callable[[HTTPConnection], Awaitable[Any]]
"""Tells something about a request; may be async."""


@dataclass(frozen=True, slots=True)
class RequestWorkflow:
    """How a request becomes an execution.

    Attributes:
        workflow: its id, or what was registered.
        timeout: seconds to wait for the end; the request is then answered with 202, and the execution goes on.
        tenant: tells the slug or id of the tenant that the request may act in; None: the manager's own.
        user: tells the :class:`User`; None: nobody is named.
        input: makes the input of the body, a JSON object; None: it is the body. What must not be stored, such as a
            password, is to be left out here.
        headers: names of request headers to keep, beside the usual ones.
    """

    workflow: str | Publishable
    timeout: float = 30.0
    tenant: Answer | None = None
    user: Answer | None = None
    input: Shape | None = None
    headers: Collection[str] = ()

    async def execute(self, manager: WorkflowManager, request: HTTPConnection, body: bytes) -> Result:
        """Have it executed for a request.

        Raises:
            UnusableBody, WorkflowFailed: the body is no input.
            ManagerError: it cannot be executed.
        """
        user: User | None = None if self.user is None else await _told(self.user, request)
        user = user or User()
        given = input_of(body)
        context = WorkflowContext(
            given if self.input is None else await _told(self.input, given),
            None if self.tenant is None else await _told(self.tenant, request),
            user.id,
            user.role,
            user.permissions,
            request_info(request.scope, self.headers),
        )
        key = request.headers.get("idempotency-key")
        return await manager.execute(self.workflow, context, wait=self.timeout, idempotency_key=key)


class WorkflowMiddleware:
    """Runs a workflow within each request that fits, and hands its result on to the application.

    The result is found as ``request.state.workflow_result``. Where the workflow does not succeed, the request is
    answered with a problem document (RFC 9457), and where it has not ended in time with 202.

    Args:
        app: the application.
        workflow: a workflow's id, or what was registered.
        manager: executes it; None: the application's own, see :func:`use_workflows`.
        path: of the requests; a final ``*`` stands for any ending.
        methods: of the requests.
        timeout, tenant, user, input, headers: see :class:`RequestWorkflow`.
        pass_failures: hand failures on to the application, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        workflow: str | Publishable,
        *,
        manager: WorkflowManager | None = None,
        path: str,
        methods: Collection[str] = ("POST",),
        timeout: float = 30.0,
        tenant: Answer | None = None,
        user: Answer | None = None,
        input: Shape | None = None,
        headers: Collection[str] = (),
        pass_failures: bool = False,
    ) -> None:
        self._app = app
        self._manager = manager
        self._path = path
        self._methods = frozenset(methods)
        self._workflow = RequestWorkflow(workflow, timeout, tenant, user, input, headers)
        self._pass_failures = pass_failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] not in self._methods or not self._fits(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await read_body(request)
            result = await self._result(request, body)
        except (UnusableBody, ManagerError) as error:
            await refusal_response(scope["path"], error)(scope, receive, send)
            return
        if not result.success and not self._pass_failures:
            await failure_response(scope["path"], result)(scope, receive, send)
            return
        scope.setdefault("state", {})[RESULT_KEY] = result
        await self._app(scope, replayed(body, receive), send)

    async def _result(self, request: Request, body: bytes) -> Result:
        try:
            return await self._workflow.execute(self._manager or manager_of(request), request, body)
        except WorkflowFailed as failed:
            return failed.result

    def _fits(self, path: str) -> bool:
        return path.startswith(self._path[:-1]) if self._path.endswith("*") else path == self._path


def run_workflow(
    workflow: str | Publishable,
    *,
    manager: WorkflowManager | None = None,
    timeout: float = 30.0,
    tenant: Answer | None = None,
    user: Answer | None = None,
    input: Shape | None = None,
    headers: Collection[str] = (),
    pass_failures: bool = False,
) -> Any:
    """A dependency of FastAPI: has a workflow executed with the request's JSON body, and gives its
    :class:`~weftline.authoring.Result`.

    The response gets the result's status code. Where the workflow does not succeed, the request is answered with a
    problem document (RFC 9457), and where it has not ended in time with 202; see :func:`use_workflows`.

    Args:
        workflow: a workflow's id, or what was registered.
        manager: executes it; None: the application's own.
        timeout, tenant, user, input, headers: see :class:`RequestWorkflow`.
        pass_failures: give the result of a failure, too.
    """
    wanted = RequestWorkflow(workflow, timeout, tenant, user, input, headers)

    async def run(request: Request, response: Response) -> Result:
        body = await read_body(request)
        result = await wanted.execute(manager or manager_of(request), request, body)
        if not result.success and not pass_failures:
            raise WorkflowFailed(result)
        response.status_code = result.http_status
        return result

    return Depends(run)


def use_workflows(app: FastAPI, manager: WorkflowManager, *workflows: Publishable) -> None:
    """Let an application of FastAPI run workflows: the manager starts and stops with it, and what workflows come to is
    answered as it should.

    Args:
        app: before it has started.
        manager: not started yet.
        workflows: registered at the start.
    """
    app.state.workflow_manager = manager
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[Any]:
        async with manager:
            for workflow in workflows:
                await manager.register(workflow)
            async with inner(app) as state:
                yield state

    app.router.lifespan_context = cast("Any", lifespan)

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, WorkflowFailed):
            return failure_response(request.url.path, error.result)
        return refusal_response(request.url.path, cast("UnusableBody | ManagerError", error))

    for kind in (WorkflowFailed, UnusableBody, ManagerError):
        app.add_exception_handler(kind, answer)


def manager_of(request: HTTPConnection) -> WorkflowManager:
    """The manager of the application that answers a request.

    Raises:
        ManagerError: it has none.
    """
    found = getattr(request.app.state, STATE_KEY, None) if "app" in request.scope else None
    if found is None:
        raise ManagerError("the application has no workflow manager: call use_workflows(app, manager)")
    return found


async def _told(answer: Callable[[T], Any], about: T) -> Any:
    value = answer(about)
    return await value if isawaitable(value) else value
