"""Plugins are found by their entry points, in the environment and below a directory of packages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from weftline.authoring import load_actions, registry
from weftline.authoring.integrations import integrations
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


TAKES_A_NAME = """
from weftline.authoring.integrations import Integration
from weftline.authoring.plugin import Plugin

taken = Integration("{name}", title="{id}", description="A system.", category="developer")

class Good(Plugin):
    id, name, version = "{id}", "Good", "1.0"
"""


@pytest.mark.parametrize(
    ("name", "others"), [("slack", "the platform"), ("acme-mill", "the plugin 'acme-first'")], ids=["ours", "another's"]
)
def test_a_plugin_takes_no_name_of_an_integration_that_is_there(packages: Path, name: str, others: str) -> None:
    load_actions()
    install(packages, "acme-first", "acme-first", TAKES_A_NAME.format(id="acme-first", name="acme-mill"))
    install(packages, "acme-second", "acme-second", TAKES_A_NAME.format(id="acme-second", name=name))
    try:
        both = found()
        assert both["acme-first"].error is None
        told = (
            f"DuplicateIntegration: integration '{name}' is defined twice: by {others} and by the plugin 'acme-second'"
        )
        assert told in (both["acme-second"].error or "")
        kept = integrations.get(name)
        assert kept is not None and kept.title in ("Slack", "acme-first")
        assert integrations.owner_of(name) in (None, "acme-first")
    finally:
        for id in ("acme-first", "acme-second"):
            integrations.replace(id)
            integrations.forget(id)
            integrations.give_back(id)
            sys.modules.pop(f"found_{id.replace('-', '_')}", None)


def test_a_plugin_takes_no_name_of_an_action_that_is_there(packages: Path) -> None:
    load_actions()
    code = GOOD.replace("found-{id}.greet", "slack.sendMessage").format(id="acme-greets")
    install(packages, "acme-greets", "acme-greets", code)
    error = found()["acme-greets"].error or ""
    assert "DuplicateAction: action 'slack.sendMessage' is defined twice: in weftline.connectors.slack." in error
    assert "in found_acme_greets.greet" in error
    assert registry.owner_of("slack.sendMessage") is None
