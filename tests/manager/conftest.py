"""Fixtures for tests of the manager."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from weftline.manager import WorkflowManager


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What is logged."""
    with capture_logs() as captured:
        yield captured


def settings(home: Path) -> dict[str, Any]:
    """Of a manager with a home of its own."""
    return {
        "home": home,
        "master_key": base64.b64encode(bytes(32)).decode(),
        "worker_lease_seconds": 1.5,
        "worker_poll_interval": 0.2,
        "worker_shutdown_timeout": 0.1,
    }


@pytest.fixture
async def manager(database: str, tmp_path: Path) -> AsyncIterator[WorkflowManager]:
    """A manager with a worker, on a fresh database."""
    async with WorkflowManager(database_url=database, **settings(tmp_path)) as made:
        yield made
