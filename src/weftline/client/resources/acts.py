"""Acts on executions that have begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.executions import Execution, Restarted, ReviewResult, Signalled
from weftline.client.operations import Colour, Resource, call, given
from weftline.client.plan import Plan


class Acts(Resource[Colour]):
    """Acts on an execution. They are accepted whoever runs it; each returns the execution as it then stands."""

    @call
    def cancel(self, id: str, *, reason: str | None = None, compensate: bool = False) -> Plan[Execution]:
        """End an execution, after its compensations where they are wanted."""
        return self._act(id, "cancel", given(reason=reason, compensate=compensate or None))

    @call
    def pause(self, id: str) -> Plan[Execution]:
        """Let an execution begin nothing more."""
        return self._act(id, "pause")

    @call
    def resume(self, id: str) -> Plan[Execution]:
        """Let a paused execution go on."""
        return self._act(id, "resume")

    @call
    def signal(self, id: str, name: str, payload: Any = None) -> Plan[Signalled]:
        """Send an event to one execution that waits for it, or will."""
        body = {"name": name, "payload": payload}
        return self._read(Signalled, "POST", "executions", id, "signals", body=body)

    @call
    def retry(
        self, id: str, *, step: str | None = None, input: Any = None, reason: str | None = None
    ) -> Plan[Execution]:
        """Try what failed again, or go on again from a step.

        Args:
            id: which.
            step: from where; None for what failed.
            input: for the step, instead of its own.
            reason: why; it is recorded.
        """
        return self._act(id, "retry", given(stepId=step, input=input, reason=reason))

    @call
    def roll_back(
        self, id: str, *, to_step: str | None = None, redo: bool = False, reason: str | None = None
    ) -> Plan[Execution]:
        """Undo what completed after a step, and go on from there; without a step, undo everything, and rest.

        Args:
            id: which.
            to_step: what is not undone.
            redo: do that step again, too.
            reason: why; it is recorded.
        """
        return self._act(id, "rollback", given(toStepId=to_step, redo=redo or None, reason=reason))

    @call
    def skip(self, id: str, step: str, *, output: Any = None, reason: str | None = None) -> Plan[Execution]:
        """Pass over a step.

        Args:
            id: of which execution.
            step: which.
            output: taken as the step's.
            reason: why; it is recorded.
        """
        return self._act(id, "skip", given(stepId=step, output=output, reason=reason))

    @call
    def restart(self, id: str, *, input: Mapping[str, Any] | None = None, latest: bool = False) -> Plan[Restarted]:
        """Start a new execution like this one.

        Args:
            id: which is repeated.
            input: what goes in instead.
            latest: run the published version instead of this one's.
        """
        body = given(input=input, latest=latest or None)
        return self._read(Restarted, "POST", "executions", id, "restart", body=body)

    @call
    def validate(self, id: str) -> Plan[ReviewResult]:
        """Check everything that people filled in."""
        return self._read(ReviewResult, "POST", "executions", id, "validate")

    @call
    def start_draft(self, id: str) -> Plan[Execution]:
        """Let a draft, which its template's review asks for, begin."""
        return self._act(id, "start")

    @call
    def submit_step(
        self,
        id: str,
        step: str,
        data: Mapping[str, Any] | None = None,
        *,
        outcome: str | None = None,
        comment: str | None = None,
    ) -> Plan[Execution]:
        """Fill in a step that waits for a person; see ``client.tasks.complete``."""
        body = given(data=data, outcome=outcome, comment=comment)
        return self._read(Execution, "POST", "executions", id, "steps", step, body=body)

    @call
    def change_data(
        self,
        id: str,
        set: Mapping[str, Any] | None = None,
        *,
        remove: Sequence[str] = (),
        reason: str | None = None,
    ) -> Plan[Execution]:
        """Change the data that an execution's steps share.

        Args:
            id: which.
            set: values by key.
            remove: keys.
            reason: why; it is recorded.
        """
        body = {"set": set or {}, "remove": remove, **given(reason=reason)}
        return self._read(Execution, "PATCH", "executions", id, "data", body=body)

    @call
    def migrate(
        self, id: str, version: int, *, nodes: Mapping[str, str] | None = None, reason: str | None = None
    ) -> Plan[Execution]:
        """Let an execution go on with another version of its workflow.

        Args:
            id: which.
            version: the version.
            nodes: new ids of nodes by their old ones, where they have changed.
            reason: why; it is recorded.
        """
        return self._act(id, "migrate", {"version": version, **given(nodes=nodes, reason=reason)})

    @call
    def submit(self, id: str) -> Plan[Execution]:
        """Hand what was filled in to those who approve it."""
        return self._act(id, "submit")

    @call
    def approve(self, id: str, *, comment: str | None = None) -> Plan[Execution]:
        """Accept what was submitted."""
        return self._act(id, "approve", given(comment=comment))

    @call
    def reject(self, id: str, reason: str, *, to_step: str | None = None) -> Plan[Execution]:
        """Send what was submitted back, to a step where one is named."""
        return self._act(id, "reject", given(reason=reason, toStepId=to_step))

    def _act(self, id: str, act: str, body: Mapping[str, Any] | None = None) -> Plan[Execution]:
        return self._read(Execution, "POST", "executions", id, act, body=body or None)
