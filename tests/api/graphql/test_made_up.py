"""Operations that nobody would write: none of them is a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema, parse_value
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from tests.api.client import Client
from tests.api.definitions import GREETING
from tests.api.graphql.client import send
from weftline.api.graphql.schema import schema
from weftline.engine.worker import Worker

EXAMPLES = 60

EVERYTHING = """
id workflowId versionNumber status error currentSteps startedAt completedAt executionTimeMs createdAt tags priority
startedBy attributes isQueued input output data state undo { stepId action } triggeredBy { type }
steps { edges { cursor node { stepId stepStatus visit input output error attempt startedAt dueAt } } }
events(first: 3) { nodes { seq type occurredAt data } pageInfo { hasNextPage startCursor endCursor } }
"""
WRITTEN = [
    f"{{ executions {{ edges {{ cursor node {{ {EVERYTHING} }} }} pageInfo {{ hasNextPage endCursor }} }} }}",
    "{ workflowTemplates { nodes { __typename id ...More executions { nodes { id again: id } } } } }"
    " fragment More on WorkflowTemplate { name versions { nodes { versionNumber status definition } } }",
    "{ executions { nodes { id @skip(if: true) status } nodes { steps(first: 0) { nodes { stepId } } } } }",
]
"""What is written by people, some of it wrong."""
SCALARS = {
    "JSON": st.sampled_from(["{}", '{a: [1, "x", null]}', "3", '"text"', "[]"]).map(parse_value),
    "DateTime": st.sampled_from(["2026-01-31T12:00:00Z", "2026-01-31", "soon", ""]).map(nodes.String),
    "Long": st.integers().map(nodes.Int),
}


def made_up(kind: str, count: int) -> list[str]:
    """Operations, the same ones every time."""
    known = build_schema(schema().as_str())
    made: list[str] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given((queries if kind == "queries" else mutations)(known, custom_scalars=SCALARS))
    def make(text: str) -> None:
        made.append(text)

    make()
    assert len(made) >= count / 2
    return made


@pytest.mark.parametrize("kind", ["queries", "mutations"])
async def test_made_up_operations_are_answered_or_refused(api: Client, kind: str) -> None:
    await api.publish(GREETING)
    await api.start("greeting", {"name": "Ada"})
    for text in made_up(kind, EXAMPLES):
        answer = await send(api, text)
        assert answer.status_code < 500, f"{answer.text}\n{text}"
        codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
        assert "internal_error" not in codes, f"{answer.text}\n{text}"


async def test_fields_are_read_as_the_library_alone_reads_them(
    api: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.publish(GREETING)
    for name in ("Ada", "Grace"):
        await api.when_status(await api.start("greeting", {"name": name}, tags=["t"], priority=3), "completed")
    for text in [*WRITTEN, *made_up("queries", EXAMPLES // 2)]:
        short = (await send(api, text)).json()
        with monkeypatch.context() as patch:
            patch.setattr(schema(), "execution_context_class", StrawberryGraphQLCoreExecutionContext)
            long = (await send(api, text)).json()
        assert short.get("data") == long.get("data"), text
        assert errors_in(short) == errors_in(long), text


def errors_in(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """What went wrong, and where."""
    return sorted((str(error.get("path")), error["message"]) for error in answer.get("errors", ()))
