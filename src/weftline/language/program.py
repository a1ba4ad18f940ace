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
from weftline.model.secrets import labelled

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
    LOOP = 10
    SUBWORKFLOW = 11
    EMIT = 12
    FAIL = 13


@dataclass(frozen=True, slots=True)
class ErrorRoute:
    """Where a failed step's token goes: by the first route that takes the error.

    ``codes`` must hold the error's code, and ``types`` its details' ``type`` (an exception's class); None: any.
    """

    target: str
    codes: frozenset[str] | None = None
    types: frozenset[str] | None = None

    def takes(self, error: Mapping[str, Any]) -> bool:
        """Whether it is the way for an error, a WorkflowError's JSON."""
        if self.codes is not None and error["code"] not in self.codes:
            return False
        return self.types is None or error.get("details", {}).get("type") in self.types


@dataclass(frozen=True, slots=True)
class Compensation:
    """What undoes a completed step or branch: an action, called with ``input``.

    ``input`` is rendered when the step completes, with ``result`` (the step's output) in scope; None: the step's output
    itself. ``timeout`` is of an attempt: seconds, or a template that renders to a duration.
    """

    action: str
    input: Template | None = None
    retry: RetryPolicy = DEFAULT_RETRY
    timeout: float | Template | None = None
    queue: str | None = None
    """The task queue whose remote workers carry it out; None: the action is called here."""
    reads_variables: bool = False
    """``input`` reads variables, and so may mention secrets."""
    connection: str | None = None
    """The connection that the action works with; None: its integration's usual one, where it is one's."""


@dataclass(frozen=True, slots=True)
class Validator:
    """A rule for a person's answer: ``condition`` must be true; ``result`` in it is the answer's data."""

    condition: Expression
    message: str
    field: str | None = None
    """The field of the data that the message is about."""


class FormSchema(Protocol):
    """A compiled JSON Schema of a person's answer."""

    def errors(self, value: Any) -> list[tuple[str, str]]:
        """For each thing wrong with ``value`` its JSON pointer and a sentence."""
        ...


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
    compensate: Compensation | None = None
    next: str | None = None
    """Where the parallel node's token goes when this branch has won the race; None: the node's ``next``."""


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
    """Where the token goes; with ``choose_next``: all nodes that may be chosen."""
    choose_next: Template | None = None
    """Renders to the node, or the list of nodes, among ``next`` that the token goes to."""
    dependencies: tuple[str, ...] = ()
    when: Expression | None = None
    input: Template | None = None
    output: Mapping[str, Template] | None = None
    """Keys to set in ``data``, from a scope in which ``result`` is the step's output."""
    retry: RetryPolicy = DEFAULT_RETRY
    timeout: float | Template | None = None
    """ACTION: per attempt. SUBWORKFLOW: of each run. WAIT_EVENT and HUMAN_TASK: of the whole wait."""
    timeout_next: str | None = None
    """WAIT_EVENT and HUMAN_TASK: where the token goes on timeout; None: the step fails with ``timed_out``."""
    on_error: tuple[ErrorRoute, ...] = ()
    critical: bool = True
    """False: a step that fails for good lets the workflow go on by ``next``."""
    deadline: float | Template | None = None
    """The longest from entering to leaving, all attempts and waits included; the step then fails with
    ``deadline_exceeded``."""
    compensate: Compensation | None = None

    action: str = ""
    """ACTION: the registered action's name."""
    queue: str | None = None
    """ACTION: the task queue whose remote workers carry the step out; None: the action is called here."""
    connection: str | None = None
    """ACTION: the connection that it works with; None: its integration's usual one, where it is one's."""
    reads_variables: bool = False
    """ACTION: ``input`` reads variables, and so may mention secrets."""
    cases: tuple[Case, ...] = ()
    """DECISION: tried in order."""
    default: str | None = None
    """DECISION: where no case holds; None: the step fails with ``no_case_matched``."""
    duration: float | Template | None = None
    """WAIT_TIME: how long, or None where ``until`` says when."""
    until: Template | None = None
    """WAIT_TIME: an RFC 3339 time."""
    event: Template | None = None
    """WAIT_EVENT and EMIT: the event's name."""
    correlation: Template | None = None
    """WAIT_EVENT: only an event with this correlation (rendered to a string) resumes it. EMIT: the event's."""
    payload: Template | None = None
    """EMIT: what the event carries."""
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
    schema: FormSchema | None = None
    """HUMAN_TASK: what the answer must satisfy when a reviewed execution is validated."""
    validators: tuple[Validator, ...] = ()
    """HUMAN_TASK: rules that it must satisfy as well."""
    branches: tuple[Branch, ...] = ()
    join: int = 0
    """PARALLEL: how many branches must end well."""
    lets_finish: bool = False
    """PARALLEL: branches still at work when the join is met are left to finish instead of being cancelled."""
    is_race: bool = False
    """PARALLEL: the output is ``{"name", "output"}`` of the winner; the token goes by that branch's ``next``."""
    items: Template | None = None
    """LOOP: the list to go through, or None where ``condition`` says how long to go on."""
    condition: Expression | None = None
    """LOOP: goes on while this holds; evaluated before each iteration."""
    body: str = ""
    """LOOP: the node that each iteration begins with."""
    alias: str | None = None
    """LOOP: another name for ``item``."""
    concurrency: int = 1
    """LOOP: iterations at once; with a ``condition`` always 1."""
    max_iterations: int | None = None
    """LOOP: more fail the step with ``too_many_iterations``; never None with a ``condition``."""
    break_when: Expression | None = None
    """LOOP: after an iteration, with ``result``, ``item`` and ``index`` in scope: true ends the loop well; iterations
    still at work are cancelled."""
    continue_when: Expression | None = None
    """LOOP: before an iteration, with ``item`` and ``index``: true passes it over."""
    collects: bool = True
    """LOOP: the output is the list of the iterations' outputs, in the items' order; False: their number."""
    tolerates: bool = False
    """LOOP: an iteration that fails does not fail the loop; its output is null, and ``errors`` lists it."""
    workflow: str = ""
    """SUBWORKFLOW: the other workflow's id."""
    version: int | None = None
    """SUBWORKFLOW: None: the published one."""
    waits: bool = True
    """SUBWORKFLOW: False: started and forgotten; the output is ``{"executionId"}``."""
    error_code: str = ""
    """FAIL: the error's code."""
    message: Template | None = None
    """FAIL: the error's message."""
    details: Template | None = None
    """FAIL: the error's details, an object."""
    values: Mapping[str, Template] = field(default_factory=dict[str, Template])
    """SET: keys to set in ``data``."""
    terminate: bool = False
    """END: ends the whole execution, whatever else still runs."""


class Strategy(IntEnum):
    """What happens when a step has failed for good and nothing in the definition handles it."""

    FAIL = 1
    RETRY = 2
    COMPENSATE = 3
    FALLBACK = 4


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """Whom to tell that an execution failed: ``channel`` is ``email`` or ``webhook``.

    ``recipients`` renders to one or several addresses (or URLs); ``template`` names a message template, or is None
    for the built-in one.
    """

    channel: str
    recipients: Template
    template: str | None = None
    subject: Template | None = None
    message: Template | None = None


@dataclass(frozen=True, slots=True)
class ErrorHandling:
    """How a whole workflow answers failure.

    Attributes:
        strategy: what to do.
        max_retries: RETRY: rounds of a step that has used up its own attempts.
        retry_delay: RETRY: seconds before each.
        notices: who is told when the execution has failed or timed out.
    """

    strategy: Strategy = Strategy.FAIL
    max_retries: int = 0
    retry_delay: float = 0.0
    notices: tuple[FailureNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """The review lifecycle: what people entered is validated, submitted and approved before the execution completes.

    Attributes:
        starts_as_draft: a new execution is a draft until somebody starts it or submits its first step.
        four_eyes: whoever submitted it cannot approve it.
    """

    starts_as_draft: bool = True
    four_eyes: bool = False


@dataclass(frozen=True, slots=True)
class ConcurrencyRule:
    """How many executions of a workflow run at once, and what becomes of one too many.

    Attributes:
        key: executions with the same text count together; None: all of the workflow. It sees the input.
        limit: how many may run.
        policy: ``queue`` (it waits for its turn), ``cancel_running`` (the oldest gives way) or ``reject``.
    """

    key: Template | None
    limit: int
    policy: str = "queue"


MAX_ITERATIONS = 1_000_000
"""Of one loop."""

FALLBACK_NODE = "$fallback"
"""Id of the subworkflow node that the compiler adds for ``Strategy.FALLBACK``; no author can write such an id."""


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """The durable function that a workflow is written as.

    Attributes:
        name, version: what workers know it by.
    """

    name: str
    version: str


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
        on_failure: what happens when it fails.
        review: the review lifecycle, or None.
        input_schema: what its input must satisfy, or None.
        concurrency: how many executions run at once, or None where nothing limits them.
        search_attributes: by name, what an execution can be found by; each sees the input and the data.
        priority: 0 to 9, the higher first; None: the platform's default.
        function: what says what comes next, where the nodes do not.
        reads_variables: some expression reads ``vars``.
        encrypts: the payloads of its executions are kept sealed.
        joins: the nodes that have dependencies, found among ``nodes``.
    """

    id: str
    name: str
    nodes: Mapping[str, Node]
    start: tuple[str, ...]
    dependents: Mapping[str, tuple[str, ...]]
    output: Template | None = None
    timeout: float | None = None
    on_failure: ErrorHandling = ErrorHandling()
    review: Review | None = None
    input_schema: FormSchema | None = None
    concurrency: ConcurrencyRule | None = None
    search_attributes: Mapping[str, Template] = field(default_factory=dict[str, Template])
    priority: int | None = None
    function: FunctionReference | None = None
    reads_variables: bool = False
    encrypts: bool = False
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
        # it may repeat the marker of a secret, which must reach nothing but an action's input
        message = labelled(message)
        super().__init__(message)
        self.code = code
        self.message = message
