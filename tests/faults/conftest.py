"""Fixtures for tests of what the engine survives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.crew import Crew, Litter
from tests.faults.crew import crew as new_crew
from tests.faults.crew import litter as new_litter
from tests.faults.scene import Scene
from tests.faults.scene import scene as new_scene


@pytest.fixture
async def scene(durable_database: str) -> AsyncIterator[Scene]:
    """A database whose commits are flushed to disk, with the load's workflow."""
    async with new_scene(durable_database) as made:
        yield made


@pytest.fixture
def crew(durable_database: str, tmp_path: Path) -> Iterator[Crew]:
    """Worker processes on the scene's database."""
    with new_crew(durable_database, tmp_path) as made:
        yield made


@pytest.fixture
def litter(durable_database: str, tmp_path: Path) -> Iterator[Litter]:
    """Many worker processes on the scene's database, one after another."""
    with new_litter(durable_database, tmp_path) as made:
        yield made
