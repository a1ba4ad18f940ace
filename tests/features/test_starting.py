"""Starting executions where something fails that nobody foresaw."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from weftline.features.executions.demand import StartDemand
from weftline.features.executions.starter import Starter

TENANT = UUID("00000000-0000-7000-8000-000000000001")


class BrokenPool:
    """Connections that cannot be made, and not as databases fail."""

    def acquire(self, **_: Any) -> Any:
        raise RuntimeError("a fault of ours")


class Hints:
    def send(self) -> None:
        pass


async def test_nobody_waits_for_a_start_that_failed_as_nobody_foresaw():
    starter = Starter(BrokenPool(), versions=None, hints=Hints())  # type: ignore[arg-type]

    async def start() -> None:
        with pytest.raises(RuntimeError, match="a fault of ours"):
            await asyncio.wait_for(starter.start(TENANT, "orders", StartDemand({})), 10)

    await asyncio.gather(start(), start(), start())
    await start()
