"""Errors of requests that came with an idempotency key."""

from __future__ import annotations

from weftline.features.errors import Conflict, Invalid, Malformed


class InvalidIdempotencyKey(Malformed):
    """The header cannot be a key."""

    code = "invalid_idempotency_key"
    title = "Idempotency key not valid"


class IdempotencyKeyReused(Invalid):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    title = "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request: take a new one for each act.")


class IdempotencyInProgress(Conflict):
    """The first request under the key is still under way.

    Attributes:
        retry_after: seconds until it may be tried again.
    """

    code = "idempotency_in_progress"
    title = "Request still under way"
    retry_after = 1.0

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still under way. Try again soon.")


class IdempotencyOutcomeUnknown(Conflict):
    """The first request under the key took effect, and its answer was lost."""

    code = "idempotency_outcome_unknown"
    title = "Answer lost"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this Idempotency-Key took effect, and its answer was lost. It is not done again:"
            " look at what it was about."
        )
