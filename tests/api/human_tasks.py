"""What the tests of human tasks share: one workflow that asks for an approval, and its tasks."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from tests.api.client import PATIENCE, Client
from tests.api.mailbox import Mailbox


def approval(**fields: Any) -> dict[str, Any]:
    """A workflow that asks for an approval, in the way that ``fields`` of its node say."""
    node = {
        "id": "approve",
        "type": "approval",
        "name": "Approve the order",
        "outcomes": {"rejected": "refused"},
        "output": {"votes": "${ result.?votes.orValue([]) }"},
        "next": "end",
        **fields,
    }
    return {
        "id": "order",
        "nodes": [
            {"id": "start", "type": "start", "next": "approve"},
            node,
            {"id": "refused", "type": "set", "values": {"refused": True}, "next": "end"},
            {"id": "end", "type": "end"},
        ],
    }


async def open_task(api: Client, workflow: str = "order", **input: object) -> dict[str, Any]:
    """The task of a new execution, which a worker must be there to open. ``api`` sees everybody's tasks."""
    id = await api.start(workflow, input)
    async with asyncio.timeout(PATIENCE):
        while not (items := (await api.get("/tasks", params={"executionId": id})).json()["items"]):
            pass
    (task,) = items
    return task


async def ask(api: Client, **fields: Any) -> dict[str, Any]:
    """Publish the workflow and open a task of it."""
    await api.publish(approval(**fields))
    return await open_task(api)


async def task_ids(client: Client, **params: object) -> list[str]:
    """The tasks that somebody sees."""
    answer = await client.get("/tasks", params=params)
    assert answer.status_code == 200, answer.text
    return [task["id"] for task in answer.json()["items"]]


async def task_token(mailbox: Mailbox, address: str) -> str:
    """The token of the last link to a task that was sent to somebody."""
    text = await mailbox.text(address, "task_link")
    return re.findall(r"http://127.0.0.1:8080/api/v1/task-links/([\w=-]+)", text)[-1]
