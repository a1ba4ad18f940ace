"""What can be wrong with a request about the audit log.

::

    NotFound         ── EntryNotFound
    TooManyRequests  ── VerificationRunning
"""

from __future__ import annotations

from weftline.features.errors import NotFound, TooManyRequests


class EntryNotFound(NotFound):
    """The log has no entry of this number."""

    code = "audit_entry_not_found"
    title = "Audit entry not found"

    def __init__(self, seq: int) -> None:
        super().__init__(f"The audit log has no entry {seq}.")


class VerificationRunning(TooManyRequests):
    """The tenant's log is being verified already."""

    code = "verification_running"
    title = "Verification is running"

    def __init__(self) -> None:
        super().__init__("The audit log is being verified already. Try again when that is done.", retry_after=10.0)
