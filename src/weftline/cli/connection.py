"""The way from a command to the API: one way to ask, and two ways for it to travel.

Whoever has signed in, or holds a token, talks to a server over HTTP. Whoever has not stands at the console: they can
open the database anyway, so the application answers them within this process, as the owner of everything.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from weftline.cli import loop, session
from weftline.cli.client import Api, Refused, in_this_process, over_http
from weftline.cli.failures import CommandFailed
from weftline.cli.sign_in import find_sign_in
from weftline.cli.target import current_target

if TYPE_CHECKING:
    from weftline.settings import Settings

T = TypeVar("T")

DEFAULT_TENANT = "default"
"""Slug of the tenant that the console works in where none is named."""


def call(use: Callable[[Api], Awaitable[T]], *, actions: Sequence[str] | None = None) -> T:
    """Let ``use`` ask the API that the command line points to.

    Args:
        use: what to ask.
        actions: at the console, modules of the actions that definitions may call; None accepts any action. A server
            knows its own.

    Raises:
        CommandFailed: nobody answers, or the answer is no.
    """
    sign_in = find_sign_in(current_target())
    if sign_in is not None:
        way = over_http(sign_in.url, auth=sign_in.auth, headers=sign_in.headers)
        try:
            return loop.run(_ask(way, use))
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise CommandFailed(refused.message, [*refused.details, "sign in with 'weft login'"]) from None
    settings = session.load_settings(actions or ())
    names = None if actions is None else session.load_registry(settings).names()
    session.log_quietly(settings)
    with session.database(settings) as url:
        return loop.run(_ask(at_console(settings, url, names), use))


@asynccontextmanager
async def at_console(settings: Settings, url: str, names: Collection[str] | None) -> AsyncGenerator[Api]:
    """The API within this process, for whoever owns the machine.

    Args:
        settings: of this process.
        url: the database's.
        names: of the actions that definitions may call; None accepts any.

    Raises:
        DomainError: there is no such tenant.
    """
    from weftline import bootstrap

    tenant = current_target().tenant or DEFAULT_TENANT
    async with bootstrap.console_api(settings, url, names, tenant) as http:
        yield in_this_process(http)


async def _ask(way: AbstractAsyncContextManager[Api], use: Callable[[Api], Awaitable[T]]) -> T:
    async with way as api:
        return await use(api)
