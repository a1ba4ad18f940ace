"""Triggers from the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Command

DEFINITION = """
id: report
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *", timezone: Europe/Berlin}
  - {id: shop, type: webhook}
nodes:
  - {id: make, type: action, action: echo}
"""


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_triggers_are_listed_shown_paused_fired_and_filled(command: Command, tmp_path: Path):
    file = tmp_path / "report.yaml"
    file.write_text(DEFINITION)
    command("publish", file)
    assert {each["key"] for each in command("trigger", "list", "--json").json} == {"nightly", "shop"}
    assert "schedule  active" in command("trigger", "list", "--type", "schedule").out
    assert command("trigger", "show", "report/nightly").out.count("next:") == 5
    assert command("trigger", "pause", "report/nightly", "--reason", "moving").out == "report/nightly is paused.\n"
    assert "moving" in command("trigger", "show", "report/nightly").out
    assert command("trigger", "resume", "report/nightly").out == "report/nightly is active.\n"
    before = command("trigger", "show", "report/shop", "--json").json["url"]
    assert "/hooks/" in before
    assert command("trigger", "rotate", "report/shop").out.strip() not in ("", before)
    fired = command("trigger", "fire", "report/shop", "--payload", '{"n": 1}').out.strip()
    assert command("trigger", "show", "report/shop", "--json").json["lastExecutionId"] == fired
    span = ("--from", "2026-03-01T00:00:00Z", "--to", "2026-03-02T12:00:00Z", "--dry-run")
    filled = command("trigger", "backfill", "report/nightly", *span)
    assert filled.out.split() == ["2026-03-01T01:00:00Z", "2026-03-02T01:00:00Z"]
    assert "2 of 2 executions would be started" in filled.err
    missing = command("trigger", "show", "report/monthly")
    assert (missing.code, "nightly, shop" in missing.err or "shop, nightly" in missing.err) == (1, True)


def test_a_trigger_of_an_integration_tells_how_it_stands_and_begins_anew(command: Command, tmp_path: Path):
    file = tmp_path / "mail.yaml"
    file.write_text("""
id: by-mail
triggers:
  - {id: mail, type: integration, integration: imap, trigger: newMail, every: 1h}
nodes:
  - {id: make, type: action, action: echo}
""")
    command("publish", file)
    assert "integration  active" in command("trigger", "list").out
    shown = command("trigger", "show", "by-mail/mail").out
    assert "state:          waiting" in shown
    assert "received:       0" in shown
    assert command("trigger", "reset", "by-mail/mail").out == "by-mail/mail begins anew.\n"
    command("trigger", "pause", "by-mail/mail")
    assert command("trigger", "show", "by-mail/mail", "--json").json["integration"]["state"] == "off"
