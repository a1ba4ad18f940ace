"""What commands stand on: settings, actions, and a database that is there and up to date."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.output import note
from weftline.cli.target import VARIABLES

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.settings import Settings
    from weftline.testing.installed_plugins import InstalledPlugins


def load_settings(actions: Sequence[str] = (), *, warn: bool = True, **changes: Any) -> Settings:
    """The settings, with what the command line says beside them.

    Args:
        actions: modules of ``--actions``, beside those of ``WEFT_ACTIONS``.
        warn: tell of names that are no settings; whoever started this process may have done so.
        changes: other settings by name; None leaves a setting as it is.

    Raises:
        CommandFailed: a setting is not valid.
    """
    from pydantic import ValidationError

    from weftline.settings import Settings, unknown_settings

    given = {name: value for name, value in changes.items() if value is not None}
    try:
        settings = Settings(**given)
        if actions:
            settings = Settings(**given, actions=tuple(dict.fromkeys([*settings.actions, *actions])))
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise CommandFailed("a setting is not valid", problems, exit_code=INVALID) from None
    if warn:
        settings_only = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        for warning in unknown_settings(settings_only):
            note(f"warning: {warning}")
    return settings


def log_quietly(settings: Settings) -> None:
    """Log only what a person at the terminal must know of."""
    from weftline import bootstrap

    bootstrap.configure_logging(settings.model_copy(update={"log_level": "warning"}))


def load_registry(settings: Settings) -> ActionRegistry:
    """The actions of the settings' modules, which may lie in the current directory, and of plugins.

    Raises:
        CommandFailed: a module cannot be imported.
        DuplicateAction: two actions have one name.
    """
    from weftline import bootstrap
    from weftline.authoring import load_actions
    from weftline.cli.code import see_current_directory

    see_current_directory()
    try:
        bootstrap.found_plugins(settings)
        return load_actions(settings.actions)
    except ImportError as error:
        raise CommandFailed(str(error), exit_code=INVALID) from error


@contextmanager
def installed_plugins(settings: Settings) -> Generator[InstalledPlugins]:
    """The plugins that are installed here, which run while the context is open, without a database."""
    from importlib.metadata import version

    from weftline import bootstrap
    from weftline.authoring import registry
    from weftline.testing.installed_plugins import InstalledPlugins

    log_quietly(settings)
    with InstalledPlugins(bootstrap.found_plugins(settings), version("weftline"), registry) as plugins:
        yield plugins


@contextmanager
def database(settings: Settings, *, checked: bool = False) -> Generator[str]:
    """The URL of the database: an outside one, or the embedded server's, which is started where none runs.

    An embedded database is brought up to date; an outside one is not touched.

    Args:
        settings: which database.
        checked: whoever started this process has seen to an outside database's schema.

    Raises:
        CommandFailed: an outside database is not at this release's schema.
        EmbeddedServerError, StoreError: it cannot be used.
    """
    from weftline.store.embedded import EmbeddedServer

    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        if not checked:
            asyncio.run(_require_current(url))
        yield url
        return
    with EmbeddedServer(settings.home) as server:
        asyncio.run(migrate(server.url))
        yield server.url


async def migrate(url: str) -> bool:
    """Bring the database's schema up to date; False where it was already.

    Raises:
        StoreUnavailable, RoleSetupError, UnsupportedServerError: it cannot be.
    """
    from weftline import migrations
    from weftline.store.errors import translated

    with translated():
        if await migrations.is_current(url):
            return False
        await migrations.upgrade(url)
        return True


async def _require_current(url: str) -> None:
    from weftline import migrations
    from weftline.store.errors import translated

    with translated():
        if not await migrations.is_current(url):
            raise CommandFailed("the database is not at this release's schema: run 'weft migrate' first")
