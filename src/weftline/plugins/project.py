"""Projects of plugins: a new one that works, and the wheel of one."""

from __future__ import annotations

import hashlib
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from weftline.authoring.plugin import ENTRY_POINT_GROUP, PLUGIN_ID, Plugin
from weftline.plugins.discovery import load_plugin

_PYPROJECT = """\
[project]
name = "weftline-{id}"
version = "0.1.0"
description = "{name} for Weftline."
requires-python = ">=3.11"
dependencies = ["weftline"]

[project.entry-points."weftline.plugins"]
{id} = "{module}:{class_name}"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/{module}"]
"""

_MODULE = '''\
"""{name}: a plugin for Weftline."""

from __future__ import annotations

from pydantic import BaseModel

from weftline.authoring import Context, action
from weftline.authoring.plugin import Plugin, PluginApp, PluginType


class Configuration(BaseModel):
    """What each tenant can set."""

    greeting: str = "Hello"


class {class_name}(Plugin):
    """Greets."""

    id = "{id}"
    name = "{name}"
    version = "0.1.0"
    description = "Greets whoever is named."
    types = frozenset({{PluginType.WORKFLOW_ACTION}})
    Configuration = Configuration

    app: PluginApp

    async def initialize(self, app: PluginApp) -> None:
        """Called once in each process."""
        self.app = app
        running.append(self)

    async def on_shutdown(self) -> None:
        """Called when the plugin is stopped, and when the process ends."""
        running.clear()


running: list[{class_name}] = []


@action("{id}.greet", input={{"type": "object", "properties": {{"name": {{"type": "string"}}}}, "required": ["name"]}})
async def greet(ctx: Context) -> object:
    """Greets somebody as the tenant has configured."""
    configuration = await running[0].app.configuration(ctx.tenant.id) if running else None
    greeting = configuration.greeting if isinstance(configuration, Configuration) else "Hello"
    return {{"text": f"{{greeting}}, {{ctx.input['name']}}!"}}
'''

_TEST = '''\
"""The plugin does what it says."""

from __future__ import annotations

import asyncio

import {module}  # noqa: F401 - registers the action
from weftline.testing.connectors import call


def test_somebody_is_greeted() -> None:
    assert asyncio.run(call("{id}.greet", None, name="Ada")) == {{"text": "Hello, Ada!"}}
'''


class BadProject(Exception):
    """A project cannot be made, or is no plugin's; the message says why."""


@dataclass(frozen=True, slots=True)
class BuiltPlugin:
    """A project's wheel, and the plugin in it."""

    plugin: Plugin
    wheel: Path


def new_project(plugin_id: str, directory: Path) -> list[Path]:
    """Write a project that works as it is.

    Args:
        plugin_id: small letters, digits and hyphens.
        directory: made, and must not be there yet.

    Returns:
        Its files.

    Raises:
        BadProject: the id cannot be one, or the directory is there.
    """
    if PLUGIN_ID.fullmatch(plugin_id) is None:
        raise BadProject(
            f"'{plugin_id}' cannot be an id: two or more small letters, digits and hyphens, a letter first"
        )
    if directory.exists():
        raise BadProject(f"{directory} is there already")
    module = f"weftline_{plugin_id.replace('-', '_')}"
    words = plugin_id.replace("-", " ").strip()
    class_name = "".join(word.capitalize() for word in words.split()) + "Plugin"
    facts = {"id": plugin_id, "module": module, "class_name": class_name, "name": words.capitalize()}
    made: list[Path] = []
    for name, text in (
        ("pyproject.toml", _PYPROJECT.format(**facts)),
        (f"src/{module}/__init__.py", _MODULE.format(**facts)),
        (f"tests/test_{module}.py", _TEST.format(**facts)),
    ):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        made.append(path)
    return made


def build_plugin(project: Path, directory: Path) -> BuiltPlugin:
    """The wheel of a project that is pure Python and has its packages below ``src``.

    Args:
        project: holds ``pyproject.toml``; its plugin is imported.
        directory: where the wheel is written.

    Raises:
        BadProject: it is no plugin's project.
    """
    try:
        told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        name, version = str(told["name"]), str(told["version"])
        points: dict[str, str] = told["entry-points"][ENTRY_POINT_GROUP]
        [(plugin_id, value)] = points.items()
    except OSError as error:
        raise BadProject(f"cannot read {project / 'pyproject.toml'}: {error.strerror}") from None
    except (KeyError, ValueError, TypeError, AttributeError):
        needed = f'[project.entry-points."{ENTRY_POINT_GROUP}"]'
        raise BadProject(
            f"{project / 'pyproject.toml'} has to say a name, a version, and one plugin in {needed}"
        ) from None
    plugin, error = load_plugin(plugin_id, value, project / "src")
    if plugin is None:
        raise BadProject(f"the plugin '{plugin_id}' cannot be used: {error}")
    if plugin.version != version:
        raise BadProject(f"the plugin says that it is version {plugin.version}, and pyproject.toml says {version}")
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    wheel = directory / f"{stem}-py3-none-any.whl"
    _write_wheel(wheel, project / "src", f"{stem}.dist-info", _metadata(told), plugin_id, value)
    return BuiltPlugin(plugin, wheel)


def _metadata(told: dict[str, Any]) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {told['name']}", f"Version: {told['version']}"]
    if "description" in told:
        lines.append(f"Summary: {told['description']}")
    if "requires-python" in told:
        lines.append(f"Requires-Python: {told['requires-python']}")
    lines += [f"Requires-Dist: {each}" for each in told.get("dependencies", ())]
    return "\n".join(lines) + "\n"


def _write_wheel(wheel: Path, source: Path, info: str, metadata: str, plugin_id: str, value: str) -> None:
    contents = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.is_symlink()
    }
    contents[f"{info}/METADATA"] = metadata.encode()
    contents[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: weftline\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents[f"{info}/entry_points.txt"] = f"[{ENTRY_POINT_GROUP}]\n{plugin_id} = {value}\n".encode()
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in contents.items()]
    contents[f"{info}/RECORD"] = ("\n".join([*record, f"{info}/RECORD,,"]) + "\n").encode()
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            # always the same time, so that the same project is the same wheel
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
