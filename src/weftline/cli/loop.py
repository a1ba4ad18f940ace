"""Event loops of commands: uvloop where there is one, and signals as an event to wait for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

IMPATIENCE = 1.0
"""Seconds after which a second signal is meant."""


def run(main: Coroutine[None, None, T]) -> T:
    """Run a coroutine to its end on the fastest event loop there is."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(main)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set, instead of what they would do.

    A signal that comes a second time, when there was time to notice the first, cancels the current task: whoever is
    waiting has waited long enough. (Some senders send the same signal twice at once.)
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    stop = asyncio.Event()
    since = 0.0

    def on_signal() -> None:
        nonlocal since
        if not stop.is_set():
            since = loop.time()
            stop.set()
        elif loop.time() - since > IMPATIENCE and task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return stop


def interrupt_on_sigterm() -> None:
    """From now on, SIGTERM interrupts this process as Ctrl-C does, so that it cleans up after itself."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
