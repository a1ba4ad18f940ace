"""Random workflows that validation accepts, for property tests.

A workflow is built from *blocks*, each with one way in and one way out, which are put behind and into each other:
that makes every kind of node and every shape of graph, cycles through waits and joins in branches included, without
drawing graphs that make no sense. A few wild edges are added where validation allows them.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import strategies as st

from weftline.language import Program, validate
from weftline.language.compile import compile_workflow

CONDITIONS = ["true", "false", "n > 2", "has(data.flag)", "absent", "n", "size(data) > 3"]
OUTPUTS = [None, {"n": "${result.n}"}, {"flag": "yes"}]
ROUTES = ["broken", "timed_out", "rejected", "type_mismatch"]


class Builder:
    """Draws blocks.

    Args:
        draw: hypothesis'.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._number = count(1)
        self.nodes: list[dict[str, Any]] = []

    def build(self) -> dict[str, Any]:
        """A whole definition."""
        first, last = self.chain(3)
        last["next"] = self.node("end", terminate=self._draw(st.booleans()))["id"]
        settings: dict[str, Any] = {"timeout": 1_000} if self._draw(st.integers(0, 4)) == 0 else {}
        return {"id": "random", "startNode": first["id"], "nodes": self.nodes, "settings": settings}

    def node(self, type: str, **fields: Any) -> dict[str, Any]:
        node = {"id": f"{type[:3]}{next(self._number)}", "type": type, **fields}
        self.nodes.append(node)
        return node

    def chain(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Blocks one behind the other; the first node and the last, which has no ``next`` yet."""
        first, last = self.block(depth)
        for _ in range(self._draw(st.integers(0, 2))):
            entry, end = self.block(depth)
            last["next"] = entry["id"]
            last = end
        return first, last

    def block(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        simple = [self._action, self._wait, self._event, self._task, self._set]
        nested = [self._decision, self._parallel, self._fork_and_join, self._cycle, self._split, self._rescue]
        return self._draw(st.sampled_from(simple + nested if depth else simple))(depth)

    def _flow(self, type: str, **fields: Any) -> dict[str, Any]:
        node = self.node(type, **fields)
        if self._draw(st.integers(0, 5)) == 0:
            node["when"] = self._draw(st.sampled_from(CONDITIONS))
        # most, or a random failure would end nearly every story at once
        if self._draw(st.integers(0, 3)):
            node["critical"] = False
        output = self._draw(st.sampled_from(OUTPUTS))
        if output is not None:
            node["output"] = output
        return node

    def _action(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        node = self._flow("action", action="work", retry=self._draw(st.integers(1, 3)))
        return node, node

    def _wait(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        node = self._flow("wait", duration=self._draw(st.sampled_from([0, 5, 50, "${n}"])))
        return node, node

    def _event(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        node = self._flow("wait", event=self._draw(st.sampled_from(["x", "y"])))
        if self._draw(st.booleans()):
            node["timeout"] = 20
        if self._draw(st.booleans()):
            node["correlation"] = "${n}"
        return node, node

    def _task(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        node = self._flow(self._draw(st.sampled_from(["form", "approval"])))
        if self._draw(st.booleans()):
            node["timeout"] = 30
        return node, node

    def _set(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        node = self._flow("set", values={"n": self._draw(st.sampled_from([1, 4, "${n + 1}", "text"]))})
        return node, node

    def _decision(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Two ways that meet again."""
        node = self.node("decision", condition=self._draw(st.sampled_from(CONDITIONS)))
        meet = self._flow("set", values={})
        for way in ("true", "false"):
            first, last = self.chain(depth - 1)
            node[way] = first["id"]
            last["next"] = meet["id"]
        if self._draw(st.booleans()):
            node["onError"] = meet["id"]
        return node, meet

    def _parallel(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        node = self._flow("parallel")
        width = self._draw(st.integers(1, 3))
        node["branches"] = [self.chain(depth - 1)[0]["id"] for _ in range(width)]
        node["join"] = self._draw(st.sampled_from(["all", "any", width]))
        return node, node

    def _fork_and_join(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Tokens that part and meet at a node with dependencies."""
        fork = self._flow("set", values={})
        chains = [self.chain(depth - 1) for _ in range(self._draw(st.integers(1, 3)))]
        fork["next"] = [first["id"] for first, _ in chains]
        join = self._flow("action", action="work", dependencies=[last["id"] for _, last in chains])
        return fork, join

    def _split(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Tokens that part and never meet: what follows runs once for each."""
        fork = self._flow("set", values={})
        meet = self._flow("set", values={})
        chains = [self.chain(depth - 1) for _ in range(2)]
        fork["next"] = [first["id"] for first, _ in chains]
        for _, last in chains:
            last["next"] = meet["id"]
        return fork, meet

    def _cycle(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """A body that comes round again through a wait, for as long as a condition says so."""
        first, last = self.chain(depth - 1)
        again = self.node("decision", condition=self._draw(st.sampled_from(CONDITIONS)))
        wait = self._flow("wait", event="x") if self._draw(st.booleans()) else self._flow("wait", duration=5)
        wait.pop("when", None)
        out = self._flow("set", values={})
        last["next"] = again["id"]
        again["true"], again["false"] = wait["id"], out["id"]
        wait["next"] = first["id"]
        return first, out

    def _rescue(self, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """A block whose failures are handled by another, after which both go on."""
        guarded = self._flow(self._draw(st.sampled_from(["action", "approval"])))
        if guarded["type"] == "action":
            guarded["action"] = "work"
        first, last = self.chain(depth - 1)
        meet = self._flow("set", values={})
        codes = self._draw(st.none() | st.lists(st.sampled_from(ROUTES), min_size=1, unique=True))
        guarded["onError"] = {"next": first["id"]} if codes is None else {"next": first["id"], "codes": codes}
        guarded["next"] = last["next"] = meet["id"]
        return guarded, meet


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A random workflow, compiled."""
    validation = validate(Builder(draw).build())
    assert validation.workflow is not None, validation.problems
    return compile_workflow(validation.workflow)
