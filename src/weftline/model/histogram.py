"""Durations counted in buckets, so that their percentiles can be added up over hours, versions and tenants.

Buckets grow with what they hold: up to 32 µs each is a microsecond wide, and above that every doubling is cut into 16
of the same width. So a bucket is never wider than a sixteenth of what is in it, and a percentile taken for the middle
of its bucket is at most 3.2 % off, from microseconds to years. (The scheme is that of HDR histograms.)
"""

from __future__ import annotations

from collections.abc import Mapping

SUB_BITS = 4
SUB_BUCKETS = 1 << SUB_BITS
"""Into how many buckets a doubling is cut."""

EXACT = 2 * SUB_BUCKETS
"""Below this each bucket holds one value."""


def bucket_of(microseconds: int) -> int:
    """The bucket of a duration, which must not be negative."""
    if microseconds < EXACT:
        return microseconds
    shift = microseconds.bit_length() - SUB_BITS - 1
    return (shift << SUB_BITS) + (microseconds >> shift)


def bounds(bucket: int) -> tuple[int, int]:
    """The smallest duration in a bucket, and the smallest above it, in microseconds."""
    if bucket < EXACT:
        return bucket, bucket + 1
    shift = (bucket >> SUB_BITS) - 1
    first = SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))
    return first << shift, (first + 1) << shift


def percentile(numbers: Mapping[int, int], part: float) -> float | None:
    """About the duration that ``part`` of all are not longer than (the nearest rank), in microseconds.

    Args:
        numbers: how many durations are in each bucket.
        part: between 0 and 1, such as 0.95.

    Returns:
        The middle of the bucket that it is in; None where there are no durations.
    """
    rank = part * sum(numbers.values())
    seen = 0
    for bucket in sorted(numbers):
        seen += numbers[bucket]
        if seen >= rank:
            low, high = bounds(bucket)
            return (low + high - 1) / 2
    return None
