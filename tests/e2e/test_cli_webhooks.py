"""Outgoing webhooks from the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Command


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_webhooks_are_made_changed_tried_disabled_and_removed(command: Command):
    url = "https://hooks.example.com/weftline"
    made = command("webhook", "create", url, "-k", "execution.failed", "-k", "task.*", "--name", "Desk")
    assert made.out.startswith("whsec_")
    id = made.err.strip()
    assert "execution.failed task.*" in command("webhook", "list").out
    changed = command("webhook", "change", id, "--kind", "*", "--data").out
    assert "as somebody of the role none" in changed
    assert command("webhook", "show", id, "--json").json["kinds"] == ["*"]
    assert command("webhook", "rotate-secret", id, "--overlap", "1").out not in ("", made.out)
    delivery = command("webhook", "test", id).out.strip()
    assert delivery in command("webhook", "deliveries", id, "--status", "due").out
    assert '"webhook.test"' in command("webhook", "delivery", id, delivery).out
    assert "is tried anyway" in command("webhook", "redeliver", id, delivery).err
    assert command("webhook", "redeliver", id, "--failed-since", "2026-03-01T00:00:00Z").out.startswith("0 deliveries")
    assert command("webhook", "redeliver", id).code == 2
    assert command("webhook", "disable", id).out == "Desk is disabled.\n"
    assert "disabled" in command("webhook", "test", id).err
    assert command("webhook", "enable", id).out == "Desk is active.\n"
    assert command("webhook", "remove", id).out == "Desk is removed.\n"
    misspelt = command("webhook", "create", url, "--kind", "execution.fail")
    assert (misspelt.code, "/kinds/0" in misspelt.err, "'execution.failed'" in misspelt.err) == (2, True, True)
