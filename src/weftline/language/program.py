"""The compiled form of a definition: what the machine reads.

A :class:`Program` is made once per published version by :func:`weftline.language.compile.compile_workflow` and is
immutable afterwards. Expressions in it are compiled; names are resolved; times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from weftline.model.retry import DEFAULT_RETRY, RetryPolicy

APPROVED, REJECTED = "approved", "rejected"
"""The outcomes that every approval has."""


class Scope(Protocol):
    """Names an expression can see. Looked up one by one, so that an unused name costs nothing."""

    def lookup(self, name: str) -> Any:
        """The value of ``name``; raises KeyError where there is none."""
        ...


class Expression(Protocol):
    """A compiled, bare expression (``condition``, ``when``, ``while``)."""

    source: str

    def evaluate(self, scope: Scope) -> Any:
        """Its JSON value.

        Raises:
            ExpressionError: with code and message, where evaluation fails.
        """
        ...


class Template(Protocol):
    """A compiled JSON value with ``${ … }`` in its strings."""

    def render(self, scope: Scope) -> Any:
        """The JSON value with every expression evaluated.

        Raises:
            ExpressionError: with code and message, where one fails.
        """
        ...


class Kind(IntEnum):
    """What a node does, after aliases and shorthands are resolved."""

    __hash__ = int.__hash__  # the inherited one is a Python function, and these are looked up for every step

    START = 1
    END = 2
    ACTION = 3
    DECISION = 4
    WAIT_TIME = 5
    WAIT_EVENT = 6
    HUMAN_TASK = 7
    PARALLEL = 8
    SET = 9


@dataclass(frozen=True, slots=True)
class ErrorRoute:
    """Where a failed step's token goes: the first route whose ``codes`` hold the error's code (None: any)."""

    target: str
    codes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One way out of a decision. ``label`` is what the log and the designer show."""

    label: str
    condition: Expression
    target: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a parallel node: its name and the node it begins with."""

    name: str
    start: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a human task escalates, counted from its opening, whom it is then assigned to as well, and who is told."""

    after: float | Template
    assign_to: Template | None = None
    notify: Template | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the workflow, ready to run. Fields that its kind does not use keep their defaults.

    Durations are seconds (float) or a :class:`Template` that renders to a duration (string or number of seconds).
    """

    id: str
    kind: Kind
    name: str
    next: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    when: Expression | None = None
    input: Template | None = None
    output: Mapping[str, Template] | None = None
    """Keys to set in ``data``, from a scope in which ``result`` is the step's output."""
    retry: RetryPolicy = DEFAULT_RETRY
    timeout: float | Template | None = None
    """ACTION: per attempt. WAIT_EVENT and HUMAN_TASK: of the whole wait."""
    timeout_next: str | None = None
    """WAIT_EVENT and HUMAN_TASK: where the token goes on timeout; None: the step fails with ``timed_out``."""
    on_error: tuple[ErrorRoute, ...] = ()
    critical: bool = True
    """False: a step that fails for good lets the workflow go on by ``next``."""

    action: str = ""
    """ACTION: the registered action's name."""
    cases: tuple[Case, ...] = ()
    """DECISION: tried in order."""
    default: str | None = None
    """DECISION: where no case holds; None: the step fails with ``no_case_matched``."""
    duration: float | Template | None = None
    """WAIT_TIME: how long, or None where ``until`` says when."""
    until: Template | None = None
    """WAIT_TIME: an RFC 3339 time."""
    event: Template | None = None
    """WAIT_EVENT: the event's name."""
    correlation: Template | None = None
    """WAIT_EVENT: only an event with this correlation (rendered to a string) resumes it."""
    form: Any = None
    """HUMAN_TASK: a form's name or JSON Schema, shown to the person."""
    assign_to: Template | None = None
    """HUMAN_TASK: a user, group or role, or a list of them."""
    outcomes: Mapping[str, str] = field(default_factory=dict[str, str])
    """HUMAN_TASK: from outcome to node."""
    known_outcomes: tuple[str, ...] = ()
    """HUMAN_TASK: those offered to the person; empty: any will do."""
    approvals_required: int = 1
    """HUMAN_TASK: how many people must give an approving outcome."""
    approving_outcomes: tuple[str, ...] = ()
    """HUMAN_TASK: which outcomes approve."""
    four_eyes: bool = False
    """HUMAN_TASK: whoever started the execution has no say."""
    due_in: float | Template | None = None
    """HUMAN_TASK: when it should be done; nothing happens by itself then."""
    escalation: Escalation | None = None
    """HUMAN_TASK: what happens where it is not done in time."""
    notifies: bool = False
    """HUMAN_TASK: those who are asked are told by mail."""
    is_approval: bool = False
    """HUMAN_TASK: a ``rejected`` outcome without a route of its own fails the step with code ``rejected``."""
    branches: tuple[Branch, ...] = ()
    join: int = 0
    """PARALLEL: how many branches must end well."""
    values: Mapping[str, Template] = field(default_factory=dict[str, Template])
    """SET: keys to set in ``data``."""
    terminate: bool = False
    """END: ends the whole execution, whatever else still runs."""


@dataclass(frozen=True, slots=True)
class Program:
    """A whole workflow, ready to run.

    Attributes:
        id, name: as in the definition.
        nodes: every node by id.
        start: the nodes that get a token when an execution starts.
        dependents: for each node, the nodes that name it among their ``dependencies``.
        output: renders the execution's output when it completes; None: the last step's output.
        timeout: seconds, the deadline of a whole execution.
        joins: the nodes that have dependencies, found among ``nodes``.
    """

    id: str
    name: str
    nodes: Mapping[str, Node]
    start: tuple[str, ...]
    dependents: Mapping[str, tuple[str, ...]]
    output: Template | None = None
    timeout: float | None = None
    joins: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        joins = tuple(node.id for node in self.nodes.values() if node.dependencies)
        object.__setattr__(self, "joins", joins)


class ExpressionError(Exception):
    """An expression could not be evaluated.

    Attributes:
        code: ``unknown_name``, ``no_such_field``, ``type_mismatch``, ``too_large``, ``expression_error`` …
        message: what is wrong, with the expression's source and position.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
