"""Fixtures for tests of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.engine.harness import Harness, harness
from weftline.authoring import Context


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What is logged. Unconfigured, structlog would lay out every trace with its local variables, for seconds."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Harness]:
    """A database to run workflows on, with an ``echo`` action; every log in it is checked at the end."""
    async with harness(database) as made:

        @made.action("echo")
        async def echo(ctx: Context) -> object:
            return ctx.input

        yield made
