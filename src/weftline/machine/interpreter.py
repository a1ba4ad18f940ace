"""The interpreter: from definition, state and one stimulus to events and commands.

:func:`advance` is the only entrance. It is deterministic and does no I/O: time and chance come in with the stimulus.
The state it is given is brought up to date by the very events it returns, so that ``fold(events)`` and the state can
never differ.

A *turn* is one call. Within it tokens move through every node that takes no time (decisions, sets, joins) until each
rests in an open step or has ended. All events of a turn must be stored together, before any of its commands is
carried out.

How tokens move:

* A node without ``dependencies`` is entered once for every token that reaches it.
* A node with ``dependencies`` is an AND-join: it is entered when each of them has been left once more than the node
  was entered (a Petri net's transition: it takes one token from every dependency). A dependency is left when it
  completes, whichever way its token then goes, when it is skipped, and when it fails but is not ``critical``; not
  when its failure or timeout is handled elsewhere. Dependencies are looked for in the join's own branch.
* Where all has come to rest and some, but not all, dependencies of a join were left, the branch or the execution
  fails: nothing could ever enter the join.
* A parallel step stays open while its branches run, each in a scope of its own. A branch ends when no step is open
  in its scope. The join decides when the parallel step completes; branches still at work are then cancelled.
* A failure looks for a handler from the inside out: the node's ``onError``, then the parallel step around it, then
  the workflow.
* A signal goes to the step that has waited for its name longest; where none does, it is kept for the next one.
* While the execution is paused results are recorded, and the places they lead to are *held* until it is resumed.
  Timers do not fire, but for the execution's own deadline.

The parts: ``reacting`` has a function for each stimulus, ``entering`` one for each kind of node, and ``tokens`` what
both build on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from weftline.language.program import Program
from weftline.machine.command import Command
from weftline.machine.reacting import REACT, REVIVING
from weftline.machine.state import State
from weftline.machine.steering import Refusal, refuse
from weftline.machine.stimulus import Stimulus
from weftline.machine.tokens import Tokens
from weftline.model.event import Event

NO_FACTS: Mapping[str, Any] = {}


class Turn(NamedTuple):
    """What one stimulus led to."""

    events: list[Event]
    commands: list[Command]


def advance(
    program: Program, state: State, stimulus: Stimulus, now: float, facts: Mapping[str, Any] = NO_FACTS
) -> Turn:
    """Let ``stimulus`` happen to an execution.

    Args:
        program: the compiled definition that the execution is pinned to.
        state: its state, which is brought up to date in place.
        stimulus: what happened.
        now: Unix seconds; the timestamp of every event of this turn.
        facts: values of ``execution``, ``tenant`` and ``vars`` for expressions.

    Returns:
        The new events, already folded into ``state``, and the commands to carry out once they are stored. Both are
        empty where the stimulus does not concern the execution any more (it has ended, the step is closed).
    """
    tokens = Tokens(program, state, now, facts)
    if not state.has_ended or isinstance(stimulus, REVIVING):
        REACT[type(stimulus)](tokens, stimulus)
        tokens.settle()
    elif getattr(stimulus, "message", 0):
        # whoever asked came too late, and is to know
        refuse(tokens, stimulus, Refusal("execution_ended", f"the execution has ended: it is {state.status.value}"))
    return Turn(tokens.events, tokens.commands)
