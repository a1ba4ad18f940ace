"""What policies are asked, and how it is put to Cedar.

Only what a tenant's policies can ask for is handed over: most of a request's cost is in reading it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Literal, NamedTuple

import cedarpy
import orjson

from weftline.policies.statement import group_of

SubjectType = Literal["User", "Service"]
ResourceType = Literal["Workflow", "Execution", "Task", "Tenant"]

NOTHING: frozenset[str] = frozenset()

MAX_TAG = 512
"""Characters of a tag's value: matching a pattern takes their product with the pattern's length."""


class Unanswerable(ValueError):
    """The request cannot be put to Cedar."""


@dataclass(frozen=True, slots=True)
class PolicySubject:
    """Who acts.

    Attributes:
        id: theirs.
        type: ``User`` or ``Service``.
        name: a person's e-mail address, or the service account's name.
        roles: every role, inherited ones too.
        groups: names of their groups.
        department: where they work.
        methods: how they proved who they are.
    """

    id: str
    type: SubjectType
    name: str
    roles: frozenset[str] = NOTHING
    groups: frozenset[str] = NOTHING
    department: str | None = None
    methods: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted on.

    Attributes:
        type: ``Workflow``, ``Execution``, ``Task`` or ``Tenant``.
        id: its own.
        workflow_id: the workflow that it is or runs.
        started_by: id of the user or service account who started the execution.
        status: where it stands.
        tags: the execution's labels.
        amount: the execution's, where its input has one.
        department: the execution's, where its input has one.
        attributes: scalars of the execution's input, as text.
    """

    type: ResourceType
    id: str
    workflow_id: str | None = None
    started_by: str | None = None
    status: str | None = None
    tags: frozenset[str] = NOTHING
    amount: int | None = None
    department: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """What is to be decided.

    Attributes:
        subject: who acts.
        action: name of the permission that it takes.
        resource: what is acted on.
        now: the moment, in the time zone whose hours policies speak of.
        mfa: a second factor was given.
        address: the client's IP address.
        rbac_allows: roles or grants allow it.
    """

    subject: PolicySubject
    action: str
    resource: Resource
    now: datetime
    mfa: bool
    address: str | None
    rbac_allows: bool


class CedarRequest(NamedTuple):
    """A request as ``cedarpy.is_authorized`` takes it."""

    request: dict[str, Any]
    entities: cedarpy.Entities


def cedar_request(request: PolicyRequest, attributes: frozenset[str] | None, tags: frozenset[str]) -> CedarRequest:
    """A request as Cedar reads it.

    Args:
        request: what is to be decided.
        attributes: names of those to hand over; None for all.
        tags: names of the resource's tags to hand over.

    Raises:
        Unanswerable: a value is too large, or no text.
    """
    subject, resource = request.subject, request.resource
    target = {
        "uid": _uid(resource.type, resource.id),
        "attrs": _asked(_resource_attributes(resource), attributes),
        "parents": _parents(resource),
        "tags": _tags(resource.attributes, tags),
    }
    try:
        actor = _actor(subject, request.action, attributes)
        # the library types a schema that may be given as a dictionary without its items
        entities = actor.with_added_json_str(_text([target]))  # pyright: ignore[reportUnknownMemberType]
        context = _text(_context(request, attributes))
    except (ValueError, TypeError) as error:
        raise Unanswerable(str(error)) from None
    return CedarRequest(
        {
            "principal": _uid(subject.type, subject.id),
            "action": _uid("Action", request.action),
            "resource": target["uid"],
            "context": context,
        },
        entities,
    )


@lru_cache(maxsize=4096)
def _actor(subject: PolicySubject, action: str, attributes: frozenset[str] | None) -> cedarpy.Entities:
    """Who acts and how, in Cedar's own form: reading them is half of a request's cost, and they come again."""
    entities: list[dict[str, Any]] = [
        {"uid": _uid("Action", action), "attrs": {}, "parents": [_uid("Action", group_of(action))]},
        {
            "uid": _uid(subject.type, subject.id),
            "attrs": _asked(_subject_attributes(subject), attributes),
            "parents": [
                *(_uid("Role", role) for role in subject.roles),
                *(_uid("Group", group) for group in subject.groups),
            ],
        },
    ]
    # the library types a schema that may be given as a dictionary without its items
    return cedarpy.Entities.from_json_str(_text(entities))  # pyright: ignore[reportUnknownMemberType]


def _subject_attributes(subject: PolicySubject) -> dict[str, Any]:
    return {
        "id": subject.id,
        "name": subject.name,
        "email": subject.name if subject.type == "User" else None,
        "department": subject.department,
        "methods": list(subject.methods),
    }


def _resource_attributes(resource: Resource) -> dict[str, Any]:
    return {
        "startedBy": resource.started_by,
        "status": resource.status,
        "tags": list(resource.tags),
        "amount": resource.amount,
        "department": resource.department,
    }


def _context(request: PolicyRequest, attributes: frozenset[str] | None) -> dict[str, Any]:
    now = request.now
    context: dict[str, Any] = {
        "mfa": request.mfa,
        "date": now.date().isoformat(),
        "hour": now.hour,
        "weekday": now.isoweekday(),
    }
    # values of extension types cost more than all the rest
    if attributes is None or "now" in attributes:
        context["now"] = _extension("datetime", now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if (attributes is None or "address" in attributes) and request.address is not None:
        context["address"] = _address(request.address)
    return {**_asked(context, attributes), "rbac": request.rbac_allows}


def _asked(values: dict[str, Any], attributes: frozenset[str] | None) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if value is not None and (attributes is None or name in attributes)
    }


def _tags(values: Mapping[str, str], asked: frozenset[str]) -> dict[str, str]:
    tags = {name: values[name] for name in asked if name in values}
    for name, value in tags.items():
        # leaving it out, or cutting it, could let somebody past a forbid
        if len(value) > MAX_TAG:
            raise Unanswerable(f"the value of '{name}' is longer than {MAX_TAG} characters")
    return tags


def _parents(resource: Resource) -> list[dict[str, str]]:
    if resource.workflow_id is None or resource.type not in ("Execution", "Task"):
        return []
    return [_uid("Workflow", resource.workflow_id)]


def _address(address: str) -> dict[str, Any] | None:
    try:
        # Cedar knows no zones (fe80::1%eth0)
        return _extension("ip", str(ip_address(address.partition("%")[0])))
    except ValueError:
        return None


def _uid(kind: str, id: str) -> dict[str, str]:
    return {"type": kind, "id": id}


def _extension(function: str, argument: str) -> dict[str, Any]:
    return {"__extn": {"fn": function, "arg": argument}}


def _text(value: object) -> str:
    return orjson.dumps(value).decode()
