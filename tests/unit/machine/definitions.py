"""Random workflows that validation accepts, for property tests.

A workflow is built from *blocks*, each with one way in and one way out, which are put behind and into each other:
that makes every kind of node and every shape of graph, cycles through waits and joins in branches included, without
drawing graphs that make no sense. A few wild edges are added where validation allows them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import strategies as st

from weftline.language import Program, validate
from weftline.language.compile import compile_workflow

from .scenario import renamed

CONDITIONS = ["true", "false", "n > 2", "has(data.flag)", "absent", "n", "size(data) > 3"]
OUTPUTS = [None, {"n": "${result.n}"}, {"flag": "yes"}]
ROUTES = ["broken", "timed_out", "rejected", "type_mismatch", "deadline_exceeded", "refused"]
COMPENSATIONS: list[Any] = [
    "undo",
    {"action": "undo", "retry": 1},
    {"action": "undo", "input": {"n": "${result.n}"}, "retry": 2},
    {"action": "undo", "queue": "far", "retry": 2, "timeout": "${n}"},
]
JOBS: list[dict[str, Any]] = [{"queue": "far"}, {"queue": "far", "timeout": 30}, {"queue": "far", "timeout": "${n}"}]
"""Actions that remote workers carry out."""
STRATEGIES: list[Any] = [
    None,
    "compensate",
    {"strategy": "retry", "maxRetries": 2, "retryDelay": 10},
    {"strategy": "fallback", "fallbackWorkflow": "rescue"},
    {"strategy": "fail", "notifications": [{"type": "webhook", "recipients": "${error.code}"}]},
]

Block = tuple[dict[str, Any], dict[str, Any]]


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
        last["next"] = self.node("end", terminate=self._rarely(2))["id"]
        settings: dict[str, Any] = {"timeout": 1_000} if self._rarely(5) else {}
        handling = self._draw(st.sampled_from(STRATEGIES))
        if handling is not None and (handling != "compensate" or any(map(_can_be_undone, self.nodes))):
            settings["errorHandling"] = handling
        if any(node["type"] in ("form", "approval") for node in self.nodes) and self._rarely(3):
            settings["review"] = {"draft": self._rarely(2), "fourEyes": self._rarely(2)}
        return {"id": "random", "startNode": first["id"], "nodes": self.nodes, "settings": settings}

    def node(self, type: str, **fields: Any) -> dict[str, Any]:
        node = {"id": f"{type[:3]}{next(self._number)}", "type": type, **fields}
        self.nodes.append(node)
        return node

    def chain(self, depth: int) -> Block:
        """Blocks one behind the other; the first node and the last, which has no ``next`` yet."""
        first, last = self.block(depth)
        for _ in range(self._draw(st.integers(0, 2))):
            entry, end = self.block(depth)
            last["next"] = entry["id"]
            last = end
        return first, last

    def block(self, depth: int) -> Block:
        simple = [
            *(self._action, self._wait, self._event, self._task, self._set),
            *(self._subworkflow, self._emit, self._notification, self._race),
        ]
        nested = [
            *(self._decision, self._parallel, self._fork_and_join, self._cycle, self._split, self._rescue),
            *(self._loop, self._loop, self._choice, self._failure, self._race_of_ways),
        ]
        return self._draw(st.sampled_from(simple + nested if depth else simple))(depth)

    def _rarely(self, of: int) -> bool:
        """True once in so many times."""
        return self._draw(st.integers(1, of)) == of

    def _flow(self, type: str, **fields: Any) -> dict[str, Any]:
        node = self.node(type, **fields)
        if self._rarely(6):
            node["when"] = self._draw(st.sampled_from(CONDITIONS))
        # most, or a random failure would end nearly every story at once
        if not self._rarely(4):
            node["critical"] = False
        output = self._draw(st.sampled_from(OUTPUTS))
        if output is not None:
            node["output"] = output
        if self._rarely(3):
            node["compensate"] = self._draw(st.sampled_from(COMPENSATIONS))
        if type not in ("set", "emit") and self._rarely(8):
            node["deadline"] = self._draw(st.sampled_from([3, 30, "${n}"]))
        return node

    def _action(self, depth: int) -> Block:
        node = self._flow("action", action="work", retry=self._draw(st.integers(1, 3)))
        if self._rarely(2):
            node["input"] = {"n": "${n}"}
        if self._rarely(3):
            node |= self._draw(st.sampled_from(JOBS))
        return node, node

    def _notification(self, depth: int) -> Block:
        node = self._flow("notification", channel="webhook", to="https://example.org", data={"n": "${n}"}, retry=1)
        return node, node

    def _emit(self, depth: int) -> Block:
        node = self._flow("emit", event="x", correlation="${n}", payload={"n": "${n}"})
        return node, node

    def _subworkflow(self, depth: int) -> Block:
        node = self._flow("subworkflow", workflow="other", input={"n": "${n}"})
        match self._draw(st.integers(0, 4)):
            case 0:
                node["wait"] = False
            case 1:
                node["timeout"] = 40
            case 2:
                node["retry"] = 2
            case _:
                pass
        return node, node

    def _wait(self, depth: int) -> Block:
        node = self._flow("wait", duration=self._draw(st.sampled_from([0, 5, 50, "${n}"])))
        return node, node

    def _event(self, depth: int) -> Block:
        node = self._flow("wait", event=self._draw(st.sampled_from(["x", "y"])))
        if self._draw(st.booleans()):
            node["timeout"] = 20
        if self._draw(st.booleans()):
            node["correlation"] = "${n}"
        return node, node

    def _race(self, depth: int) -> Block:
        node = self._flow("wait", firstOf=[{"event": "x"}, {"event": "y", "correlation": "${n}"}])
        if self._rarely(2):
            node["firstOf"].append({"name": "late", "duration": self._draw(st.sampled_from([5, "${n}"]))})
        return node, node

    def _race_of_ways(self, depth: int) -> Block:
        """A race whose winner chooses the way."""
        race, _ = self._race(depth)
        meet = self._flow("set", values={})
        first, last = self.chain(depth - 1)
        race["firstOf"][0]["next"] = first["id"]
        race["next"] = last["next"] = meet["id"]
        return race, meet

    def _task(self, depth: int) -> Block:
        node = self._flow(self._draw(st.sampled_from(["form", "approval"])))
        if self._draw(st.booleans()):
            node["timeout"] = 30
        if self._rarely(2):
            node["validate"] = [{"condition": "result.n > 2", "message": "too small", "field": "n"}]
        return node, node

    def _set(self, depth: int) -> Block:
        node = self._flow("set", values={"n": self._draw(st.sampled_from([1, 4, "${n + 1}", "text"]))})
        return node, node

    def _decision(self, depth: int) -> Block:
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

    def _choice(self, depth: int) -> Block:
        """A step whose ``next`` is an expression."""
        chooser, _ = self._draw(st.sampled_from([self._action, self._set, self._emit, self._task]))(depth)
        meet = self._flow("set", values={})
        (one, last), (other, end) = self.chain(depth - 1), self.chain(depth - 1)
        last["next"] = end["next"] = meet["id"]
        chooser["next"] = self._draw(
            st.sampled_from(
                [
                    f"${{n > 2 ? '{one['id']}' : '{other['id']}'}}",
                    f"${{['{one['id']}', '{other['id']}']}}",
                    f"${{n == 1 ? 'nowhere' : n == 2 ? '{one['id']}' : '{other['id']}'}}",
                ]
            )
        )
        return chooser, meet

    def _failure(self, depth: int) -> Block:
        """A way that ends in an error of the author's own."""
        node = self.node("decision", condition=self._draw(st.sampled_from(CONDITIONS)))
        failure = self.node("fail", code="refused", message="${n} is refused", details={"n": "${n}"})
        meet = self._flow("set", values={})
        node["true"], node["false"], node["onError"] = failure["id"], meet["id"], meet["id"]
        return node, meet

    def _parallel(self, depth: int) -> Block:
        node = self._flow("parallel")
        width = self._draw(st.integers(1, 3))
        node["branches"] = [{"next": self.chain(depth - 1)[0]["id"]} for _ in range(width)]
        node["join"] = self._draw(st.sampled_from(["all", "any", width]))
        if self._rarely(2):
            node["losers"] = "finish"
        for branch in node["branches"]:
            if self._rarely(4):
                branch["compensate"] = self._draw(st.sampled_from(COMPENSATIONS))
        return node, node

    def _loop(self, depth: int) -> Block:
        node = self._flow("loop", do=self.chain(depth - 1)[0]["id"])
        if self._rarely(3):
            node["while"] = self._draw(st.sampled_from(["index < 2", "n < 4", "true", "absent"]))
            node["maxIterations"] = 3
        else:
            node["forEach"] = self._draw(st.sampled_from(["${[1, 2, 3]}", [{"n": 1}, {"n": 2}], [], "${n}", [1] * 5]))
            node["concurrency"] = self._draw(st.integers(1, 3))
            if self._rarely(2):
                node["onItemError"] = "continue"
            if self._rarely(2):
                node["as"] = "line"
        for name, conditions in (
            ("breakWhen", ["index > 1", "result == 1", "absent"]),
            ("continueWhen", ["index == 1", "true", "n == 4", "absent"]),
        ):
            if self._rarely(4):
                node[name] = self._draw(st.sampled_from(conditions))
        if self._rarely(3):
            node["collect"] = False
        return node, node

    def _fork_and_join(self, depth: int) -> Block:
        """Tokens that part and meet at a node with dependencies."""
        fork = self._flow("set", values={})
        chains = [self.chain(depth - 1) for _ in range(self._draw(st.integers(1, 3)))]
        fork["next"] = [first["id"] for first, _ in chains]
        join = self._flow("action", action="work", dependencies=[last["id"] for _, last in chains])
        return fork, join

    def _split(self, depth: int) -> Block:
        """Tokens that part and never meet: what follows runs once for each."""
        fork = self._flow("set", values={})
        meet = self._flow("set", values={})
        chains = [self.chain(depth - 1) for _ in range(2)]
        fork["next"] = [first["id"] for first, _ in chains]
        for _, last in chains:
            last["next"] = meet["id"]
        return fork, meet

    def _cycle(self, depth: int) -> Block:
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

    def _rescue(self, depth: int) -> Block:
        """A block whose failures are handled by another, after which both go on."""
        kind = self._draw(st.sampled_from([self._action, self._task, self._subworkflow, self._race]))
        guarded, _ = kind(depth)
        first, last = self.chain(depth - 1)
        meet = self._flow("set", values={})
        codes = self._draw(st.none() | st.lists(st.sampled_from(ROUTES), min_size=1, unique=True))
        guarded["onError"] = {"next": first["id"]} if codes is None else {"next": first["id"], "codes": codes}
        if self._rarely(3):
            guarded["onError"]["types"] = ["Odd"]
        guarded["next"] = last["next"] = meet["id"]
        return guarded, meet


def _can_be_undone(node: dict[str, Any]) -> bool:
    has_run = node["type"] == "subworkflow" and node.get("wait", True)
    return has_run or any("compensate" in part for part in (node, *node.get("branches", ())))


@dataclass(frozen=True)
class Sketch:
    """A random definition and its program.

    Attributes:
        definition: as an author would write it.
        program: it, compiled.
    """

    definition: dict[str, Any]
    program: Program

    def renamed(self) -> tuple[Sketch, dict[str, str]]:
        """The same with another id for each node, and the new ids by the old ones."""
        names = {node: f"{node}_" for node in self.program.nodes if not node.startswith("$")}
        names |= {f"{node['id']}.{name}": f"{node['id']}_.{name}" for node, name in self._alternatives()}
        return sketch(json.loads(renamed(json.dumps(self.definition), names))), names

    def _alternatives(self) -> list[tuple[dict[str, Any], str]]:
        return [
            (node, alternative.get("name") or alternative["event"])
            for node in self.definition["nodes"]
            for alternative in node.get("firstOf", ())
        ]


def sketch(definition: dict[str, Any]) -> Sketch:
    """A definition that validation accepts, and its program."""
    validation = validate(definition)
    assert validation.workflow is not None, validation.problems
    return Sketch(definition, compile_workflow(validation.workflow))


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    """A random workflow."""
    return sketch(Builder(draw).build())
