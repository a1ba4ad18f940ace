"""Fixtures for tests of the command line and of the web app."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.e2e.browser import chromium, complaints, open_page, site
from tests.e2e.weft import Ended
from weftline.cli.main import main
from weftline.cli.target import VARIABLES

__all__ = ["chromium", "complaints", "open_page", "site"]

Command = Callable[..., Ended]


@pytest.fixture
def passing_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands set up the logs of this process: without this, they would go to a standard error that has ended."""
    configure, handlers = structlog.configure, list(logging.getLogger().handlers)

    def configure_for_now(**options: Any) -> None:
        configure(**options | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configure_for_now)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers = handlers


@pytest.fixture
def command(passing_logs: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
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
