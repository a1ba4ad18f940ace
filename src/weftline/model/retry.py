"""How often and when a failed attempt is tried again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter.

    Attributes:
        max_attempts: attempts in all, the first included; 1 means no retry.
        initial_interval: seconds before the second attempt.
        backoff: factor from one interval to the next.
        max_interval: seconds, the longest interval.
        jitter: part of the interval that chance may take away, 0 to 1 (0.2: 80 to 100 % of it).
        non_retryable: error codes that end the step at once.
    """

    max_attempts: int = 3
    initial_interval: float = 1.0
    backoff: float = 2.0
    max_interval: float = 300.0
    jitter: float = 0.2
    non_retryable: frozenset[str] = frozenset()

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait after attempt number ``attempt`` (1-based) failed.

        ``chance`` is a number in [0, 1), drawn by the caller: the policy itself is deterministic.
        """
        # the exponent is capped so that a policy with many attempts cannot overflow a float
        interval = min(self.max_interval, self.initial_interval * self.backoff ** min(attempt - 1, 64))
        return interval * (1.0 - self.jitter * chance)


NO_RETRY = RetryPolicy(max_attempts=1)
DEFAULT_RETRY = RetryPolicy()
