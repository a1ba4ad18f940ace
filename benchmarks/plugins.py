"""What plugins cost a process that starts."""

import asyncio
import json
import zipfile
from io import BytesIO
from statistics import median

from benchmarks import http_client
from benchmarks.databases import another_database
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.site import Site, open_server
from weftline.plugins import InstalledPackages
from weftline.plugins.facts import PluginFacts
from weftline.plugins.package import PluginPackage

PLUGINS = 50
ROUNDS = 5

_PREFIX = "bench-"

_MODULE = '''
"""A plugin with an action and a configuration, as small ones are."""

from pydantic import BaseModel, Field, SecretStr

from weftline.authoring import Context, action
from weftline.authoring.plugin import Plugin, PluginApp, PluginType


class Configuration(BaseModel):
    """What each tenant can set."""

    address: str = "https://example.com"
    copies: int = Field(1, ge=1, le=10)
    names: list[str] = []
    token: SecretStr | None = None


class Bench(Plugin):
    """Does something."""

    id, name, version, description = "{id}", "Bench", "1.0", "Does something."
    types = frozenset({{PluginType.WORKFLOW_ACTION}})
    Configuration = Configuration

    async def initialize(self, app: PluginApp) -> None:
        self.app = app


@action("{id}.do", input={{"type": "object", "properties": {{"name": {{"type": "string"}}}}}})
async def do(ctx: Context) -> object:
    """Does something."""
    return ctx.input
'''


async def plugins(lab: Lab) -> list[Figure]:
    """A server's start with fifty plugins, each a package of its own with an action and a configuration, and with none.

    - ``plugins.start``: how much later ``/health/ready`` answers; medians of five starts each, by turns.
    """
    # servers of one database need one key: the packages come and go in one home
    home = lab.directory / "plugins"
    there, aside = home / "plugins", home / "aside"
    home.mkdir()
    await asyncio.to_thread(_install, InstalledPackages(aside))
    seconds: dict[int, list[float]] = {0: [], PLUGINS: []}
    async with another_database(lab.url, "plugins") as url:
        for _ in range(1 if lab.is_quick else ROUNDS):
            for count, measured in seconds.items():
                if count:
                    aside.rename(there)
                async with open_server(home, url) as site:
                    measured.append(site.seconds_to_ready)
                    await _check(site, count)
                if count:
                    there.rename(aside)
    more = median(seconds[PLUGINS]) - median(seconds[0])
    return [
        Figure("plugins.none", median(seconds[0]), "s"),
        Figure("plugins.start", more, "s", 2.0, "lower"),
    ]


async def _check(site: Site, count: int) -> None:
    """See that every plugin runs."""
    connection = await http_client.connect(site.port)
    try:
        token = await site.sign_in()
        request = http_client.encode("GET", f"/plugins?limit={2 * PLUGINS}", site.port, token=token)
        items = json.loads(await connection.exchange(request, expected=200))["items"]
    finally:
        connection.close()
    running = sum(each["state"] == "STARTED" and each["id"].startswith(_PREFIX) for each in items)
    if running != count:
        raise BenchmarkFailed(f"{running} of {count} plugins run")


def _install(packages: InstalledPackages) -> None:
    for number in range(PLUGINS):
        packages.install(_package(f"{_PREFIX}{number:02}"))


def _package(id: str) -> PluginPackage:
    module, info = id.replace("-", "_"), f"{id.replace('-', '_')}-1.0.dist-info"
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{module}/__init__.py", _MODULE.format(id=id))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {id}\nVersion: 1.0\n")
        archive.writestr(f"{info}/entry_points.txt", f"[weftline.plugins]\n{id} = {module}:Bench\n")
    return PluginPackage(PluginFacts(id, "Bench", "1.0", types=("WORKFLOW_ACTION",)), None, made.getvalue())
