"""Event loops of commands: uvloop where there is one, and signals as an event to wait for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")


def run(main: Coroutine[None, None, T]) -> T:
    """Run a coroutine to its end on the fastest event loop there is."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set, instead of what they would do. A second signal does what it used to."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stop


def interrupt_on_sigterm() -> None:
    """From now on, SIGTERM interrupts this process as Ctrl-C does, so that it cleans up after itself."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
