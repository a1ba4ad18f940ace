"""A definition while an overlay changes its steps: it is kept whole, or what is wrong is told."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, cast

from weftline_market_roles.edges import Edge, Step, edges_of, entrances, is_computed, named, next_of, steps_of
from weftline_market_roles.overlay_errors import OverlayError, OverlayProblem


def merged(target: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396): objects are merged, null takes away, everything else replaces."""
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            held = result.get(key)
            its = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
            result[key] = merged(its, cast("dict[str, Any]", value))
        else:
            result[key] = copy.deepcopy(value)
    return result


class Patch:
    """A definition under change.

    Args:
        definition: is changed.

    Attributes:
        place: JSON pointer of the change that is made now; problems are told there.
    """

    def __init__(self, definition: dict[str, Any]) -> None:
        self.place = ""
        self._definition = definition
        self._problems: list[OverlayProblem] = []
        self._removed: dict[str, str] = {}
        self._written: dict[str, str] = {}
        self._entrances = entrances(definition)
        self._orphaned: dict[str, str] = {}

    def tell(self, below: str, message: str, hint: str | None = None) -> None:
        """Something is wrong with the change that is made now."""
        self._problems.append(OverlayProblem(f"{self.place}{below}", message, hint))

    def near(self, name: str, known: Iterable[str]) -> str | None:
        """A hint at the known name that is most like one."""
        found = get_close_matches(name, list(known), n=1)
        return f"did you mean `{found[0]}`?" if found else None

    def find(self, id: str, key: str) -> Step | None:
        """The step of an id, which the change names under a key; None, and a problem, where there is none."""
        for step in steps_of(self._definition):
            if step.get("id") == id:
                return step
        if id in self._removed:
            self.tell(f"/{key}", f"the step `{id}` was removed by {self._removed[id]}")
        else:
            ids = [str(step.get("id")) for step in steps_of(self._definition)]
            self.tell(f"/{key}", f"there is no step `{id}`", self.near(id, ids))
        return None

    def add(self, steps: list[Step], *, after: str | None, before: str | None) -> None:
        """Add a chain of steps after a step, or before one."""
        anchor = self.find(after or before or "", "after" if after else "before")
        if anchor is None or not self._can_be_added(steps):
            return
        for step, following in pairwise(steps):
            _lead(step, following["id"])
        nodes: list[Any] = self._definition["nodes"]
        if after is not None:
            if not self._hands_on(anchor, "after"):
                return
            if "next" in anchor:
                _lead(steps[-1], anchor["next"])
            anchor["next"] = steps[0]["id"]
            nodes[nodes.index(anchor) + 1 : nodes.index(anchor) + 1] = steps
        else:
            edges = self._edges_to(anchor["id"], "before")
            if edges is None:
                return
            for edge in edges:
                edge.lead_to(steps[0]["id"])
            if anchor["id"] in self._entrances:
                self._entrances.add(steps[0]["id"])
            _lead(steps[-1], anchor["id"])
            nodes[nodes.index(anchor) : nodes.index(anchor)] = steps
        self._see()

    def remove(self, id: str) -> None:
        """Take a step out; whatever led to it leads to what followed it."""
        step = self.find(id, "remove")
        edges = None if step is None else self._edges_to(id, "remove")
        if step is None or edges is None or not self._can_go(step, edges):
            return
        following = next_of(step)
        # of a list, each edge is a place: from the last to the first, so that the others stay where they are
        for edge in reversed(edges):
            self._lead_on(edge, following)
        if id in self._entrances:
            self._entrances.update(following)
        self._definition["nodes"].remove(step)
        self._removed[id] = self.place
        self._see()

    def replace(self, id: str, by: Step) -> None:
        """Put another step in the place of one."""
        step = self.find(id, "replace")
        if step is None:
            return
        by.setdefault("id", id)
        if by["id"] != id and not self._can_be_added([by], "/with"):
            return
        if "next" in step:
            _lead(by, step["next"])
        if "dependencies" in step:
            by.setdefault("dependencies", step["dependencies"])
        if by["id"] != id:
            edges = self._edges_to(id, "replace")
            if edges is None:
                return
            for edge in edges:
                edge.lead_to(by["id"])
            for other in steps_of(self._definition):
                if id in (waits_for := named(other, "dependencies")):
                    other["dependencies"] = [by["id"] if each == id else each for each in waits_for]
            if id in self._entrances:
                self._entrances.add(by["id"])
            self._removed[id] = self.place
        self._written[by["id"]] = self.place
        nodes: list[Any] = self._definition["nodes"]
        nodes[nodes.index(step)] = by
        self._see()

    def finished(self) -> dict[str, Any]:
        """The definition, once all is done.

        Raises:
            OverlayError: something was wrong.
        """
        known = {str(step.get("id")) for step in steps_of(self._definition)}
        for edge in edges_of(self._definition):
            if edge.target not in known:
                self.place = self._written.get(edge.source, self._removed.get(edge.target, ""))
                message = (
                    f"`{edge.source or 'the workflow'}` leads by `{edge.way}` to `{edge.target}`, which is not there"
                )
                self.tell("", message, self.near(edge.target, known))
        for id in entrances(self._definition) - self._entrances:
            self.place = self._orphaned.get(id, "")
            self.tell("", f"nothing leads to the step `{id}` any more", "remove it as well, or lead to it")
        self._look_for_readers()
        if self._problems:
            raise OverlayError(self._problems)
        return self._definition

    def _look_for_readers(self) -> None:
        """Tell of expressions that read what a removed step gave."""
        for id in self._removed.keys() - {step.get("id") for step in steps_of(self._definition)}:
            reads = re.compile(rf"\bsteps(\.{re.escape(id)}(?![\w-])|\[\\?[\"']{re.escape(id)}\\?[\"']\])")
            for step in steps_of(self._definition):
                if reads.search(json.dumps(step, ensure_ascii=False)):
                    self.place = self._removed[id]
                    self.tell("", f"`{step.get('id')}` reads what the removed step `{id}` gave (`steps.{id}`)")

    def _can_be_added(self, steps: list[Step], below: str = "/add") -> bool:
        known = {str(step.get("id")) for step in steps_of(self._definition)}
        is_fine = True
        for index, step in enumerate(steps):
            place = below if below == "/with" else f"{below}/{index}"
            id = step.get("id")
            if not isinstance(id, str) or not id:
                self.tell(f"{place}/id", "a step that is added needs an `id`")
                is_fine = False
            elif id in known:
                self.tell(
                    f"{place}/id", f"there is a step `{id}` already", "change or replace it, or choose another id"
                )
                is_fine = False
            else:
                known.add(id)
                self._written[id] = self.place
        return is_fine

    def _hands_on(self, step: Step, key: str) -> bool:
        """Whether something can be put between a step and what follows it."""
        if not _has_next(step):
            ways = "chooses between several ways" if is_decision(step) else "ends the way"
            self.tell(f"/{key}", f"`{step['id']}` {ways}: nothing can follow it", "add before a step that it leads to")
            return False
        if is_computed(step):
            self.tell(f"/{key}", f"an expression chooses what follows `{step['id']}`", "add before one of its targets")
            return False
        return True

    def _edges_to(self, id: str, key: str) -> list[Edge] | None:
        """The edges that lead to a step; None, and a problem, where an expression may lead there, too."""
        for step in steps_of(self._definition):
            if is_computed(step) and (
                id in named(step, "targets") or f"'{id}'" in str(step["next"]) or f'"{id}"' in str(step["next"])
            ):
                self.tell(f"/{key}", f"an expression in `{step['id']}` may lead to `{id}`", f"replace `{step['id']}`")
                return None
        return [edge for edge in edges_of(self._definition) if edge.target == id]

    def _can_go(self, step: Step, edges: list[Edge]) -> bool:
        id = step["id"]
        waiting = [str(each["id"]) for each in steps_of(self._definition) if id in named(each, "dependencies")]
        if waiting:
            self.tell("/remove", f"`{waiting[0]}` waits for `{id}` (`dependencies`)", f"replace `{waiting[0]}` first")
            return False
        if is_decision(step) or is_computed(step):
            self.tell("/remove", f"`{id}` chooses between several ways: it is not clear which is left", "replace it")
            return False
        following = next_of(step)
        for edge in edges:
            if not edge.is_next and len(following) != 1:
                count = "nothing follows" if not following else "several steps follow"
                self.tell(
                    "/remove", f"`{edge.source or 'the workflow'}` leads to `{id}` by `{edge.way}`, and {count} it"
                )
                return False
        return True

    def _lead_on(self, edge: Edge, following: list[str]) -> None:
        """Lead an edge to what followed the step that goes."""
        if not edge.is_next or len(following) == 1:
            edge.lead_to(following[0])
        elif isinstance(edge.key, int):
            edge.holder[edge.key : edge.key + 1] = [each for each in following if each not in edge.holder]
        elif following:
            edge.holder["next"] = list(following)
        else:
            del edge.holder["next"]

    def _see(self) -> None:
        """Note which change it was that left a step without a way to it."""
        for id in entrances(self._definition) - self._entrances:
            self._orphaned.setdefault(id, self.place)


def is_decision(step: Mapping[str, Any]) -> bool:
    """Whether a step chooses between ways of its own."""
    return step.get("type") in ("decision", "condition")


def _has_next(step: Mapping[str, Any]) -> bool:
    """Whether a step says by ``next`` what follows it."""
    return not is_decision(step) and step.get("type") not in ("end", "fail")


def _lead(step: Step, to: Any) -> None:
    """Lead a step on, unless it says itself where it leads, or leads nowhere."""
    if _has_next(step):
        step.setdefault("next", to)
