"""Tenants, members, roles and API keys, from the console."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.e2e.conftest import Command


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))
    monkeypatch.setenv("WEFT_PASSWORD_HASH_MEMORY", "8192")


def test_a_tenant_is_made_with_its_administrator_and_goes_through_its_life(command: Command):
    why = ("--reason", "a test")
    made = command("tenant", "create", "acme", "--name", "Acme Ltd", "--admin-email", "ada@acme.example", *why)
    assert (made.code, made.out) == (0, "acme is active.\n")
    listed = {tenant["slug"]: tenant for tenant in command("tenant", "list", *why, "--json").json}
    assert (listed["acme"]["name"], listed["acme"]["status"]) == ("Acme Ltd", "active")
    [administrator] = command("--tenant", "acme", "user", "list", "--json").json
    assert (administrator["email"], administrator["roles"]) == ("ada@acme.example", ["admin"])

    assert command("tenant", "suspend", "acme", *why).out == "acme is suspended.\n"
    assert command("tenant", "activate", "acme", *why).out == "acme is active.\n"
    assert command("tenant", "archive", "acme", *why).code == 1
    assert command("tenant", "suspend", "acme").code == 2
    unknown = command("tenant", "suspend", "nothing", *why)
    assert (unknown.code, "nothing" in unknown.err) == (1, True)


def test_a_list_longer_than_a_page_is_read_to_its_end(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("weftline.cli.client.PAGE", 1)
    for slug in ("acme", "globex"):
        command("tenant", "create", slug, "--admin-email", f"ada@{slug}.example", "--reason", "a test")
    listed = command("tenant", "list", "--reason", "a test", "--json").json
    assert sorted(tenant["slug"] for tenant in listed) == ["acme", "default", "globex"]


def test_a_member_is_invited_by_mail(command: Command):
    invited = command("user", "invite", "Bob@example.com", "--role", "viewer", "--department", "sales", "--json").json
    assert (invited["email"], invited["status"], invited["roles"]) == ("bob@example.com", "invited", ["viewer"])
    assert "bob@example.com" in command("user", "list", "--status", "invited").out
    assert "bob@example.com" in command("mail", "list").out
    refused = command("user", "invite", "eve@example.com", "--role", "wizard")
    assert (refused.code, "wizard" in refused.err) == (2, True)


def test_a_member_is_disabled_and_enabled_again(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("a horse with no name\n"))
    joined = command("user", "invite", "bob@example.com", "--role", "viewer", "--password-stdin")
    assert joined.out == "bob@example.com is active.\n"
    assert command("user", "disable", "Bob@example.com").out == "bob@example.com is disabled.\n"
    assert command("user", "list", "--status", "active", "--json").json == []
    [member] = command("user", "list", "--query", "bob", "--json").json
    assert command("user", "enable", member["id"]).out == "bob@example.com is active.\n"
    stranger = command("user", "disable", "eve@example.com")
    assert (stranger.code, "no member of this tenant" in stranger.err) == (1, True)


def test_the_roles_are_listed(command: Command):
    roles = {role["id"] for role in command("role", "list", "--json").json}
    assert {"viewer", "author", "operator", "approver", "admin"} <= roles
    assert "workflow:publish" in command("role", "list").out
