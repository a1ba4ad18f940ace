"""For processes that ``weft up`` starts: end when it ends, however it ended.

The supervisor holds the other end of the child's standard input. The kernel closes it when the supervisor dies, even
by ``kill -9``, and the child sees the end of its input at once. What it writes there says that the database is ready:
children are started before that, and load what they need meanwhile.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

READY = b"\n"
"""What the supervisor writes once the database can be used."""

GRACE = 1.0
"""Seconds between being asked to stop and being gone: the next ``weft up`` may be waiting for the port."""


_ready = threading.Event()


def stop_with_parent() -> None:
    """From now on, stop this process when its standard input ends."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def wait_for_database() -> None:
    """Wait until the supervisor says that the database can be used."""
    _ready.wait()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1):
        _ready.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
