"""Runs a durable function as far as its log allows.

The function is a coroutine that is never given to an event loop: it is sent what its calls came to, and yields its next
ones. That takes no time but its own, and needs nothing but the state, so it can be done again anywhere, at any time.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import Any, cast

import orjson

from weftline.authoring.drawing import node_id
from weftline.authoring.errors import ActionError
from weftline.authoring.function import DurableFunction
from weftline.authoring.function_context import (
    Call,
    FunctionContext,
    Group,
    NotDurable,
    Race,
    StepFailed,
    WaitTimedOut,
)
from weftline.language.durations import parse_duration
from weftline.language.fields import CONNECTION_PATTERN, TASK_QUEUE_PATTERN
from weftline.language.json_values import find_flaw, storable_text
from weftline.language.program import FALLBACK_NODE, Scope
from weftline.machine.calls import Call as MadeCall
from weftline.machine.calls import known_node, node_from_spec
from weftline.machine.state import State
from weftline.machine.stimulus import Called, CallRequest, Diverged, Raised, Returned
from weftline.model.errors import WorkflowError
from weftline.model.status import ExecutionStatus

Driven = Called | Returned | Raised | Diverged

Coro = Coroutine[Any, Any, Any]

_TASK_QUEUE = re.compile(TASK_QUEUE_PATTERN)
_CONNECTION = re.compile(CONNECTION_PATTERN)

MAX_CLOSING = 1_000
"""Calls that a function may make on its way out where it is only let go."""


class Constant:
    """A template that is a value: what a function says is not looked through for expressions."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def render(self, scope: Scope) -> Any:
        """The value."""
        return self._value


class _Racing:
    """Calls, the first of which to end counts; by their ids."""

    __slots__ = ("calls",)

    def __init__(self, calls: dict[str, Call]) -> None:
        self.calls = calls


class _Strand:
    """A coroutine at work: the function itself, or one of several that it runs side by side."""

    __slots__ = ("calls", "coroutine", "now", "number", "outer", "path", "waits_for")

    def __init__(
        self, coroutine: Coro, path: str, now: float, outer: _Gathering | None = None, number: int = 0
    ) -> None:
        self.coroutine = coroutine
        self.path = path
        self.now = now
        """Time of the last thing that happened to it, Unix seconds: the same however often it is run again."""
        self.outer = outer
        self.number = number
        self.calls = 0
        self.waits_for: Call | _Racing | None = None

    def next_id(self) -> str:
        id = f"{self.path}.{self.calls}" if self.path else str(self.calls)
        self.calls += 1
        return id


class _Gathering:
    """Several coroutines side by side, and the one that waits for them."""

    __slots__ = ("errors", "left", "results", "strand")

    def __init__(self, strand: _Strand, size: int) -> None:
        self.strand = strand
        self.left = size
        self.results: list[Any] = [None] * size
        self.errors: dict[int, BaseException] = {}


class _Diverged(Exception):
    def __init__(self, message: str, details: dict[str, Any]) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Driver:
    """Runs one execution's function.

    Args:
        function: what to run.
        context: what it gets.
    """

    def __init__(self, function: DurableFunction, context: FunctionContext) -> None:
        self._function = function
        self._context = context
        self._pending: dict[str, _Strand] = {}
        self._ready: list[tuple[_Strand, Any, BaseException | None]] = []
        self._reached: set[str] = set()
        self._to_replay = 0
        self._is_begun = False
        self._rewinds = 0
        self._requests: list[CallRequest] = []
        self._asked: set[str] = set()
        self._heard = 0
        self._to_look_at: list[str] = []
        self._given_up: list[str] = []
        self._result: Driven | None = None
        self.exception: BaseException | None = None
        """What the function raised that its author did not foresee, for the worker's log."""

    def next(self, state: State) -> Driven | None:
        """Run the function on; what it does next, or None where it has to wait.

        Args:
            state: of the execution, with everything that has happened folded in.
        """
        if state.has_ended:
            self.close()
        is_at_work = state.status is ExecutionStatus.RUNNING and state.started_at is not None
        if not is_at_work or state.undoing is not None or FALLBACK_NODE in state.visits:
            return None
        self._requests, self._given_up, self._result, self.exception = [], [], None, None
        self._asked = set()
        try:
            if not self._is_begun or self._rewinds != state.rewinds:
                self._begin(state)
            self._go_on(state)
        except _Diverged as diverged:
            self.close()
            return Diverged(WorkflowError("workflow_changed", diverged.message, diverged.details).to_json())
        if self._result is not None:
            # it may go back to an earlier point later on
            self.close()
            return self._result
        return Called(self._requests, self._given_up) if self._requests or self._given_up else None

    def close(self) -> None:
        """Let go of the function where it stands; it begins anew when it is asked for again."""
        strands = [*self._pending.values(), *(strand for strand, _, _ in self._ready)]
        self._pending, self._ready = {}, []
        self._is_begun = False
        for strand in strands:
            while True:
                _close(strand.coroutine)
                if strand.outer is None:
                    break
                strand = strand.outer.strand

    # --- running ------------------------------------------------------------------------------------------------------

    def _begin(self, state: State) -> None:
        self.close()
        self._is_begun = True
        self._rewinds = state.rewinds
        self._reached = set()
        self._to_look_at = []
        self._heard = 0 if state.calls is None else len(state.calls.news)
        made = {} if state.calls is None else state.calls.made
        self._to_replay = sum(call.is_settled for call in made.values())
        # a copy: what the function does to its input must not change the execution's
        input = orjson.loads(orjson.dumps(state.input))
        strand = _Strand(self._function.body(self._context, input), "", state.started_at or 0.0)
        self._resume(strand, state, None, None)

    def _go_on(self, state: State) -> None:
        """Hand out what has come of calls since, and make those again that were withdrawn."""
        calls = state.calls
        made = {} if calls is None else calls.made
        if calls is not None:
            self._to_look_at += calls.news[self._heard :]
            self._heard = len(calls.news)
        while self._to_look_at and self._result is None:
            ids, self._to_look_at = self._to_look_at, []
            for id in ids:
                call, strand = made.get(id), self._pending.get(id)
                if strand is None or strand.waits_for is None:
                    continue
                awaited = strand.waits_for
                if call is None:
                    if id not in self._asked:
                        self._request([_request(id, awaited.calls[id] if isinstance(awaited, _Racing) else awaited)])
                elif call.is_settled:
                    if isinstance(awaited, _Racing):
                        self._finish_race(strand, awaited, state)
                    else:
                        del self._pending[id]
                        self._hand(strand, call, awaited, state)
                    if self._result is not None:
                        return
        # a pause may keep them from being made
        self._to_look_at = [request.id for request in self._requests]

    def _request(self, requests: list[CallRequest]) -> None:
        self._requests += requests
        self._asked.update(request.id for request in requests)

    def _finish_race(self, strand: _Strand, racing: _Racing, state: State) -> None:
        """Hand out what came first, and give up the others."""
        made = {} if state.calls is None else state.calls.made
        ended = [id for id in racing.calls if id in made and made[id].is_settled]
        first = min(ended, key=lambda id: made[id].seq)
        for id in racing.calls:
            self._pending.pop(id, None)
        self._given_up += [id for id in racing.calls if id in made and not made[id].is_settled]
        self._to_replay -= len(ended) - 1
        position = list(racing.calls).index(first)
        self._hand(strand, made[first], racing.calls[first], state, position)

    def _hand(
        self, strand: _Strand, made: MadeCall, call: Call | None, state: State, position: int | None = None
    ) -> None:
        strand.waits_for = None
        strand.now = max(strand.now, made.at)
        self._to_replay -= 1
        if made.ok:
            value = orjson.loads(orjson.dumps(made.value))
            self._resume(strand, state, value if position is None else (position, value), None)
            return
        is_wait = call is not None and call.kind in ("event", "task") and made.value.get("code") == "timed_out"
        copy = orjson.loads(orjson.dumps(made.value))
        error = (WaitTimedOut if is_wait else StepFailed)(made.node, copy, made.seq)
        self._resume(strand, state, None, error)

    def _resume(self, strand: _Strand, state: State, value: Any, error: BaseException | None) -> None:
        """Run a coroutine, and those that begin or go on with it, until each waits or has ended."""
        # a stack of our own: how deep functions nest, and how often, must not depend on the interpreter's
        self._ready.append((strand, value, error))
        while self._ready and self._result is None:
            self._run(*self._ready.pop(), state)

    def _run(self, strand: _Strand, value: Any, error: BaseException | None, state: State) -> None:
        """Run a coroutine until it waits, or has ended."""
        made = {} if state.calls is None else state.calls.made
        while True:
            self._context.at(strand.now, f"{strand.path}:{strand.calls}")
            self._context.is_replaying = self._to_replay > 0
            try:
                asked = strand.coroutine.send(value) if error is None else strand.coroutine.throw(error)
            except StopIteration as end:
                self._ended(strand, state, end.value, None)
                return
            except KeyboardInterrupt:
                raise
            except BaseException as failure:
                # also what is meant for the worker's own tasks (CancelledError, SystemExit): it must not stop them
                self._ended(strand, state, None, failure)
                return
            value, error = None, None
            match asked:
                case Call():
                    error = self._ask(strand, {strand.next_id(): asked}, made)
                    if error is None:
                        strand.waits_for = asked
                        return
                case Race():
                    path = strand.next_id()
                    calls = {f"{path}.{number}": call for number, call in enumerate(asked.members)}
                    error = self._ask(strand, calls, made)
                    if error is None:
                        strand.waits_for = _Racing(calls)
                        return
                case Group() if asked.members:
                    self._gather(strand, asked)
                    return
                case Group():
                    # it counts as a call, so that chance differs before and after it
                    strand.next_id()
                    value = []
                case _:
                    self._refuse(strand)
                    return

    def _refuse(self, strand: _Strand) -> None:
        """Fail the function, whatever it makes of the error: what it awaits would not survive a crash."""
        error = NotDurable(
            "a durable function awaits its context's methods only: use ctx.sleep for a pause, ctx.step for"
            " whatever takes time or reaches out, ctx.parallel for several at once"
        )
        with suppress(BaseException):
            # it shows in the trace where that was
            strand.coroutine.throw(error)
        self._ready.append((strand, None, None))
        self._result = self._raised(error)

    def _ask(self, strand: _Strand, calls: dict[str, Call], made: dict[str, MadeCall]) -> Exception | None:
        """Take down what a coroutine waits for; returns what is wrong with it."""
        requests: list[CallRequest] = []
        for id, call in calls.items():
            known = made.get(id)
            if known is None:
                try:
                    requests.append(_request(id, call))
                except (TypeError, ValueError) as wrong:
                    return TypeError(f"'{call.name}': {wrong}")
            elif known.node != node_id(call.name):
                # to be let go with the others
                self._ready.append((strand, None, None))
                raise _Diverged(
                    f"call {id} of the function is '{call.name}'; when this execution made it, it was '{known.node}'."
                    " Bring back the code that it began with (as an own version), or migrate it, and resume it",
                    {"call": id, "asks": call.name, "has": known.node, "stepId": known.key},
                )
        self._request(requests)
        self._to_look_at += [id for id in calls if id in made]
        self._reached.update(calls)
        self._pending |= dict.fromkeys(calls, strand)
        return None

    def _gather(self, strand: _Strand, group: Group) -> None:
        path = strand.next_id()
        gathering = _Gathering(strand, len(group.members))
        coroutines = [cast("Coro", each) if isinstance(each, Coroutine) else _wait_for(each) for each in group.members]
        inner = [
            _Strand(coroutine, f"{path}.{number}", strand.now, gathering, number)
            for number, coroutine in enumerate(coroutines)
        ]
        self._ready += [(each, None, None) for each in reversed(inner)]

    def _ended(self, strand: _Strand, state: State, value: Any, failure: BaseException | None) -> None:
        gathering = strand.outer
        if gathering is not None:
            gathering.left -= 1
            gathering.strand.now = max(gathering.strand.now, strand.now)
            gathering.results[strand.number] = value
            if failure is not None:
                gathering.errors[strand.number] = failure
            if gathering.left == 0:
                # in the members' order, not in time's: that is the same in every replay
                first = min(gathering.errors, default=None)
                error = None if first is None else gathering.errors[first]
                self._ready.append((gathering.strand, gathering.results, error))
            return
        self._check_end(state)
        self._result = self._raised(failure) if failure is not None else self._returned(value)

    def _check_end(self, state: State) -> None:
        """Nothing may be in the log that the function did not ask for this time."""
        for id, call in ({} if state.calls is None else state.calls.made).items():
            if id not in self._reached:
                raise _Diverged(
                    f"the function ends without call {id}, '{call.node}', which is in this execution's log."
                    " Bring back the code that it began with (as an own version), or migrate it, and resume it",
                    {"call": id, "has": call.node, "stepId": call.key},
                )

    def _returned(self, value: Any) -> Driven:
        try:
            return Returned(_plain(value))
        except TypeError as wrong:
            return self._raised(TypeError(f"what the function returned is no JSON: {wrong}"))

    def _raised(self, failure: BaseException) -> Raised:
        if isinstance(failure, StepFailed):
            return Raised(dict(failure.error), failure.seq)
        if isinstance(failure, ActionError):
            code, message, retryable = failure.code, failure.message, failure.retryable
            try:
                details = _plain(dict(failure.details))
            except TypeError:
                details = {"unstorable": True}
        else:
            self.exception = failure
            kind = type(failure).__name__
            said = _text_of(failure)
            code = "not_durable" if isinstance(failure, NotDurable) else "workflow_failed"
            message, details, retryable = f"{kind}: {said}" if said else kind, {"type": kind}, False
        error = WorkflowError(storable_text(code), storable_text(message), details, retryable=retryable)
        return Raised(error.to_json())


def _request(id: str, call: Call) -> CallRequest:
    """What a call asks the machine for.

    Raises:
        TypeError, ValueError: something that it was given makes no sense.
    """
    spec = dict(call.spec)
    if call.kind != "action":
        spec["kind"] = call.kind
    name = node_id(call.name)
    if name != call.name:
        spec["name"] = call.name
        if call.kind == "action":
            spec.setdefault("action", call.name)
    queue = call.spec.get("queue")
    if queue is not None and _TASK_QUEUE.fullmatch(queue) is None:
        raise ValueError(f"'{queue}' cannot be a task queue's name: nobody could fetch from it")
    connection = call.spec.get("connection")
    if connection is not None and _CONNECTION.fullmatch(connection) is None:
        raise ValueError(f"'{connection}' cannot be a connection's name")
    if connection is not None and queue is not None:
        raise ValueError("the remote workers of a task queue have no connections; name one or the other")
    input = call.arguments.get("input")
    if call.kind in ("action", "child"):
        return CallRequest(id, known_node(name, spec), spec, None if input is None else _plain(input))
    given: dict[str, Any] = {}
    for field, value in call.arguments.items():
        if value is None:
            continue
        match field:
            case "duration" | "timeout":
                given[field] = parse_duration(value)
            case "form" | "known_outcomes":
                given[field] = _plain(value) if field == "form" else value
            case _:
                given[field] = Constant(_plain(value))
    return CallRequest(id, node_from_spec(name, spec, **given), spec)


def _plain(value: Any) -> Any:
    """A value as it will be read back from the log.

    Raises:
        TypeError: it is no JSON, or none that can be stored.
    """
    plain = orjson.loads(orjson.dumps(value))
    flaw = find_flaw(plain)
    if flaw is not None:
        raise TypeError(flaw.message)
    return plain


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        # whoever wrote it did not try it out
        return ""


async def _wait_for(member: Awaitable[Any]) -> Any:
    return await member


def _close(coroutine: Coro) -> None:
    for _ in range(MAX_CLOSING):
        try:
            coroutine.close()
        except RuntimeError:
            # it calls something in a `finally`, which is not the end that was meant there
            continue
        except KeyboardInterrupt:
            raise
        except BaseException:
            # it ended with an error of its own, which changes nothing any more
            return
        return
