"""What a connection may be used for at most, and how it is treated when the other side fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weftline.language.compile_nodes import retry_policy
from weftline.language.fields import Retry
from weftline.model.retry import DEFAULT_RETRY, RetryPolicy

TIMEOUT, FAILURES, PAUSE = 30.0, 5, 30.0
"""What counts where a connection says nothing: seconds of an exchange, failures in a row, seconds without a try."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A connection's limits.

    Attributes:
        timeout: seconds that one exchange may take.
        rate_per_minute: how often it is used in a minute, by all workers together; None: as often as asked.
        max_concurrent: attempts that use it at once in each worker; None: any number.
        breaker_failures: failures in a row, in one worker, that open its circuit breaker; 0: it has none.
        breaker_seconds: how long nobody tries then.
        retry: how steps that use it are tried again where their definitions say nothing; None: as usual.
    """

    timeout: float = TIMEOUT
    rate_per_minute: float | None = None
    max_concurrent: int | None = None
    breaker_failures: int = FAILURES
    breaker_seconds: float = PAUSE
    retry: RetryPolicy | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Limits:
        """From the stored form; what is left out, or null, is as above."""
        said = {name: value for name, value in given.items() if value is not None}
        retry = said.get("retry")
        return cls(
            timeout=said.get("timeoutSeconds", TIMEOUT),
            rate_per_minute=said.get("ratePerMinute"),
            max_concurrent=said.get("maxConcurrent"),
            breaker_failures=said.get("breakerFailures", FAILURES),
            breaker_seconds=said.get("breakerSeconds", PAUSE),
            retry=None if retry is None else retry_policy(Retry.model_validate(retry), DEFAULT_RETRY),
        )
