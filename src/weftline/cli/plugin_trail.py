"""``weft plugin``: what is done to packages on this machine, in the platform's audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from weftline.cli.failures import CommandFailed
from weftline.cli.output import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from weftline.settings import Settings

T = TypeVar("T")


class Act(NamedTuple):
    """What is done to a package.

    Attributes:
        name: like ``plugin.installed``.
        plugin_id: of which plugin.
        before, after: what it was and what it becomes, JSON.
    """

    name: str
    plugin_id: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def recorded(settings: Settings, act: Act, perform: Callable[[], T]) -> T:
    """Do something to a package, and record it together with that; what fails is not recorded.

    Packages are files of this machine: where there is no database yet, or none that can be used now, it is done all the
    same, and said that the audit log does not have it.

    Args:
        settings: of this machine.
        act: what the audit log says.
        perform: does it.
    """
    from weftline.cli import loop, session
    from weftline.store.embedded import EmbeddedServer
    from weftline.store.embedded.errors import EmbeddedServerError
    from weftline.store.errors import StoreError

    if settings.database_url is None and not EmbeddedServer(settings.home).data.exists():
        # nothing has ever run here: whoever builds an image installs plugins so
        return perform()
    why = ""
    outcome = _Outcome[T]()
    try:
        with session.database(settings) as url:
            loop.run(_record(url, act, lambda: outcome.come_of(perform)))
    except (CommandFailed, EmbeddedServerError, StoreError, OSError) as error:
        why = error.message if isinstance(error, CommandFailed) else str(error)
    except _NotDone:
        pass
    result = outcome.result(perform)
    if why:
        note(f"The audit log does not have this: {why}")
    return result


class _NotDone(Exception):
    """It has failed, and is not to be recorded."""


class _Outcome(Generic[T]):
    """What came of doing something once."""

    def __init__(self) -> None:
        self._done: list[T] = []
        self._error: Exception | None = None

    def come_of(self, perform: Callable[[], T]) -> None:
        """Do it.

        Raises:
            _NotDone: it has failed.
        """
        try:
            self._done.append(perform())
        except Exception as error:
            self._error = error
            raise _NotDone from error

    def result(self, perform: Callable[[], T]) -> T:
        """What it came to; it is done now where nobody has done it yet. Raises what it has failed with."""
        if self._error is not None:
            raise self._error
        return self._done[0] if self._done else perform()


async def _record(url: str, act: Act, perform: Callable[[], None]) -> None:
    import asyncio

    from weftline.features.access.caller import acting_as, almighty, console_name
    from weftline.features.audit.trail import PLATFORM, record
    from weftline.features.database import Database

    database = Database(url, "weft_operator", size=1)
    try:
        with acting_as(almighty(PLATFORM, "console", console_name())):
            async with database.unbound() as session:
                await record(session, act.name, "plugin", act.plugin_id, before=act.before, after=act.after)
                await asyncio.to_thread(perform)
    finally:
        await database.close()
