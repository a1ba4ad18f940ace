"""Plugins are found by their entry points, in the environment and below a directory of packages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from weftline.authoring import registry
from weftline.plugins import FoundPlugin, discover

GOOD = """
from weftline.authoring import Context, action
from weftline.authoring.plugin import Plugin

@action("found-{id}.greet")
async def greet(ctx: Context) -> str:
    return "hello"

class Good(Plugin):
    id, name, version = "{id}", "Good", "2.1"
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    return tmp_path


def install(packages: Path, distribution: str, id: str, code: str, target: str | None = None) -> None:
    module = f"found_{distribution.replace('-', '_')}"
    (packages / f"{module}.py").write_text(code)
    info = packages / f"{distribution.replace('-', '_')}-3.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.0\n")
    (info / "entry_points.txt").write_text(f"[weftline.plugins]\n{id} = {target or module + ':Good'}\n")


def found() -> dict[str, FoundPlugin]:
    return {each.id: each for each in discover()}


def test_a_plugin_is_found_and_what_its_modules_register_is_its_own(packages: Path) -> None:
    install(packages, "acme-good", "acme-good", GOOD.format(id="acme-good"))
    each = found()["acme-good"]
    assert each.plugin is not None
    assert (each.version, each.distribution, each.distribution_version) == ("2.1", "acme-good", "3.0")
    assert registry.owner_of("found-acme-good.greet") == "acme-good"
    registry.withhold("acme-good")
    assert "found-acme-good.greet" not in registry.names()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nothing_of_this_name", "cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        ("Good = 5", "is no weftline.authoring.plugin.Plugin"),
        (GOOD.format(id="other"), "its id is 'other'"),
        ("from weftline.authoring.plugin import Plugin\nclass Good(Plugin):\n    id = 'acme-bad'", "'name' is missing"),
    ],
    ids=["missing module", "exit", "no plugin", "other id", "no name"],
)
def test_what_is_no_plugin_is_named_with_the_reason(
    packages: Path, code: str, says: str, request: pytest.FixtureRequest
) -> None:
    # a module of each name is imported once
    name = f"acme-bad-{request.node.callspec.id.replace(' ', '-')}"
    install(packages, name, "acme-bad", code)
    each = found()["acme-bad"]
    assert each.plugin is None
    assert says in (each.error or "")
    assert each.version == "3.0"


def test_two_distributions_with_one_id_are_both_named(packages: Path) -> None:
    install(packages, "acme-one", "acme-twice", GOOD.format(id="acme-twice"))
    install(packages, "acme-two", "acme-twice", GOOD.format(id="acme-twice"))
    each = found()["acme-twice"]
    assert each.plugin is None
    assert each.error == "two distributions bring it: acme-one and acme-two; remove one"
