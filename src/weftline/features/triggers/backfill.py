"""Filling a span of the past with what a schedule would have started."""

from __future__ import annotations

from datetime import UTC, datetime

from weftline.features.triggers.errors import InvalidBackfill
from weftline.language.schedules import Schedule
from weftline.store.dispatches import Dispatch
from weftline.store.event_triggers import trigger_dispatch
from weftline.store.triggers import Connection, StoredTrigger, firing_id

MAX_TIMES = 1_000
"""Times in one span."""


def backfill_times(schedule: Schedule, begin: datetime, end: datetime, now: float) -> list[float]:
    """The times that a schedule names from ``begin`` to ``end``, Unix seconds.

    Raises:
        InvalidBackfill: the span lies before 1970 or in the future, or has too many times.
    """
    first, last = _seconds(begin), _seconds(end)
    if last < first:
        raise InvalidBackfill("/to", "The span ends before it begins.")
    if first < 0:
        raise InvalidBackfill("/from", "The span begins before 1970, and schedules do not.")
    if last > now:
        raise InvalidBackfill("/to", "What is still to come fires by itself: the span ends in the past.")
    times = schedule.within(first, last, MAX_TIMES + 1)
    if len(times) > MAX_TIMES:
        raise InvalidBackfill("/from", f"The span has more than {MAX_TIMES:,} times; fill it in parts.")
    return times


async def dispatch_for(connection: Connection, trigger: StoredTrigger, moment: float) -> Dispatch:
    """What lets a schedule fire for a time that has passed."""
    payload = {"trigger": str(trigger.id), "scheduledAt": moment}
    return await trigger_dispatch(connection, trigger.tenant_id, firing_id(trigger.id, moment), payload)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
