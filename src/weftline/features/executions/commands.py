"""What can be asked of an execution: messages, and what the audit log tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import Entry
from weftline.store.inbox import Message, MessageKind

REVIVING = frozenset({MessageKind.REWIND, MessageKind.RETRY_COMPENSATION, MessageKind.MIGRATE})
"""What may be asked of an execution that has ended, too."""

_ACTIONS: Mapping[MessageKind, str] = {
    MessageKind.CANCEL: "execution.cancelled",
    MessageKind.PAUSE: "execution.paused",
    MessageKind.RESUME: "execution.resumed",
    MessageKind.SIGNAL: "execution.signalled",
    # the execution itself decides on these, and its log tells what came of them
    MessageKind.BEGIN: "execution.begin_requested",
    MessageKind.RETRY_COMPENSATION: "execution.retry_requested",
    MessageKind.RETRY_STEP: "execution.retry_requested",
    MessageKind.SKIP: "execution.skip_requested",
    MessageKind.CHANGE_DATA: "execution.change_requested",
    MessageKind.AMEND: "execution.amendment_requested",
    MessageKind.VALIDATE: "execution.validation_requested",
    MessageKind.SUBMIT: "execution.submission_requested",
    MessageKind.APPROVE: "execution.approval_requested",
    MessageKind.REJECT: "execution.rejection_requested",
    MessageKind.MIGRATE: "execution.migration_requested",
}

_TOLD: Mapping[str, str] = {
    "name": "name",
    "step": "stepKey",
    "to_step": "toStepId",
    "to_seq": "toSeq",
    "undo": "undo",
    "version": "version",
}
"""What the audit log repeats of a message. The rest is the workflow's data, which it does not."""


class Command(NamedTuple):
    """Something to ask of an execution.

    Attributes:
        kind: what.
        payload: the attributes of the machine's stimulus of that name, JSON; see ``MessageKind``.
    """

    kind: MessageKind
    payload: dict[str, Any]

    def message(self, tenant_id: UUID, execution_id: UUID) -> Message:
        """As it is put into an execution's inbox."""
        text = orjson.dumps(self.payload).decode()
        return Message(tenant_id, execution_id, self.kind, text, self.kind in REVIVING)

    def entry(self, execution_id: UUID, actor: Caller | None) -> Entry:
        """What the audit log tells of it."""
        told = {shown: self.payload[name] for name, shown in _TOLD.items() if self.payload.get(name) is not None}
        reason = self.payload.get("reason")
        return Entry(self._action(), "execution", execution_id, after=told or None, reason=reason, actor=actor)

    def _action(self) -> str:
        if self.kind is not MessageKind.REWIND:
            return _ACTIONS[self.kind]
        if self.payload.get("is_rejection"):
            return "execution.rejection_requested"
        if self.payload.get("skip") is not None:
            return "execution.skip_requested"
        return "execution.rollback_requested" if self.payload.get("undo", True) else "execution.retry_requested"
