"""The HTTP edge, assembled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from weftline.api import problems
from weftline.api.context import RequestContext
from weftline.api.fast_lane import FastLane
from weftline.api.forwarding import Network
from weftline.api.guard import Guard
from weftline.api.health import health_routes
from weftline.api.pages import landing_page, reference_page
from weftline.api.tenant_path import TenantPath
from weftline.features.access.caller import Caller, almighty, console_name
from weftline.features.access.fields.rest import field_rule_routes
from weftline.features.access.http import public
from weftline.features.access.policies.rest import explain_routes, policy_routes
from weftline.features.administration import administration_routes
from weftline.features.audit.rest import audit_routes
from weftline.features.executions.rest import Executions, execution_routes
from weftline.features.http.routing import PREFIX
from weftline.features.identity.authenticator import CALLER_KEY
from weftline.features.identity.rest import identity_routes, public_key_routes
from weftline.features.mail.rest import mail_routes
from weftline.features.services import AccountOptions, Services, open_services
from weftline.features.tasks.link_rest import task_link_routes
from weftline.features.tasks.rest import task_routes
from weftline.features.workflows.rest import workflow_routes

DESCRIPTION = """\
Workflows that survive crashes, restarts and days of waiting. JSON in camelCase, UUIDv7 ids, RFC 3339 times in UTC, \
pages by cursor; every error is a problem document (RFC 9457)."""


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the API needs to know.

    Attributes:
        database_url: a PostgreSQL URL whose role may become those of ``weftline.store.roles``.
        accounts: what there is to know about accounts.
        actions: names that definitions may call; None accepts any.
        hosts: names under which the server may be called, besides loopback addresses; None for any.
        is_https_only: people reach the platform by https.
        proxies: networks of the reverse proxies in front of it.
    """

    database_url: str
    accounts: AccountOptions
    actions: Collection[str] | None = None
    hosts: Sequence[str] | None = ()
    is_https_only: bool = False
    proxies: Sequence[Network] = ()


class Application:
    """The API as an ASGI application.

    It opens its connections when it starts, and serves also while the database does not answer.

    Args:
        options: what it needs to know.
        on_start: called once everything is made and before the first request.

    Attributes:
        services: what the features offer; None until it has started.
    """

    def __init__(self, options: ApiOptions, *, on_start: Callable[[], None] | None = None) -> None:
        self._options = options
        self._on_start = on_start
        self.services: Services | None = None
        app = FastAPI(
            title="Weftline",
            version=version("weftline"),
            description=DESCRIPTION,
            openapi_url=f"{PREFIX}/openapi.json",
            docs_url=None,
            redoc_url=None,
            lifespan=self._lifespan,
            strict_content_type=False,
        )
        problems.add_problem_handlers(app)
        problems.describe_problems(app)
        self._app = app
        self._lane = FastLane(app)
        guarded = TenantPath(Guard(self._lane, options.hosts))
        self._outermost = RequestContext(guarded, is_https_only=options.is_https_only, proxies=options.proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or take part in the server's start and stop."""
        await self._outermost(scope, receive, send)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Every route, once the application has started."""
        return self._app.routes

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Services]:
        """The application without a server, started, until the context ends."""
        async with self._started(self._app, background=False) as services:
            yield services

    def acting_as(self, caller: Caller) -> ASGIApp:
        """The application for requests that this process makes itself, as a caller who need not sign in."""

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            await self({**scope, CALLER_KEY: caller}, receive, send)

        return call

    def release_waiting(self) -> None:
        """Answer at once whoever waits for an execution: the server is about to stop."""
        if self.services is not None:
            self.services.watcher.release()

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncGenerator[None]:
        async with self._started(app, background=True):
            if self._on_start is not None:
                self._on_start()
            yield

    @asynccontextmanager
    async def _started(self, app: FastAPI, *, background: bool) -> AsyncGenerator[Services]:
        options = self._options
        async with open_services(
            options.database_url, options.actions, options.accounts, background=background
        ) as services:
            app.state.gate = services.gate
            self.services = services
            _add_routes(app, self._options, services, self._lane)
            yield services


async def as_console(services: Services, tenant: str) -> Caller:
    """Whoever owns this machine, in a tenant.

    Args:
        services: the application's.
        tenant: id, slug or domain.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    tenant_id = await services.tenants.find(tenant)
    return almighty(tenant_id, "console", console_name())


def _add_routes(app: FastAPI, options: ApiOptions, services: Services, lane: FastLane) -> None:
    executions = Executions(services.starter, services.reader, services.steering, services.watcher, services.gate)
    routers = (
        *identity_routes(services.people, services.cache, services.resolver),
        *administration_routes(services.administration, services.cache),
        policy_routes(services.policies),
        field_rule_routes(services.field_rules),
        explain_routes(services.explaining),
        audit_routes(services.audit),
        mail_routes(services.mail),
        workflow_routes(services.workflows, services.gate),
        execution_routes(executions),
        task_routes(services.tasks, services.task_links),
        task_link_routes(services.task_links),
        public_key_routes(services.tokens),
        health_routes(options.database_url, services.database),
        _page_routes(app.openapi, app.version),
    )
    for router in routers:
        # not included: see ``features.http.routing``
        app.router.routes.extend(router.routes)
    lane.start = executions.admit_and_start


def _page_routes(openapi: Callable[[], dict[str, Any]], version: str) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse, dependencies=[public()])
    reference = cache(lambda: reference_page(openapi()))

    @router.get("/")
    async def landing() -> HTMLResponse:
        return HTMLResponse(landing_page(version))

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(reference())

    return router
