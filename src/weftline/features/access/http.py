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

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.permissions import Permission

bearer = HTTPBearer(auto_error=False, description="An access token from `/auth/login`, or an API key.")
"""For the OpenAPI document; the gate reads the header itself."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares.

    Attributes:
        kind: ``public``, ``signed_in``, ``permission`` or ``operator``.
        permission: what is needed, where it is a permission.
    """

    kind: str
    permission: str | None = None


def gate_of(request: Request) -> Gate:
    """The application's gate."""
    return cast("Gate", request.app.state.gate)


def requires(permission: Permission, *, listing: bool = False) -> Any:
    """The dependency of a route that needs a permission; its value is the caller.

    Args:
        permission: what is needed.
        listing: the route shows only what the caller may see, so a permission on a part lets in.
    """

    async def admit(request: Request) -> Caller:
        return await gate_of(request).admit(request, permission, request.path_params, listing=listing)

    return _guard(admit, Access("permission", permission))


def signed_in(*, complete: bool = True) -> Any:
    """The dependency of a route for everybody who has signed in; its value is the caller.

    Args:
        complete: with a second factor where one is required.
    """

    async def enter(request: Request) -> Caller:
        return await gate_of(request).enter(request, complete=complete)

    return _guard(enter, Access("signed_in"))


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

    open_to_all.access = Access("public")  # type: ignore[attr-defined]
    return Depends(open_to_all)


def access_of(call: object) -> Access | None:
    """What a dependency declares; None where it is none of these."""
    return getattr(call, "access", None)


def _guard(check: Callable[[Request], Awaitable[Caller]], access: Access) -> Any:
    async def guard(request: Request, _: Annotated[Any, Security(bearer)]) -> Caller:
        return await check(request)

    guard.access = access  # type: ignore[attr-defined]
    return Depends(guard)
