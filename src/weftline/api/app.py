"""The HTTP edge, assembled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from weftline.api import problems
from weftline.api.context import RequestContext
from weftline.api.cors import Cors
from weftline.api.document import DESCRIPTION, TITLE, api_document
from weftline.api.fast_lane import FastLane
from weftline.api.forwarding import Network
from weftline.api.graphql.endpoint import graphql_routes
from weftline.api.graphql.options import GraphQLOptions
from weftline.api.guard import Guard
from weftline.api.health import health_routes
from weftline.api.idempotency import Idempotency, add_replays
from weftline.api.late import serving
from weftline.api.rate_limit import RateLimit
from weftline.api.route_index import RouteIndex
from weftline.api.routes import feature_routers
from weftline.api.site import site_routes
from weftline.api.tenant_path import TenantPath
from weftline.api.time_limit import TimeLimit
from weftline.api.web_app import WebApp
from weftline.features.access.caller import Caller, almighty, console_name
from weftline.features.http.routing import PREFIX
from weftline.features.identity.authenticator import CALLER_KEY
from weftline.features.library.entitlements import Entitlements
from weftline.features.rates.limiter import RateLimiter, Rates
from weftline.features.services import AccountOptions, Services, open_services
from weftline.plugins.running import RunningPlugins


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
        origins: of other sites whose pages may call; ``*`` for any.
        rates: how often anybody may ask.
        request_seconds: until an answer must begin.
        body_seconds: until the body of a request must have come in.
        redis_url: where servers of one platform share what they count; None: each counts for itself.
        graphql: how GraphQL is answered.
        plugins: those of this process; None: there are none.
        entitlements: knows who may install premium templates; None: everybody may.
        web_app: what people see who open the server's address; None: a page that says where to begin.
    """

    database_url: str
    accounts: AccountOptions
    actions: Collection[str] | None = None
    hosts: Sequence[str] | None = ()
    is_https_only: bool = False
    proxies: Sequence[Network] = ()
    origins: Sequence[str] = ()
    rates: Rates = field(default_factory=Rates)
    request_seconds: float = 60.0
    body_seconds: float = 30.0
    redis_url: str | None = None
    graphql: GraphQLOptions = field(default_factory=GraphQLOptions)
    web_app: WebApp | None = None
    plugins: RunningPlugins | None = None
    entitlements: Entitlements | None = None


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
            title=TITLE,
            version=version("weftline"),
            description=DESCRIPTION,
            openapi_url=f"{PREFIX}/openapi.json",
            docs_url=None,
            redoc_url=None,
            lifespan=self._lifespan,
            strict_content_type=False,
        )
        problems.add_problem_handlers(app)
        app.openapi = api_document
        app.state.is_stopping = False
        self._app = app
        add_replays(app)
        self._lane = FastLane(app)
        self._idempotency = Idempotency(self._lane)
        self._limiter = RateLimiter(options.rates)
        timed = TimeLimit(
            RateLimit(self._idempotency, self._limiter),
            seconds=options.request_seconds,
            body_seconds=options.body_seconds,
        )
        guarded = Guard(timed, options.hosts, options.origins)
        open_to_others = Cors(guarded, options.origins) if options.origins else guarded
        self._outermost = RequestContext(
            TenantPath(open_to_others), is_https_only=options.is_https_only, proxies=options.proxies
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or take part in the server's start and stop."""
        if self.services is None:
            await self._outermost(scope, receive, send)
            return
        with serving(self.services):
            await self._outermost(scope, receive, send)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Every route, once the application has started."""
        return self._app.routes

    @asynccontextmanager
    async def running(self, *, background: bool = False) -> AsyncGenerator[Services]:
        """The application without a server, started, until the context ends.

        Args:
            background: do what is not asked for by a request, too.
        """
        async with self._started(self._app, background=background) as services:
            yield services

    def acting_as(self, caller: Caller) -> ASGIApp:
        """The application for requests that this process makes itself, as a caller who need not sign in."""

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            await self({**scope, CALLER_KEY: caller}, receive, send)

        return call

    def begin_stop(self) -> None:
        """The server is about to stop: it is not ready any more, and whoever waits is answered at once."""
        self._app.state.is_stopping = True
        if self.services is not None:
            self.services.watcher.release()
            self.services.jobs.release()
            self.services.live.release()

    async def farewell(self) -> None:
        """Wait until those who follow live have been told that the server stops."""
        if self.services is not None:
            await self.services.live.deserted()

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncGenerator[None]:
        async with self._started(app, background=True):
            if self._on_start is not None:
                self._on_start()
            yield

    @asynccontextmanager
    async def _started(self, app: FastAPI, *, background: bool) -> AsyncGenerator[Services]:
        options = self._options
        async with AsyncExitStack() as stack:
            if options.redis_url is not None and background:
                # imported where it is wanted: the driver is large
                from weftline.features.rates.sharing import Sharing

                sharing = Sharing(self._limiter.counters, options.redis_url)
                stack.push_async_callback(sharing.close)
                sharing.start()
            services = await stack.enter_async_context(
                open_services(
                    options.database_url,
                    options.actions,
                    options.accounts,
                    background=background,
                    limiter=self._limiter,
                    redis=options.redis_url,
                    plugins=options.plugins,
                    entitlements=options.entitlements,
                )
            )
            app.state.gate = services.gate
            self._idempotency.keys = services.idempotency
            self.services = services
            for router in (*feature_routers(), *_own_routers(app, options, services)):
                # not included: see ``features.http.routing``
                app.router.routes.extend(router.routes)
            if options.web_app is not None:
                app.router.routes.extend(options.web_app.routes(app.router.routes))
            self._lane.routes = app.router.middleware_stack = RouteIndex(app.router)
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


def _own_routers(app: FastAPI, options: ApiOptions, services: Services) -> Sequence[APIRouter]:
    """What each application needs routes of its own for."""
    return (
        health_routes(options.database_url, services.database, lambda: app.state.is_stopping),
        site_routes(app.version, has_web_app=options.web_app is not None),
        graphql_routes(services, options.graphql),
    )
