"""What a dialect writes without a note says what the definition said; what it cannot say, it names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from tests.unit.language.dialects.meaning import meaning

from weftline.language.dialects import dialects, read_document
from weftline.language.validate import validate

TEXT = st.sampled_from(["a", "b c", "é"])
DURATION = st.sampled_from(["1s", "250ms", "2d", 90, "PT1H", 0.5])
RETRY = st.sampled_from(
    [
        1,
        3,
        {"maxAttempts": 4},
        {"maxAttempts": 2, "initialInterval": "1s", "maxInterval": "1s", "backoff": 1, "jitter": 0},
        {"initialInterval": "2s"},
        {"nonRetryable": ["x"]},
    ]
)
ROLES = 'has(input.marketRole) && input.marketRole in ["BRP"]'
GUARD = st.sampled_from(["input.n > 1", ROLES])
TEMPLATE = st.sampled_from(["${input.n}", {"k": "v"}, {"k": "${input.n}"}])
OUTPUT = st.just({"found": "${result}"})
COMPENSATE = st.sampled_from(["undo", {"action": "undo", "input": {"k": 1}}, {"action": "undo", "retry": 2}])
VALIDATORS = st.just([{"condition": "has(result.k)", "message": "k is missing", "field": "k"}])
FLOW = {"name": TEXT, "description": TEXT, "when": GUARD, "output": OUTPUT, "critical": st.booleans()}

KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "action": (
        {"action": st.sampled_from(["act", "crm.find", "a.b.c"])},
        {**FLOW, "input": TEMPLATE, "retry": RETRY, "timeout": DURATION, "compensate": COMPENSATE},
    ),
    "wait": ({"duration": DURATION}, FLOW),
    "delay": ({"duration": st.just("${input.pause}")}, FLOW),
    "set": ({"values": st.sampled_from([{}, {"k": 1}])}, FLOW),
    "http": (
        {"url": st.just("https://crm.example")},
        {**FLOW, "method": st.just("POST"), "headers": st.just({"A": "b"}), "body": TEMPLATE, "timeout": DURATION}
        | {"retry": RETRY},
    ),
    "form": (
        {},
        {**FLOW, "assignTo": TEXT, "form": st.just({"type": "object"}), "validate": VALIDATORS, "dueIn": DURATION},
    ),
    "approval": ({}, {**FLOW, "assignTo": TEXT, "approvals": st.integers(1, 2), "fourEyes": st.just(True)}),
    "notification": (
        {"to": st.just("a@example.com"), "message": TEXT},
        {**FLOW, "subject": TEXT, "retry": RETRY},
    ),
    "subworkflow": ({"workflow": st.just("other")}, FLOW),
}

HEADINGS = st.fixed_dictionaries(
    {"id": st.sampled_from(["flow", "12", "a-b.c"])},
    optional={
        "name": TEXT,
        "description": TEXT,
        "version": st.just("1.0.0"),
        "settings": st.sampled_from(
            [
                {"timeout": "1h"},
                {"review": True},
                {"retry": 2},
                {"errorHandling": "compensate"},
                {"errorHandling": {"strategy": "retry", "maxRetries": 2}},
                {"errorHandling": {"strategy": "fallback", "fallbackWorkflow": "other"}},
                {"errorHandling": {"notifications": [{"type": "email", "recipients": "a@example.com"}]}},
            ]
        ),
        "triggers": st.sampled_from(
            [
                [{"type": "schedule", "cron": "0 8 * * *", "timezone": "Europe/Brussels", "enabled": False}],
                [{"id": "t", "type": "event", "event": "crm.added", "condition": "event.payload.n == 1"}],
                [{"type": "event", "event": "a.b", "integrationId": "a", "integrationEventId": "b"}],
                [{"type": "manual"}],
            ]
        ),
        "input": st.sampled_from(
            [
                {"type": "object"},
                {
                    "type": "object",
                    "required": ["marketRole"],
                    "properties": {"marketRole": {"type": "string", "enum": ["BRP"]}},
                },
            ]
        ),
        "output": TEMPLATE,
    },
)


NAMED = frozenset({"name", "description"})
SAYS: dict[str, tuple[str, str, frozenset[str]]] = {
    "nodes": ("wait", "step decision", NAMED),
    "designer": ("action wait delay", "step decision fork loop error", NAMED | {"when", "output", "input", "timeout"}),
    "steps": ("action", "step fork", NAMED | {"critical", "timeout"}),
    "market": ("form approval http notification", "step", NAMED | {"assignTo", "form", "validate", "body", "subject"}),
}
"""What a dialect is for: kinds of nodes, ways in which they lead on, and optional fields. Others come in as well, but
seldom, so that many definitions can be written as a whole."""

HARDLY = st.integers(0, 7).map(lambda number: number == 0)


@st.composite
def definitions(draw: st.DrawFn, dialect: str) -> dict[str, Any]:
    """Valid definitions of up to five steps: a chain, with ways that part, wait for each other, loop and fail."""
    said_kinds, said_shapes, said_fields = SAYS[dialect]
    heading: dict[str, Any] = draw(HEADINGS)
    heading = {key: value for key, value in heading.items() if key in {"id", *NAMED} or draw(HARDLY)}
    if dialect == "market":
        heading["settings"] = {"review": True}
    kinds = st.sampled_from(sorted(KINDS)) if draw(HARDLY) else st.sampled_from(said_kinds.split())
    shapes = (
        st.sampled_from(["step", "decision", "fork", "loop", "error"])
        if draw(HARDLY)
        else st.sampled_from(said_shapes.split())
    )
    ids = [f"n{index}" for index in range(draw(st.integers(1, 5)))]
    nodes: list[dict[str, Any]] = []
    for index, id_ in enumerate(ids):
        following = ids[index + 1 :]
        shape = draw(shapes)
        if shape == "decision" and following:
            ways = {"true": following[0], "false": draw(st.sampled_from([*following, "end"]))}
            nodes.append({"id": id_, "type": "decision", "condition": "input.n > 1", **ways})
            continue
        if shape == "loop" and following:
            loop = draw(st.sampled_from([{"forEach": "${input.list}"}, {"while": "n > 0", "maxIterations": 3}]))
            nodes.append({"id": id_, "type": "loop", **loop, "do": following[0], "next": following[1:2]})
            continue
        kind = draw(kinds)
        needed, optional = KINDS[kind]
        fields = draw(st.fixed_dictionaries(needed, optional=optional))
        node = {"id": id_, "type": kind}
        node |= {key: value for key, value in fields.items() if key in needed or key in said_fields or draw(HARDLY)}
        node["next"] = following[:2] if shape == "fork" else following[:1] or draw(st.sampled_from([[], ["end"]]))
        if shape == "error" and following:
            node["onError"] = draw(st.sampled_from([following[-1], {"next": following[-1], "codes": ["x"]}]))
        leads = [other["id"] for other in nodes if id_ in other.get("next", [])]
        if leads and (len(leads) > 1 or draw(HARDLY)):
            node["dependencies"] = leads
        nodes.append(node)
    if any("end" in (*node.get("next", ()), node.get("false")) for node in nodes):
        nodes.append({"id": "end", "type": "end"})
    if draw(st.booleans()):
        nodes.insert(0, {"id": "begin", "type": "start", "next": [ids[0]]})
    return {**heading, "nodes": [{key: value for key, value in node.items() if value != []} for node in nodes]}


STEP = {"action": "crm.find", "input": {"k": "${input.n}"}, "output": {"found": "${result}"}}
EXPRESSIBLE: dict[str, dict[str, Any]] = {
    "nodes": {
        "id": "flow",
        "name": "Flow",
        "nodes": [
            {"id": "begin", "type": "start", "next": "pause"},
            {"id": "pause", "type": "wait", "duration": "90s", "next": "large"},
            {"id": "large", "type": "decision", "condition": "n > 1", "true": "pause", "false": "end"},
            {"id": "end", "type": "end"},
        ],
    },
    "designer": {
        "id": "flow",
        "startNode": "find",
        "nodes": [
            {
                "id": "find",
                "type": "action",
                **STEP,
                "when": "input.n > 1",
                "onError": "find.on-error",
                "next": ["each", "late"],
            },
            {"id": "find.on-error", "type": "set", "values": {}, "next": ["each", "late"]},
            {"id": "each", "type": "loop", "while": "n > 0", "maxIterations": 3, "do": "inner"},
            {"id": "inner", "type": "action", "action": "act", "retry": {"maxAttempts": 2}},
            {"id": "late", "type": "delay", "until": "2030-01-01T00:00:00Z"},
        ],
    },
    "steps": {
        "id": "flow",
        "settings": {"errorHandling": {"strategy": "fallback", "fallbackWorkflow": "other"}},
        "nodes": [
            {"id": "a", "type": "action", "action": "a", "timeout": "5s", "next": ["b", "c"]},
            {"id": "b", "type": "action", "action": "b", "critical": False, "retry": {"maxAttempts": 2}},
            {"id": "c", "type": "action", "action": "c", "retry": 1},
            {"id": "d", "type": "action", "action": "d", "dependencies": ["b", "c"]},
        ],
    },
    "market": {
        "id": "flow",
        "startNode": "fill",
        "settings": {"review": True},
        "nodes": [
            {"id": "fill", "type": "form", "when": ROLES, "compensate": {"action": "undo", "input": {}}, "next": "ok"},
            {"id": "ok", "type": "approval", "approvals": 2, "outcomes": {"approved": "call", "rejected": "fill"}},
            {"id": "call", "type": "http", "url": "https://crm.example", "retry": {"maxAttempts": 2}, "next": "tell"},
            {"id": "tell", "type": "notification", "to": "a@example.com", "message": "done"},
        ],
    },
}


@pytest.mark.parametrize("name", sorted(EXPRESSIBLE))
def test_a_dialect_can_say_what_it_is_for(name: str):
    definition = EXPRESSIBLE[name]
    assert validate(definition).problems == []
    writing = dialects()[name].write(definition)
    assert list(writing.notes) == []
    assert meaning(read_document(writing.document, name).definition) == meaning(definition)


@pytest.mark.parametrize("name", sorted(SAYS))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_what_is_written_without_a_note_reads_back_as_it_was(name: str, data: st.DataObject):
    definition = data.draw(definitions(name))
    assume(not validate(definition).problems)
    writing = dialects()[name].write(definition)
    event("written" if not writing.notes else "noted")
    if not writing.notes:
        assert meaning(read_document(writing.document, name).definition) == meaning(definition)
