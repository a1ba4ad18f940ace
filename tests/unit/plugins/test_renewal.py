"""Packages are taken up, replaced and removed while the process runs."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.plugin_packages import code_of, facts_of, module_of, opened, packed

from weftline.authoring import ActionRegistry, registry
from weftline.plugins import FoundPlugin, InstalledPackages, PluginHost, PluginState
from weftline.plugins.facts import PluginFacts
from weftline.plugins.modules import unload
from weftline.plugins.renewal import Renewal


@dataclass
class Process:
    """A process that runs plugins."""

    packages: InstalledPackages
    place: Path
    actions: ActionRegistry = registry
    found: dict[str, FoundPlugin] = field(default_factory=dict[str, FoundPlugin])

    def __post_init__(self) -> None:
        self.host: PluginHost[Any] = PluginHost([], "1.0", lambda plugin: plugin.id, (self.actions,))  # type: ignore[arg-type, return-value]
        self.renewal = Renewal(self.packages, self.host, self.found)

    async def look(self) -> None:
        await self.renewal.take_up()
        await self.host.follow(lambda id: True)

    def install(
        self, facts: PluginFacts, *, grants: tuple[str, ...] = (), imports: str = "", members: str = ""
    ) -> None:
        path = packed(self.place, facts, code=code_of(facts, imports, members))
        self.packages.install(opened(path), grants, allow_older=True)

    def state(self, id: str) -> tuple[PluginState, str, str | None]:
        """How a plugin stands, in which version, and why."""
        each = next(each for each in self.host.statuses() if each.found.id == id)
        return each.state, each.found.version, each.reason

    async def says(self, id: str) -> Any:
        """What the plugin's action answers."""
        return await self.actions.get(f"{id}.say").function(None)  # type: ignore[arg-type]


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    process = Process(InstalledPackages(tmp_path / "plugins"), tmp_path / "packages")
    yield process
    await process.host.drop(list(process.found))
    for path in (tmp_path / "plugins" / ".packages").glob("*/*"):
        unload(path)


@pytest.fixture
def user() -> Iterator[ModuleType]:
    """A module of somebody else."""
    module = ModuleType("somebody_elses")
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


async def test_what_is_installed_runs_and_what_is_removed_is_gone(process: Process) -> None:
    await process.look()
    assert process.host.statuses() == []
    process.install(facts_of("hot-bells"))
    await process.look()
    assert process.state("hot-bells") == (PluginState.STARTED, "1.0", None)
    assert await process.says("hot-bells") == "1.0"
    process.packages.remove("hot-bells")
    await process.look()
    assert process.host.statuses() == []
    assert process.actions.owner_of("hot-bells.say") is None and module_of("hot-bells") not in sys.modules


async def test_a_new_version_takes_the_place_of_the_one_that_runs(process: Process) -> None:
    extra = '\n@action("hot-bells.old")\nasync def old(ctx: Context) -> object:\n    return 1\n'
    stopped = (
        "    async def on_shutdown(self) -> None:\n        import weftline\n        weftline.stopped_bells = True\n"
    )
    process.install(facts_of("hot-bells"), imports=extra, members=stopped)
    await process.look()
    assert "hot-bells.old" in process.actions.names()
    process.install(facts_of("hot-bells", "1.1"))
    await process.look()
    assert process.state("hot-bells") == (PluginState.STARTED, "1.1", None)
    assert await process.says("hot-bells") == "1.1"
    assert process.actions.owner_of("hot-bells.old") is None, "the new version does not have it"
    import weftline

    assert vars(weftline).pop("stopped_bells") is True


async def test_those_that_need_a_plugin_are_replaced_with_it(process: Process) -> None:
    process.install(facts_of("hot-bells"))
    needing = f"import {module_of('hot-bells')} as bells"
    tells = "    @property\n    def bells(self) -> str:\n        return bells.Made.version\n"
    process.install(facts_of("a-tower", needs={"hot-bells": ""}), imports=needing, members=tells)
    await process.look()
    assert process.actions.owner_of("hot-bells.say") == "hot-bells", "though the other one imports its module"
    process.install(facts_of("hot-bells", "1.1"))
    await process.look()
    assert process.state("a-tower")[0] is PluginState.STARTED
    plugin: Any = process.found["a-tower"].plugin
    assert plugin.bells == "1.1"


async def test_where_others_hold_the_old_modules_a_restart_is_asked_for_and_the_old_version_goes_on(
    process: Process, user: ModuleType
) -> None:
    process.install(facts_of("hot-bells"))
    await process.look()
    user.__dict__["Bells"] = type(process.found["hot-bells"].plugin)
    process.install(facts_of("hot-bells", "1.1"))
    await process.look()
    state, version, reason = process.state("hot-bells")
    assert (state, version) == (PluginState.STARTED, "1.0")
    assert reason == (
        "version 1.1 is installed, and cannot be taken up while this process runs, as the module 'somebody_elses'"
        " uses it: restart it"
    )
    assert await process.says("hot-bells") == "1.0"
    del user.__dict__["Bells"]
    process.install(facts_of("hot-bells", "1.2"))
    await process.look()
    assert process.state("hot-bells") == (PluginState.STARTED, "1.2", None)


async def test_a_plugin_that_cannot_be_stopped_is_not_replaced(process: Process) -> None:
    fails = "    async def on_shutdown(self) -> None:\n        raise RuntimeError('rusty')\n"
    process.install(facts_of("hot-bells"), members=fails)
    await process.look()
    process.install(facts_of("hot-bells", "1.1"))
    await process.look()
    state, _, reason = process.state("hot-bells")
    assert state is PluginState.FAILED and reason is not None
    assert "it failed while it was stopped: RuntimeError: rusty: restart it" in reason
    assert process.actions.owner_of("hot-bells.say") == "hot-bells", "so that its steps are held, and not lost"


async def test_a_new_version_that_cannot_be_imported_leaves_its_steps_held(process: Process) -> None:
    process.install(facts_of("hot-bells"))
    await process.look()
    process.install(facts_of("hot-bells", "1.1"), imports="import nothing_of_this_name")
    await process.look()
    state, _, reason = process.state("hot-bells")
    assert state is PluginState.FAILED and reason is not None and "ModuleNotFoundError" in reason
    assert process.actions.owner_of("hot-bells.say") == "hot-bells"
    assert "hot-bells.say" not in process.actions.names()
    process.install(facts_of("hot-bells", "1.2"))
    await process.look()
    assert await process.says("hot-bells") == "1.2"


async def test_a_plugin_starts_once_it_is_granted_what_it_asks_for(process: Process) -> None:
    process.install(facts_of("hot-bells", asks=("network", "files")), grants=("network",))
    await process.look()
    state, version, reason = process.state("hot-bells")
    assert (state, version) == (PluginState.FAILED, "1.0")
    assert reason == "it asks for files, which it was not granted: weft plugin grant hot-bells files"
    process.packages.grant("hot-bells", ["files"])
    await process.look()
    assert process.state("hot-bells") == (PluginState.STARTED, "1.0", None)


async def test_a_plugin_waits_for_one_that_it_needs_until_that_is_installed(process: Process) -> None:
    process.install(facts_of("a-tower", needs={"hot-bells": ">=1"}), imports=f"import {module_of('hot-bells')}")
    await process.look()
    assert process.state("a-tower")[0] is PluginState.FAILED
    process.install(facts_of("hot-bells"))
    await process.look()
    assert process.state("a-tower") == (PluginState.STARTED, "1.0", None)
    process.packages.remove("hot-bells")
    await process.look()
    state, _, reason = process.state("a-tower")
    assert state is PluginState.FAILED and reason == "it needs the plugin 'hot-bells' >=1, which is not installed"


async def test_what_is_as_it_was_is_left_alone(process: Process) -> None:
    process.install(facts_of("hot-bells"))
    await process.look()
    before = process.found["hot-bells"].plugin
    assert not await process.renewal.take_up()
    process.install(facts_of("hot-chimes"))
    assert await process.renewal.take_up()
    assert process.found["hot-bells"].plugin is before
