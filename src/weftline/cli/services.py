"""Commands that use the features' services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, TypeVar

from weftline.cli import loop, session

if TYPE_CHECKING:
    from weftline.features.services import Services
    from weftline.settings import Settings

T = TypeVar("T")


def with_services(
    settings: Settings, use: Callable[[Services], Awaitable[T]], actions: Collection[str] | None = None
) -> T:
    """Call ``use`` with the services, on a database that is started for it where none runs.

    Args:
        settings: which database.
        use: what to do.
        actions: names that definitions may call; None accepts any.
    """
    with session.database(settings) as url:
        return loop.run(_use(url, use, actions))


async def _use(url: str, use: Callable[[Services], Awaitable[T]], actions: Collection[str] | None) -> T:
    from weftline.features.services import open_services

    async with open_services(url, actions) as services:
        return await use(services)
