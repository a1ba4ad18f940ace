"""What goes wrong with rates.

::

    TooManyRequests └── RateLimited
"""

from __future__ import annotations

from weftline.features.errors import TooManyRequests


class RateLimited(TooManyRequests):
    """More requests came than are allowed.

    Args:
        whose: in words.
        quota: requests a minute.
        retry_after: seconds until the next one may come.
    """

    code = "rate_limited"

    def __init__(self, whose: str, quota: int, retry_after: int) -> None:
        super().__init__(
            f"{whose} may send {quota:,} requests a minute. Try again in {retry_after} seconds.", retry_after
        )
