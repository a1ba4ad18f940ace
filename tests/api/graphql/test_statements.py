"""How many statements operations take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import Engine, event

from tests.api.client import Client, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.graphql.client import ask
from weftline.api.app import Application
from weftline.engine.worker import Worker

NESTED = """
query ($templates: Int!, $executions: Int!) {
  workflowTemplates(first: $templates) {
    nodes { id name executions(first: $executions) {
      nodes { id status steps(first: 20) { nodes { stepId stepName stepStatus output } } } } }
  }
}
"""

BOUNDS = ("BEGIN", "COMMIT", "SET LOCAL", "ROLLBACK")

noted: ContextVar[list[str]] = ContextVar("statements")
"""Where the statements of a test are noted; not those of what ran before, such as a worker's."""


def note(query: str) -> None:
    """Note a statement, where somebody counts, and it does not only begin or end a transaction."""
    sent = noted.get(None)
    if sent is not None and not query.strip().startswith(BOUNDS):
        sent.append(query)


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are sent within, and by what is begun within, but those that begin and end transactions."""

    def by_sqlalchemy(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        note(statement)

    def by_driver(send: Callable[..., Any]) -> Callable[..., Any]:
        async def noting(self: asyncpg.Connection, query: str, *args: Any, **options: Any) -> Any:
            note(query)
            return await send(self, query, *args, **options)

        return noting

    event.listen(Engine, "before_cursor_execute", by_sqlalchemy)
    with monkeypatch.context() as patch:
        for name in ("fetch", "fetchrow", "fetchval"):
            patch.setattr(asyncpg.Connection, name, by_driver(getattr(asyncpg.Connection, name)))
        token = noted.set([])
        try:
            yield noted.get()
        finally:
            noted.reset(token)
            event.remove(Engine, "before_cursor_execute", by_sqlalchemy)


async def test_templates_with_executions_and_steps_take_four_statements_however_many_there_are(
    api: Client, worker: Worker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        await api.publish({**GREETING, "id": f"greeting-{number}"})
        for _ in range(3):
            id = await api.start(f"greeting-{number}", {"name": "Ada"})
            await api.when_status(id, "completed")
    # a server that has just started knows no version yet
    app = Application(api_options(database))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        fresh = Client(http)
        await fresh.sign_in()
        # a new pool asks the server what it is
        await ask(fresh, "{ tasks { nodes { id } } }")
        with statements(monkeypatch) as sent:
            few = await ask(fresh, NESTED, templates=1, executions=1)
        # templates, executions, events, and the versions that say what steps are called
        assert len(sent) == 4, "\n".join(sent)
        with statements(monkeypatch) as sent:
            many = await ask(fresh, NESTED, templates=20, executions=5)
        assert len(sent) == 4, "\n".join(sent)
        with statements(monkeypatch) as sent:
            assert await ask(fresh, NESTED, templates=20, executions=5) == many
        assert len(sent) == 3, "\n".join(sent)
    templates = many["workflowTemplates"]["nodes"]
    assert len(templates) == 4
    assert all(len(each["executions"]["nodes"]) == 3 for each in templates)
    [first] = few["workflowTemplates"]["nodes"]
    assert first["executions"]["nodes"] == templates[0]["executions"]["nodes"][:1]
    steps = first["executions"]["nodes"][0]["steps"]["nodes"]
    assert [step["stepId"] for step in steps] == ["start", "greet", "end"]
