"""For processes that ``weft up`` starts: end when it ends, however it ended.

The supervisor holds the other end of the child's standard input. The kernel closes it when the supervisor dies, even
by ``kill -9``, and the child sees the end of its input at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

GRACE = 1.0
"""Seconds between being asked to stop and being gone: the next ``weft up`` may be waiting for the port."""


def stop_with_parent() -> None:
    """From now on, stop this process when its standard input ends."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
