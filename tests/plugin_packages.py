"""Real packages of small plugins, for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from weftline.plugins.facts import PluginFacts
from weftline.plugins.package import SUFFIX, PluginPackage, read_package, write_package
from weftline.plugins.signing import public_text

KEY = Ed25519PrivateKey.generate()
TRUSTED = (public_text(KEY),)

_CODE = '''
from weftline.authoring import Context, action
from weftline.authoring.plugin import Capability, Plugin, PluginType
{imports}

@action("{id}.say")
async def say(ctx: Context) -> object:
    """Says which version runs."""
    return "{version}"


class Made(Plugin):
    id, name, version = "{id}", "{name}", "{version}"
    requires = {requires!r}
    dependencies = {dependencies!r}
    types = frozenset({{PluginType.WORKFLOW_ACTION}})
    capabilities = frozenset(map(Capability, {capabilities!r}))
{members}
'''


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def module_of(id: str) -> str:
    """The module of a plugin that is made here."""
    return f"packed_{id.replace('-', '_')}"


def wheel_files(facts: PluginFacts, code: str) -> dict[str, str | bytes]:
    """What is in the wheel of a plugin."""
    module, info = module_of(facts.id), f"weftline_{facts.id.replace('-', '_')}-{facts.version}.dist-info"
    return {
        f"{module}/__init__.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: weftline-{facts.id}\nVersion: {facts.version}\n",
        f"{info}/entry_points.txt": f"[weftline.plugins]\n{facts.id} = {module}:Made\n",
    }


def code_of(facts: PluginFacts, imports: str = "", members: str = "") -> str:
    """The module of a plugin whose action ``ID.say`` says its version.

    Args:
        facts: what the plugin says of itself.
        imports: lines above it.
        members: lines of its class, indented.
    """
    return _CODE.format(
        id=facts.id,
        name=facts.name,
        version=facts.version,
        requires=facts.requires,
        dependencies=dict(facts.dependencies),
        capabilities=list(facts.capabilities),
        imports=imports,
        members=members,
    )


def facts_of(
    id: str,
    version: str = "1.0",
    *,
    requires: str = "",
    needs: Mapping[str, str] | None = None,
    asks: tuple[str, ...] = (),
    description: str = "",
) -> PluginFacts:
    """What a plugin says of itself."""
    return PluginFacts(
        id, id.capitalize(), version, description, requires, dict(needs or {}), ("WORKFLOW_ACTION",), asks
    )


def packed(
    place: Path,
    facts: PluginFacts,
    *,
    key: Ed25519PrivateKey | None = KEY,
    code: str | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> Path:
    """The file of a plugin's package.

    Args:
        place: directory where it is written.
        facts: of the plugin.
        key: signs; None: nobody does.
        code: of its module, else as :func:`code_of` writes it.
        more: other files of its wheel, by name.
    """
    place.mkdir(parents=True, exist_ok=True)
    wheel = place / f"weftline_{facts.id.replace('-', '_')}-{facts.version}-py3-none-any.whl"
    wheel.write_bytes(zipped({**wheel_files(facts, code_of(facts) if code is None else code), **(more or {})}))
    path = place / f"{facts.id}-{facts.version}{SUFFIX}"
    path.write_bytes(write_package(facts, wheel, key))
    wheel.unlink()
    return path


def opened(path: Path, trusted: tuple[str, ...] = TRUSTED) -> PluginPackage:
    """A package that was looked at."""
    return read_package(path.read_bytes(), trusted)
