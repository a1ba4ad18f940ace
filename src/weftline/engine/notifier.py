"""Listens for hints that there is work, and notices when hints do not come through.

Connection poolers in transaction mode swallow LISTEN. So the notifier sends itself a hint now and then; while none
comes back the worker polls more often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from weftline.engine.link import Link
from weftline.engine.loop import Loop
from weftline.store.errors import translated
from weftline.store.hints import DISPATCHES, WORK

ECHO_SECONDS = 2.0
"""How long a hint to oneself may take."""


class Notifier(Loop):
    """Passes hints on.

    Args:
        link: a connection to listen on.
        wake: called at every hint.
        carry_out: called at hints that something is to be carried out.
        interval: seconds between checks that hints come through.
    """

    def __init__(self, link: Link, wake: Callable[[], None], carry_out: Callable[[], None], *, interval: float) -> None:
        super().__init__("notifier", interval)
        self._link = link
        self._hint = wake
        self._carry_out = carry_out
        self._listening_on: object | None = None
        self._heard = asyncio.Event()
        self.works = False

    async def run_once(self) -> int:
        """Listen, where that is not done yet, and check that hints come through."""
        connection = await self._link.get()
        with translated():
            if self._listening_on is not connection:
                self.works = False
                await connection.add_listener(WORK, self._on_hint)
                connection.add_termination_listener(self._on_end)
                self._listening_on = connection
            self._heard.clear()
            await connection.execute(f"NOTIFY {WORK}")
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                await self._heard.wait()
        except TimeoutError:
            self.works = False
        else:
            self.works = True
        return 0

    def _on_hint(self, *hint: Any) -> None:
        self._heard.set()
        self._hint()
        if hint[-1] == DISPATCHES:
            self._carry_out()

    def _on_end(self, *_: Any) -> None:
        # listen again on a new connection, soon
        self.works = False
        self.wake()
