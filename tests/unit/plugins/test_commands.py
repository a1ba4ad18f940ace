"""``weft plugin install`` and its like: what is asked, granted and refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugin_packages import TRUSTED, facts_of, packed
from typer.testing import CliRunner

from weftline.cli.failures import CommandFailed
from weftline.cli.plugins import app
from weftline.plugins import InstalledPackages

Weft = Callable[..., str]


@pytest.fixture
def weft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weft:
    """Runs ``weft plugin …`` in a home of its own and gives what it prints, or raises what it fails with."""
    monkeypatch.setenv("WEFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WEFT_PLUGIN_KEYS", ",".join(TRUSTED))

    def run(*arguments: object) -> str:
        ended = CliRunner().invoke(app, [str(each) for each in arguments])
        if ended.exception is not None:
            raise ended.exception
        return ended.output

    return run


@pytest.fixture
def packages(tmp_path: Path) -> InstalledPackages:
    return InstalledPackages(tmp_path / "home" / "plugins")


def test_what_a_plugin_asks_for_is_shown_and_has_to_be_granted(
    weft: Weft, packages: InstalledPackages, tmp_path: Path
) -> None:
    file = packed(tmp_path, facts_of("cli-bells", asks=("network", "secrets")))
    with pytest.raises(CommandFailed, match="cli-bells asks for network, secrets: nothing was installed"):
        weft("install", file)
    assert packages.all() == []
    with pytest.raises(CommandFailed, match="there is no capability 'everything'"):
        weft("install", file, "--grant", "everything")
    said = weft("install", file, "--grant", "network")
    assert "Asks for   network, secrets" in said
    assert "It does not start before this: weft plugin grant cli-bells secrets" in said
    assert packages.all()[0].missing == ("secrets",)
    assert "cli-bells is granted network, secrets." in weft("grant", "cli-bells", "all")
    assert packages.all()[0].missing == ()


def test_what_was_granted_counts_for_later_versions(weft: Weft, packages: InstalledPackages, tmp_path: Path) -> None:
    weft("install", packed(tmp_path, facts_of("cli-bells", asks=("network",))), "--grant", "all")
    weft("install", packed(tmp_path, facts_of("cli-bells", "1.1", asks=("network",))))
    with pytest.raises(CommandFailed, match="cli-bells asks for files"):
        weft("install", packed(tmp_path, facts_of("cli-bells", "1.2", asks=("network", "files"))))
    found = packages.all()[0]
    assert found.facts is not None and found.facts.version == "1.1"


def test_what_cannot_be_used_is_not_installed(weft: Weft, packages: InstalledPackages, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot be used: nobody has signed it"):
        weft("install", packed(tmp_path, facts_of("cli-bells"), key=None))
    with pytest.raises(CommandFailed, match="it is for Weftline >=99; this is"):
        weft("install", packed(tmp_path, facts_of("cli-bells", requires=">=99")))
    with pytest.raises(CommandFailed, match="it needs the plugin 'cli-tower' >=2, which is not installed"):
        weft("install", packed(tmp_path, facts_of("cli-bells", needs={"cli-tower": ">=2"})))
    assert packages.all() == []


def test_an_older_version_needs_to_be_asked_for(weft: Weft, packages: InstalledPackages, tmp_path: Path) -> None:
    weft("install", packed(tmp_path, facts_of("cli-bells", "2.0")))
    older = packed(tmp_path, facts_of("cli-bells", "1.0"))
    with pytest.raises(CommandFailed, match=r"it is version 1\.0, and 2\.0 is installed, which is newer"):
        weft("install", older)
    weft("install", older, "--allow-downgrade")
    found = packages.all()[0]
    assert found.facts is not None and found.facts.version == "1.0"


def test_without_an_index_or_a_package_it_is_said_what_to_do(weft: Weft) -> None:
    with pytest.raises(CommandFailed, match="no index of plugins is set"):
        weft("search")
    with pytest.raises(CommandFailed, match="no index of plugins is set"):
        weft("install", "cli-bells")
    for command in (("remove", "cli-bells"), ("grant", "cli-bells", "network")):
        with pytest.raises(CommandFailed, match="no package of 'cli-bells' is installed"):
            weft(*command)


def test_an_index_at_an_address_without_encryption_is_no_setting(weft: Weft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_PLUGIN_INDEX", "http://plugins.example.com/index.json")
    with pytest.raises(CommandFailed, match="a setting is not valid"):
        weft("search")
