"""Hiding and masking fields of a workflow's data.

A rule names a field by a dotted path. ``iban`` is a key of this name wherever it stands, ``customer.iban`` one that
stands directly in an object under the key ``customer``, wherever that stands. Lists are looked through: their elements
count as standing where the list stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weftline.language.json_values import Json

Effect = Literal["hide", "mask"]

MASK = "•••"
"""What stands in place of a masked value, whatever it is."""

MAX_KEPT = 1_000
"""Masks that are kept, of as many different pairs of a workflow and somebody's roles."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Who may see a field.

    Attributes:
        workflow_id: of whose data; None for every workflow's.
        field: a dotted path.
        effect: ``hide`` leaves the field out, ``mask`` puts :data:`MASK` in place of its value.
        visible_to: whoever has one of these roles sees it as it is.
    """

    workflow_id: str | None
    field: str
    effect: Effect
    visible_to: frozenset[str]


@dataclass(slots=True)
class _Place:
    """How far a path has been followed.

    Attributes:
        effect: what becomes of the field that is reached here, where a path ends.
        next: by key.
    """

    effect: Effect | None = None
    next: dict[str, _Place] = field(default_factory=dict[str, "_Place"])


class FieldMask:
    """What somebody must not see of a workflow's data.

    Args:
        fields: what to do with which path; where both are asked for, ``hide`` wins.
    """

    def __init__(self, fields: Iterable[tuple[str, Effect]]) -> None:
        self._root = _Place()
        for path, effect in fields:
            place = self._root
            for key in path.split("."):
                place = place.next.setdefault(key, _Place())
            place.effect = "hide" if "hide" in (effect, place.effect) else effect

    def apply(self, value: Json) -> Json:
        """``value`` without what must not be seen. It is not changed; what nothing was taken from is shared."""
        return self._masked(value, (self._root,))

    def _masked(self, value: Json, places: tuple[_Place, ...]) -> Json:
        if isinstance(value, list):
            elements = [self._masked(element, places) for element in value]
            return elements if any(new is not old for new, old in zip(elements, value, strict=True)) else value
        if not isinstance(value, dict):
            return value
        changed: dict[str, Json] = {}
        hidden: set[str] = set()
        for key, child in value.items():
            reached = [place.next[key] for place in places if key in place.next]
            effects = [place.effect for place in reached if place.effect]
            if "hide" in effects:
                hidden.add(key)
            elif effects:
                changed[key] = MASK
            elif isinstance(child, (dict, list)):
                new = self._masked(child, (self._root, *reached))
                if new is not child:
                    changed[key] = new
        if not changed and not hidden:
            return value
        return {key: changed.get(key, child) for key, child in value.items() if key not in hidden}


class FieldRules:
    """A tenant's field rules.

    Args:
        by_workflow: the rules of each workflow, and under None those of every workflow.
    """

    def __init__(self, by_workflow: Mapping[str | None, Sequence[FieldRule]]) -> None:
        self._by_workflow = by_workflow
        self._kept: dict[tuple[str, frozenset[str]], FieldMask | None] = {}

    @classmethod
    def compile(cls, rules: Iterable[FieldRule]) -> FieldRules:
        """The rules, sorted for looking them up."""
        by_workflow: dict[str | None, list[FieldRule]] = {}
        for rule in rules:
            by_workflow.setdefault(rule.workflow_id, []).append(rule)
        return cls(by_workflow)

    def for_roles(self, workflow_id: str, roles: frozenset[str]) -> FieldMask | None:
        """What somebody must not see of a workflow's data; None where they may see all of it.

        Args:
            workflow_id: whose data.
            roles: all of theirs, inherited ones too.
        """
        if not self._by_workflow:
            return None
        key = (workflow_id, roles)
        if key not in self._kept:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = self._make(workflow_id, roles)
        return self._kept[key]

    def _make(self, workflow_id: str, roles: frozenset[str]) -> FieldMask | None:
        rules = (*self._by_workflow.get(None, ()), *self._by_workflow.get(workflow_id, ()))
        fields: list[tuple[str, Effect]] = [
            (rule.field, rule.effect) for rule in rules if roles.isdisjoint(rule.visible_to)
        ]
        return FieldMask(fields) if fields else None
