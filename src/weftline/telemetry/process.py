"""What a process that is all worker, or all API, sets once for itself."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 50)
"""Steps and requests make and drop many small objects that hold no cycles. With the interpreter's own thresholds
(700, 10, 10) the collector looks through them some thousands of times a second, for nothing: about a tenth of the time
of a step."""


def tune_garbage_collector() -> None:
    """Collect seldom, and never look again at what was made while the process started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
