"""Tests of a workflow as YAML (or JSON): files named ``*.test.yaml``, beside the definition."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from weftline.language.fields import Duration, Element
from weftline.language.model import SCHEMA_DIALECT

GAP = "..."
"""In a path: any number of steps."""


class RaisedError(Element):
    """How an action or a workflow fails."""

    code: str
    """Stable, for `onError` routes and `retry.nonRetryable`."""
    message: str | None = None
    """For people."""
    retryable: bool = True
    """False: the step is not tried again."""
    retry_after: float | None = None
    """Seconds that the other side asks to wait."""
    details: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Anything else; `type` is the exception's class for `onError` routes."""


class Behaviour(Element):
    """What stands in for an action or a workflow does, once."""

    returns: Any = None
    """Its output."""
    data: dict[str, Any] | None = None
    """What it merges into the shared data."""
    raises: str | RaisedError | None = None
    """How it fails: a code, or more than that."""
    takes: Duration = 0
    """How long it takes by the test's clock."""


class Mock(Behaviour):
    """What stands in for an action or a workflow."""

    sequence: Annotated[list[Behaviour], Field(min_length=1)] | None = None
    """One behaviour a call; the last goes on. Instead of the other fields."""


class Line(Element):
    """One line of a script: when something happens, and what."""

    at: Duration | None = None
    """Not before so long after the start."""
    when: str | None = None
    """Not before this node is open."""
    after: Duration | None = None
    """So long after all that, and after the line before."""

    signal: str | None = None
    """A signal of this name comes."""
    event: str | None = None
    """An event of this name comes."""
    payload: Any = None
    """What signal or event carry."""
    correlation: str | None = None
    """Whom the event is for."""
    task: str | None = None
    """Somebody answers the task of this node, as soon as there is one."""
    assignee: str | None = None
    """Only a task that is assigned to them; without `task`, any such task."""
    outcome: str | None = None
    """What they decide."""
    data: dict[str, Any] | None = None
    """What they enter; with `do: retry` and `do: changeData`, keys to set in the shared data."""
    by: str | None = None
    """Who they are."""
    do: (
        Literal[
            "pause",
            "resume",
            "cancel",
            "rollback",
            "retry",
            "skip",
            "changeData",
            "begin",
            "validate",
            "submit",
            "approve",
            "reject",
            "loseWorker",
        ]
        | None
    ) = None
    """What an operator or reviewer does; `loseWorker`: the worker is killed, and another goes on."""
    step: str | None = None
    """The node that `do` is about."""
    input: Any = None
    """With `do: retry`: for the step, instead of what its definition maps."""
    output: Any = None
    """With `do: skip`: taken as the step's output."""
    remove: list[str] = Field(default_factory=list[str])
    """With `do: changeData`: keys to remove."""
    undo: bool = False
    """With `do: cancel`: what has completed is compensated first."""
    redo: bool = False
    """With `do: rollback`: the step itself is undone, and done again."""
    rest: bool = False
    """With `do: rollback`: the execution rests there."""
    reason: str | None = None
    """Why, where that is kept."""


class ExpectedCalls(Element):
    """How an action was called."""

    times: int | None = None
    """So often, all attempts counted; absent: at least once."""
    input: Any = None
    """With this input, at least once."""


class ExpectedEvent(Element):
    """An event that an execution sent."""

    name: str
    """Its name."""
    payload: Any = None
    """What it carries; absent: anything."""
    correlation: str | None = None
    """Its correlation; absent: any."""


class Expect(Element):
    """What a test must come to. What is absent is not looked at."""

    status: str | None = None
    """Where the execution stands: `completed`, `failed`, `waiting` …"""
    output: Any = None
    """Its output."""
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Keys of the shared data and their values; there may be others."""
    error: str | None = None
    """The code of the error that it ended with."""
    path: list[str] | None = None
    """The nodes that it entered, all of them, in order; `...` stands for any number of them."""
    visited: list[str] = Field(default_factory=list[str])
    """Nodes that it entered, in whatever order."""
    not_visited: list[str] = Field(default_factory=list[str])
    """Nodes that it did not enter."""
    waiting_at: list[str] | None = None
    """The nodes that it waits at."""
    undone: list[str] | None = None
    """The nodes that were compensated, in that order."""
    calls: dict[str, int | ExpectedCalls] = Field(default_factory=dict[str, "int | ExpectedCalls"])
    """How often actions were called, by name; or more than that."""
    tasks: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    """Nodes that opened a task, and for whom."""
    emitted: list[ExpectedEvent] = Field(default_factory=list[ExpectedEvent])
    """Events that were sent."""
    virtual_time: Duration | None = None
    """How long it took by the test's clock."""


class Setting(Element):
    """What is around a workflow: for all tests of a file, or for one of them."""

    mocks: dict[str, Mock] = Field(default_factory=dict[str, Mock])
    """By an action's name, what stands in for it."""
    mock_steps: dict[str, Mock] = Field(default_factory=dict[str, Mock])
    """By a node's id, what stands in for the action that it calls."""
    mock_workflows: dict[str, Mock] = Field(default_factory=dict[str, Mock])
    """By a workflow's id, what stands in for it where it is started."""
    real_actions: list[str] = Field(default_factory=list[str])
    """Names of actions that run as they are."""
    variables: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Values of `vars`."""
    secrets: dict[str, str] = Field(default_factory=dict[str, str])
    """Values of the variables that are secrets."""
    starts_at: str | None = None
    """Where the clock begins, RFC 3339."""


class Case(Setting):
    """One test."""

    name: str
    """What it shows."""
    input: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What the execution is started with."""
    script: list[Line] = Field(default_factory=list[Line])
    """What happens to it, in order."""
    until: Duration | None = None
    """It is looked at after so long, whether it has ended or not."""
    expect: Expect
    """What it must come to."""


class Suite(Setting):
    """The tests of one workflow."""

    workflow: str
    """The definition: a file, from here; or code, `module:Object`."""
    children: list[str] = Field(default_factory=list[str])
    """Definitions of workflows that it starts."""
    tests: Annotated[list[Case], Field(min_length=1)]
    """The tests."""


def suite_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a file of tests, for editors."""
    return {"$schema": SCHEMA_DIALECT, **Suite.model_json_schema(by_alias=True, mode="validation")}
