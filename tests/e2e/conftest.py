"""Fixtures for tests of the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.weft import Ended
from weftline.cli.main import main
from weftline.cli.target import VARIABLES

Command = Callable[..., Ended]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Calls ``weft`` with arguments, where nobody has signed in to a server."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path) -> Ended:
        monkeypatch.setattr("sys.argv", ["weft", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as exit:
            code = int(exit.code or 0)
        said = capfd.readouterr()
        return Ended(code, said.out, said.err)

    return call
