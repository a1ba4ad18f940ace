"""From an inbox message to what it means to the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson

from weftline.language.program import Program
from weftline.machine.stimulus import (
    Amend,
    Approve,
    Begin,
    Cancel,
    ChangeData,
    ChildEnded,
    ChildUndone,
    ConnectionRenewed,
    JobCompleted,
    JobFailed,
    Migrate,
    Pause,
    Reject,
    Resume,
    RetryCompensation,
    RetryStep,
    Rewind,
    Signal,
    Skip,
    Stimulus,
    Submit,
    TaskCompleted,
    Validate,
)
from weftline.store.inbox import MessageKind
from weftline.store.keyring import CannotOpen
from weftline.store.sealing import Seal, is_sealed, message_place

_STIMULI: Mapping[MessageKind, type[Any]] = {
    MessageKind.SIGNAL: Signal,
    MessageKind.TASK_COMPLETED: TaskCompleted,
    MessageKind.JOB_COMPLETED: JobCompleted,
    MessageKind.JOB_FAILED: JobFailed,
    MessageKind.PAUSE: Pause,
    MessageKind.RESUME: Resume,
    MessageKind.CANCEL: Cancel,
    MessageKind.BEGIN: Begin,
    MessageKind.REWIND: Rewind,
    MessageKind.RETRY_COMPENSATION: RetryCompensation,
    MessageKind.RETRY_STEP: RetryStep,
    MessageKind.SKIP: Skip,
    MessageKind.CHANGE_DATA: ChangeData,
    MessageKind.AMEND: Amend,
    MessageKind.VALIDATE: Validate,
    MessageKind.SUBMIT: Submit,
    MessageKind.APPROVE: Approve,
    MessageKind.REJECT: Reject,
    MessageKind.MIGRATE: Migrate,
    MessageKind.CHILD_ENDED: ChildEnded,
    MessageKind.CHILD_UNDONE: ChildUndone,
    MessageKind.CONNECTION_RENEWED: ConnectionRenewed,
}

_TYPES: Mapping[str, type[Any] | tuple[type[Any], ...]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": float,
    "dict": dict,
    "Mapping": dict,
    "Sequence": list,
    "tuple": tuple,
    "Program": Program,
    "Any": object,
}
"""What a value must be, by what its attribute's type begins with."""

# what is looked up for every message
_ATTRIBUTES = {
    kind: {field.name: _TYPES[re.split(r"\W", str(field.type))[0]] for field in fields(stimulus)}
    for kind, stimulus in _STIMULI.items()
}
_REQUIRED = {
    kind: {field.name for field in fields(stimulus) if field.default is MISSING and field.default_factory is MISSING}
    for kind, stimulus in _STIMULI.items()
}

MAX_VERSION = 2**31 - 1
"""The highest number that a version can have."""

PLACES = ("left", "skip")
"""Attributes of a rewind that are a node and a scope."""


class UnreadableMessage(Exception):
    """A message does not say what its kind has to say. Whoever reads it passes it over."""


def stimulus_of(
    message: asyncpg.Record | Mapping[str, Any], program: Program | None = None, seal: Seal | None = None
) -> Stimulus:
    """The stimulus of an ``inbox`` row.

    Args:
        message: with ``seq``, ``kind`` and ``payload``.
        program: the version that a ``MIGRATE`` names.
        seal: opens the payload, where it is sealed.

    Raises:
        ValueError: the kind is unknown to this release.
        CannotOpen: the payload was sealed for another execution, or was changed.
        UnreadableMessage: the payload is not one of its kind.
    """
    kind = MessageKind(message["kind"])
    payload = _payload(message, seal)
    attributes = _ATTRIBUTES[kind]
    if not isinstance(payload, dict):
        raise UnreadableMessage("the payload is no object")
    values = {name: value for name, value in cast("dict[str, Any]", payload).items() if value is not None}
    if kind is MessageKind.MIGRATE:
        values["program"] = program
    elif kind is MessageKind.REWIND:
        _restore_places(values)
    elif kind is MessageKind.CHILD_ENDED:
        values["chance"] = _chance(values.get("child"))
    if "message" in attributes:
        values["message"] = message["seq"]
    missing = _REQUIRED[kind] - values.keys()
    wrong = [name for name, value in values.items() if not isinstance(value, attributes.get(name, ()))]
    if missing or wrong:
        raise UnreadableMessage(f"'{kind}' without {sorted(missing)} and with {wrong} that it cannot have")
    return _STIMULI[kind](**values)


def target_version(message: asyncpg.Record | Mapping[str, Any], seal: Seal | None = None) -> int | None:
    """The version that a message wants its execution to go on with, or None where it wants no such thing, or cannot be
    read."""
    if message["kind"] != MessageKind.MIGRATE:
        return None
    try:
        payload = _payload(message, seal)
    except CannotOpen:
        return None
    version: Any = cast("dict[str, Any]", payload).get("version") if isinstance(payload, dict) else None
    return version if isinstance(version, int) and 0 < version <= MAX_VERSION else None


def _payload(message: asyncpg.Record | Mapping[str, Any], seal: Seal | None) -> Any:
    text: str = message["payload"]
    if not is_sealed(text):
        return orjson.loads(text)
    place = message_place(message["kind"])
    if seal is None:
        raise CannotOpen(place)
    return orjson.loads(seal.open(text, place))


def _restore_places(values: dict[str, Any]) -> None:
    """Nodes with their scopes are lists in JSON."""
    try:
        for name in PLACES:
            if name in values:
                values[name] = tuple(values[name])
        values["tokens"] = [tuple(token) for token in values.get("tokens", ())]
    except TypeError as error:
        raise UnreadableMessage("a place is a node and a scope") from error


def _chance(child: Any) -> float:
    """A number in [0, 1) for a retry's jitter. A child's id is derived by a hash, which spreads as evenly."""
    try:
        return UUID(child).time_low / 2**32
    except (TypeError, ValueError, AttributeError) as error:
        raise UnreadableMessage("the child is no UUID") from error
