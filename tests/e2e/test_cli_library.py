"""A workflow becomes a template, and every tenant's, from the console."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Command

TRAVEL: dict[str, Any] = {
    "id": "travel",
    "name": "Travel request",
    "nodes": [
        {
            "id": "tell",
            "type": "action",
            "action": "slack.sendMessage",
            "connection": "acme-slack",
            "input": {"channel": "${ vars.CHANNEL }", "text": "${ input.where }"},
        }
    ],
}


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_a_workflow_is_proposed_published_approved_and_taken_back(command: Command, tmp_path: Path) -> None:
    definition, described = tmp_path / "travel.json", tmp_path / "travel.yaml"
    definition.write_text(json.dumps(TRAVEL))
    assert command("publish", definition).code == 0
    proposed = command("library", "propose", "travel")
    body = yaml.safe_load(proposed.out)
    assert body["connections"] == {"acme-slack": {"placeholder": "slack", "purpose": {"en": "Access to slack."}}}
    assert body["variables"] == [{"key": "CHANNEL", "type": "STRING", "title": {"en": "CHANNEL"}}]

    described.write_text(yaml.safe_dump({**body, "description": {"en": "Asks for a journey."}}))
    refused = command("library", "publish", "travel", described)
    assert refused.code != 0 and "/category" in refused.err
    body |= {"category": "people", "description": {"en": "Asks for a journey."}}
    described.write_text(yaml.safe_dump({**body, "visibility": "PUBLIC", "author": "Acme"}))
    tried = command("library", "publish", "travel", described, "--id", "travel-request", "--dry-run")
    assert json.loads(tried.out)["template"]["connections"].keys() == {"slack"}
    assert "TEMPLATE" in command("library", "published").out

    published = command("library", "publish", "travel", described, "--id", "travel-request")
    assert "Version 1 of the template travel-request is published and waits for an operator" in published.out
    [submitted] = json.loads(command("library", "submissions", "--json").out)
    assert "travel-request" in command("library", "submissions").out
    approved = command("library", "approve", submitted["id"], "--note", "Well done.")
    assert "Every tenant sees the template travel-request, version 1." in approved.out
    assert "approved" in command("library", "published").out

    again = command("library", "publish", "travel", described, "--id", "travel-request")
    assert "Version 2" in again.out
    [second] = json.loads(command("library", "submissions", "--json").out)
    rejected = command("library", "reject", second["id"], "--note", "Say more.")
    assert "stays its tenant's own" in rejected.out
    withdrawn = command("library", "withdraw", submitted["id"], "--note", "It is broken.")
    assert "its tenant's own again" in withdrawn.out
    assert len(json.loads(command("library", "submissions", "--all", "--json").out)) == 2

    assert "is taken back" in command("library", "unpublish", "travel-request").out
    assert "taken back" in command("library", "published").out


def test_an_operator_features_a_template(command: Command) -> None:
    marked = command("library", "feature", "meter-reading", "--featured", "--reason", "The season begins")
    assert "featured yes, premium as it says itself" in marked.out
    assert json.loads(command("library", "show", "meter-reading", "--json").out)["isFeatured"] is True
    missing = command("library", "feature", "nothing", "--premium", "--reason", "Just so")
    assert missing.code != 0 and "nothing" in missing.err
