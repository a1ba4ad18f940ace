"""Where a trigger stands, from what its workflow declares and from what people have done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from weftline.features.triggers.models import Trigger, TriggerStatus
from weftline.features.triggers.rows import declaration_of
from weftline.language.trigger_rules import compile_trigger, schedule_of
from weftline.language.triggers import Trigger as Declaration
from weftline.machine.firing import jitter

UPCOMING = 5
"""Firings of a schedule that are shown."""


class Standing(NamedTuple):
    """Where a trigger stands.

    Attributes:
        status: whether it fires.
        next_for: the next time that its schedule names, Unix seconds; None where there is none.
        next_at: when that is due.
    """

    status: TriggerStatus
    next_for: float | None = None
    next_at: float | None = None


def standing(
    declaration: Declaration, trigger_id: UUID, now: float, *, is_paused: bool, kept: float | None = None
) -> Standing:
    """Where a trigger of a workflow in use stands.

    Args:
        declaration: what the published version says of it.
        trigger_id: which.
        now: Unix seconds.
        is_paused: somebody has paused it.
        kept: the next time that its schedule was to fire already; None where it begins anew.
    """
    if not declaration.enabled:
        return Standing(TriggerStatus.DISABLED)
    if is_paused:
        return Standing(TriggerStatus.PAUSED)
    rule = compile_trigger(declaration).schedule
    if rule is None:
        return Standing(TriggerStatus.ACTIVE)
    following = rule.schedule.after(now) if kept is None else kept
    if following is None:
        return Standing(TriggerStatus.ENDED)
    return Standing(TriggerStatus.ACTIVE, following, following + jitter(rule, trigger_id, following))


def upcoming(trigger: Trigger) -> list[datetime]:
    """The next times that an active schedule names."""
    if trigger.status != TriggerStatus.ACTIVE or trigger.next_for is None:
        return []
    schedule = schedule_of(declaration_of(trigger))
    times = schedule.upcoming(trigger.next_for.timestamp() - 1e-6, UPCOMING)
    return [datetime.fromtimestamp(moment, UTC) for moment in times]
