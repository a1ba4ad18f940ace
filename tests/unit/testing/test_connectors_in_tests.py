"""What stands in for an integration's action takes what the action takes."""

from __future__ import annotations

from typing import Any

from weftline.authoring import load_actions
from weftline.testing import WorkflowTest

load_actions()


def telling(input: dict[str, Any]) -> WorkflowTest:
    node = {"id": "tell", "type": "action", "action": "slack.sendMessage", "connection": "chat", "input": input}
    return WorkflowTest({"id": "tell", "nodes": [node]})


def test_an_input_that_the_action_would_refuse_is_refused() -> None:
    run = telling({"txt": "hello"}).mock("slack.sendMessage", returns={"channel": "C1", "ts": "1"}).run()
    run.assert_failed("invalid_input")


def test_one_that_it_takes_reaches_the_mock() -> None:
    given = {"channel": "#team", "text": "hello"}
    run = telling(given).mock("slack.sendMessage", returns={"channel": "C1", "ts": "1"}).run()
    run.assert_called("slack.sendMessage", 1, input=given)
