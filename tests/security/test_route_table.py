"""Every route says who may use it."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.routing import RouteContext

from tests.api.client import Client, problem
from tests.security.routes import declared, every_route, filled
from weftline.api.app import Application
from weftline.features.access.permissions import CATALOGUE, PLATFORM_CATALOGUE

PUBLIC = {
    "GET /",
    "GET /api",
    "GET /docs",
    "GET /errors",
    "GET /errors/{code}",
    "GET /health/live",
    "GET /health/ready",
    "GET /.well-known/jwks.json",
    "GET /api/v1/.well-known/jwks.json",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/verify-email",
    "POST /api/v1/auth/verify-email/resend",
    "POST /api/v1/auth/invitations/accept",
    "POST /api/v1/auth/mfa/verify",
    "POST /api/v1/auth/password/forgot",
    "POST /api/v1/auth/password/reset",
    # the token in the path is the proof
    "GET /api/v1/task-links/{token}",
    "POST /api/v1/task-links/{token}",
    # the state that comes back is the proof
    "GET /oauth/callback",
    "POST /oauth/callback",
    *(f"{method} /hooks/{{token}}" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
}
"""Open to everybody on purpose. What is added here is open to the whole world."""

SCHEMA = {f"{method} /api/v1/openapi.json" for method in ("GET", "HEAD")}
"""Describes the API, and is FastAPI's own; it says nothing of anybody's data."""

ANY_ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"


async def test_every_route_declares_who_may_use_it(application: Application) -> None:
    names = {name for name, _ in every_route(application)}
    assert names > SCHEMA
    for name, route in every_route(application):
        assert name in SCHEMA or len(declared(route)) == 1, f"{name} declares nothing, or more than one thing"


def guarded(application: Application) -> Iterator[tuple[str, RouteContext]]:
    """Every route of ours."""
    return ((name, route) for name, route in every_route(application) if name not in SCHEMA)


async def test_what_is_public_is_public_on_purpose(application: Application) -> None:
    public = {name for name, route in guarded(application) if declared(route)[0].kind == "public"}
    assert public == PUBLIC


async def test_every_declared_permission_is_in_the_catalogue(application: Application) -> None:
    for name, route in guarded(application):
        [access] = declared(route)
        match access.kind:
            case "permission":
                assert access.permission in CATALOGUE, name
            case "operator":
                assert access.permission in PLATFORM_CATALOGUE, name
            case _:
                assert access.permission is None, name


async def test_every_permission_is_needed_somewhere(application: Application) -> None:
    needed = {declared(route)[0].permission for _, route in guarded(application)}
    unused = {*CATALOGUE, *PLATFORM_CATALOGUE} - needed - CHECKED_ELSEWHERE
    assert not unused


async def test_nothing_that_is_not_public_answers_a_stranger(application: Application, anonymous: Client) -> None:
    for name, _ in guarded(application):
        if name in PUBLIC:
            continue
        method, path = name.split(" ", 1)
        answer = await anonymous.http.request(method, filled(path, {}, ANY_ID), json={})
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer", name


CHECKED_ELSEWHERE: set[str] = {
    # who may see others' tasks is a matter of each task
    "task:read-all",
    # whoever changes a connection of their own does without it
    "connection:manage",
    # an operator may do without it, in any tenant
    "tenant:manage",
}
"""Permissions that no route as a whole needs, but something behind one does."""
