"""Variables and the keys that seal them, from the console."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest

from tests.e2e.conftest import Command

TOKEN = "tok-4f9c7b2e81"


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_variables_are_set_read_and_removed(command: Command, tmp_path: Path):
    assert command("variable", "set", "URL", "https://example.com", "--description", "The shop").out == "URL is set.\n"
    assert command("variable", "set", "LIMIT", "2.5", "--type", "number").code == 0
    (tmp_path / "map.json").write_text('{"a": [1]}\n')
    assert command("variable", "set", "MAP", "--type", "JSON", "--file", tmp_path / "map.json").code == 0
    assert command("variable", "get", "URL").out == "https://example.com\n"
    assert command("variable", "get", "MAP").out == '{"a": [1]}\n'
    assert {each["key"]: each["type"] for each in command("variable", "list", "--json").json} == {
        "LIMIT": "NUMBER",
        "MAP": "JSON",
        "PLATFORM_URL": "STRING",
        "TENANT_ID": "STRING",
        "TENANT_SLUG": "STRING",
        "URL": "STRING",
    }
    last, *_ = command("variable", "list", "--sort", "-key", "--limit", 1, "--json").json
    assert last["key"] == "URL"
    unsorted = command("variable", "list", "--sort", "colour")
    assert (unsorted.code, "updatedAt" in unsorted.err) == (2, True)
    assert command("variable", "unset", "URL").out == "URL is removed.\n"
    assert command("variable", "get", "URL").code == 1
    wrong = command("variable", "set", "LIMIT", '"x"', "--type", "NUMBER")
    assert (wrong.code, "A NUMBER is a number" in wrong.err) == (2, True)
    assert command("variable", "set", "LIMIT", "x", "--workflow", "none").code == 1


def test_a_secret_comes_from_standard_input_and_is_never_an_argument(command: Command, monkeypatch: pytest.MonkeyPatch):
    refused = command("variable", "set", "TOKEN", TOKEN, "--secret")
    assert (refused.code, TOKEN in refused.err) == (2, False)
    assert command("variable", "set", "TOKEN", "--secret").code == 2
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert command("variable", "set", "TOKEN", "--secret", "--file", "-").code == 0
    shown = command("variable", "list")
    assert "********" in shown.out and TOKEN not in shown.out
    unread = command("variable", "get", "TOKEN")
    assert (unread.code, "nobody can read it" in unread.err) == (1, True)


def test_the_master_key_is_replaced_and_what_it_sealed_moves(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("sys.stdin", io.StringIO(TOKEN))
    command("variable", "set", "TOKEN", "--secret", "--file", "-")
    old = (tmp_path / "master.key").read_text()
    assert command("keys", "rotate").code == 2
    done = command("keys", "rotate", "--all", "--master")
    assert done.code == 0 and "1 dataKeys" in done.out
    assert (tmp_path / "master.key.retired").read_text() == old
    assert (tmp_path / "master.key").read_text() != old
    assert command("keys", "rotate", "--all").out == "All is under the newest keys.\n"
    [key] = command("keys", "list", "--json").json
    assert (key["version"], key["retiredAt"]) == (1, None)

    # with yet another key nothing can be opened, and says so
    monkeypatch.setenv("WEFT_MASTER_KEY", base64.b64encode(bytes(32)).decode())
    lost = command("keys", "rotate", "--all")
    assert (lost.code, "could not be opened" in lost.err) == (1, True)
    assert command("keys", "rotate", "--all", "--master").code == 1
