"""What is done to packages of plugins on the command line is in the platform's audit log."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.weft import environment, weft
from tests.plugin_packages import TRUSTED, facts_of, packed

KEYS = ",".join(TRUSTED)


def test_installing_granting_and_removing_is_recorded(tmp_path: Path, database: str) -> None:
    env = environment(home=tmp_path / "home", plugin_keys=KEYS, database_url=database)
    asks = facts_of("cli-bells", "1.0", asks=("network", "secrets"))
    for arguments in (
        ("install", packed(tmp_path, asks), "--grant", "network"),
        ("grant", "cli-bells", "secrets"),
        ("remove", "cli-bells"),
    ):
        ended = weft("plugin", *arguments, env=env)
        assert ended.code == 0, ended
        assert "audit log" not in ended.err
    # what cannot be done is not recorded
    assert weft("plugin", "remove", "cli-bells", env=env).code != 0
    assert weft("plugin", "install", packed(tmp_path, facts_of("cli-tower"), key=None), env=env).code != 0
    found = weft("audit", "list", "--platform", "--json", env=env)
    entries = {each["action"]: each for each in found.json if each["action"].startswith("plugin.")}
    assert entries.keys() == {"plugin.installed", "plugin.granted", "plugin.removed"}
    assert {each["resourceId"] for each in entries.values()} == {"cli-bells"}
    assert {each["actorType"] for each in entries.values()} == {"console"}
    installed = entries["plugin.installed"]
    assert (installed["before"], installed["after"]["version"], installed["after"]["granted"]) == (
        None,
        "1.0",
        ["network"],
    )
    assert entries["plugin.granted"]["after"] == {"granted": ["network", "secrets"]}
    assert entries["plugin.removed"]["before"] == {"version": "1.0", "granted": ["network", "secrets"]}


def test_a_machine_without_a_database_installs_and_one_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    file = packed(tmp_path, facts_of("cli-bells"))
    fresh = tmp_path / "fresh"
    ended = weft("plugin", "install", file, env=environment(home=fresh, plugin_keys=KEYS))
    assert (ended.code, ended.err) == (0, "")
    assert not (fresh / "postgres").exists()
    gone = "postgresql://nobody@127.0.0.1:9/nothing"
    env = environment(home=tmp_path / "home", plugin_keys=KEYS, database_url=gone)
    ended = weft("plugin", "install", file, env=env)
    assert ended.code == 0, ended
    assert "The audit log does not have this: " in ended.err
    assert (tmp_path / "home" / "plugins" / "cli-bells").is_dir()
