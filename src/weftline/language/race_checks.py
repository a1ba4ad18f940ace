"""What can be wrong with waits for the first of several things."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from weftline.language.control_nodes import Alternative, WaitNode, alternative_id, alternative_name
from weftline.language.fields import is_node_id
from weftline.language.node_checks import check_until
from weftline.language.problems import Problems


def check_races(waits: Mapping[str, WaitNode], nodes: Collection[str], problems: Problems) -> None:
    """Adds what is wrong with the alternatives of ``waits``.

    Parameters:
        waits: the wait nodes, by their places.
        nodes: the ids of all nodes: each alternative becomes one more, whose id must not be there yet.
        problems: where to add.
    """
    owners: dict[str, str] = {}
    for place, wait in waits.items():
        for index, alternative in enumerate(wait.first_of or ()):
            where = f"{place}/firstOf/{index}"
            _check_alternative(alternative, where, problems)
            step = alternative_id(wait.id, alternative)
            if not is_node_id(step):
                message = f"`{alternative_name(alternative)}` cannot be a part of the step id `{step}`"
                problems.add("invalid_value", where, message, "give it a short `name` without spaces")
            elif owners.get(step) == place:
                message = f"another alternative is called `{alternative_name(alternative)}` already"
                problems.add("duplicate_branch", where, message, "give it a `name` of its own")
            elif step in nodes or step in owners:
                message = f"its step would have the id `{step}`, which is another's already"
                problems.add("duplicate_id", where, message, "give it another `name`")
            owners.setdefault(step, place)


def _check_alternative(alternative: Alternative, place: str, problems: Problems) -> None:
    ways = (alternative.event, alternative.duration, alternative.until)
    if sum(way is not None for way in ways) != 1:
        message = "an alternative has exactly one of `event`, `duration` and `until`"
        problems.add("conflicting_fields", place, message)
    if alternative.correlation is not None and alternative.event is None:
        problems.add("conflicting_fields", f"{place}/correlation", "`correlation` goes with `event`")
    check_until(alternative.until, f"{place}/until", problems)
