"""The file that ``weft login`` leaves behind."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from weftline.cli.credentials import Credentials, CredentialsFile, default_path
from weftline.cli.failures import CommandFailed

CREDENTIALS = Credentials("https://weft.example.com", "ada@example.com", "acme", "an-access", "a-refresh", 2e9)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "weftline" / "credentials.json"


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_again_and_forgotten(path: Path):
    file = CredentialsFile(path)
    assert file.read() is None
    file.write(CREDENTIALS)
    assert file.read() == CREDENTIALS
    assert [each.name for each in path.parent.iterdir()] == ["credentials.json"]
    file.delete()
    file.delete()
    assert file.read() is None


@pytest.mark.usefixtures("no_umask")
def test_nobody_else_can_read_it_whatever_the_umask_and_whatever_was_there(path: Path):
    path.parent.mkdir(parents=True, mode=0o777)
    path.write_text("{}")
    CredentialsFile(path).write(CREDENTIALS)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("others", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_reach_is_refused(path: Path, others: int):
    file = CredentialsFile(path)
    file.write(CREDENTIALS)
    path.chmod(others)
    with pytest.raises(CommandFailed, match="it is not yours alone"):
        file.read()


def test_a_link_to_another_file_is_not_followed(path: Path, tmp_path: Path):
    elsewhere = CredentialsFile(tmp_path / "elsewhere.json")
    elsewhere.write(CREDENTIALS)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(CommandFailed, match="cannot read"):
        CredentialsFile(path).read()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": 1}', "\x00"])
def test_a_damaged_file_is_said_to_be(path: Path, content: str):
    file = CredentialsFile(path)
    file.write(CREDENTIALS)
    path.write_text(content)
    with pytest.raises(CommandFailed, match="is damaged"):
        file.read()


def test_tokens_are_not_shown_with_the_rest():
    assert "an-access" not in repr(CREDENTIALS)
    assert "a-refresh" not in repr(CREDENTIALS)


def test_a_token_that_ends_in_a_moment_is_not_fresh():
    assert CREDENTIALS.is_fresh
    ending = Credentials("https://weft.example.com", "ada@example.com", None, "a", "r", time.time() + 5)
    assert not ending.is_fresh


async def test_one_at_a_time_changes_it(path: Path):
    order: list[str] = []

    async def second() -> None:
        async with CredentialsFile(path).locked():
            order.append("second")

    async with CredentialsFile(path).locked():
        waiting = asyncio.create_task(second())
        done, _ = await asyncio.wait([waiting], timeout=0)
        assert not done
        order.append("first")
    await waiting
    assert order == ["first", "second"]


def test_it_is_kept_where_the_user_keeps_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_path() == tmp_path / "weftline" / "credentials.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".config" / "weftline" / "credentials.json"
