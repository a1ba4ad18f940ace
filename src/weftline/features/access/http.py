"""What routes declare about who may use them. Every route declares something; a test looks.

::

    Reader = Annotated[Caller, requires(READ)]

    @router.get("/things/{thing_id}")
    async def get_thing(caller: Reader, thing_id: UUID) -> ThingOut: ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.permissions import Permission
from weftline.features.idempotency.request import begin_keyed


class _Bearer(HTTPBearer):
    """For the OpenAPI document; the gate reads the header itself."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Nothing."""


bearer = _Bearer(
    scheme_name="HTTPBearer", auto_error=False, description="An access token from `/auth/login`, or an API key."
)


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares.

    Attributes:
        kind: ``public``, ``signed_in``, ``permission`` or ``operator``.
        permission: what is needed, where it is a permission.
        takes_key: a POST with an ``Idempotency-Key`` is carried out once; see ``weftline.features.idempotency``.
    """

    kind: str
    permission: str | None = None
    takes_key: bool = True


def gate_of(request: Request) -> Gate:
    """The application's gate."""
    return cast("Gate", request.app.state.gate)


def requires(permission: Permission, *, listing: bool = False, takes_key: bool = True) -> Any:
    """The dependency of a route that needs a permission; its value is the caller.

    Args:
        permission: what is needed.
        listing: the route shows only what the caller may see, so a permission on a part lets in.
        takes_key: False where the route sees to requests that are sent again by itself.
    """

    async def admit(request: Request) -> Caller:
        return await gate_of(request).admit(request, permission, request.path_params, listing=listing)

    return _guard(admit, Access("permission", permission, takes_key))


def signed_in(*, complete: bool = True, takes_key: bool = True) -> Any:
    """The dependency of a route for everybody who has signed in; its value is the caller.

    Args:
        complete: with a second factor where one is required.
        takes_key: see :func:`requires`.
    """

    async def enter(request: Request) -> Caller:
        return await gate_of(request).enter(request, complete=complete)

    return _guard(enter, Access("signed_in", takes_key=takes_key))


def operator(permission: Permission, *, everywhere: bool = False) -> Any:
    """The dependency of a route for operators of the platform; its value is the caller.

    Args:
        permission: what is needed.
        everywhere: the route is about the platform as a whole, so only those may use it who see every tenant.
    """

    async def admit_operator(request: Request) -> Caller:
        return await gate_of(request).operator(request, everywhere=everywhere)

    return _guard(admit_operator, Access("operator", permission))


def public() -> Any:
    """The dependency of a route for everybody."""

    async def open_to_all() -> None:
        return None

    open_to_all.access = Access("public", takes_key=False)  # type: ignore[attr-defined]
    return Depends(open_to_all)


def access_of(call: object) -> Access | None:
    """What a dependency declares; None where it is none of these."""
    return getattr(call, "access", None)


def _guard(check: Callable[[Request], Awaitable[Caller]], access: Access) -> Any:
    async def guard(request: Request, _: Annotated[Any, Security(bearer)]) -> Caller:
        caller = await check(request)
        if access.takes_key:
            await begin_keyed(request, caller)
        return caller

    guard.access = access  # type: ignore[attr-defined]
    return Depends(guard)
