"""Policies on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from weftline.features.access.policies.explaining import Account, ReasonKind
from weftline.features.access.policies.repository import ORDER
from weftline.features.access.policies.request import ResourceType
from weftline.features.access.policies.service import PolicyDraft
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.policies.bounds import MAX_BYTES

Source = Annotated[str, Field(max_length=MAX_BYTES, description="One policy in Cedar's notation.")]


class PolicyQuery(ListQuery):
    """Which part of the policies, in which order."""

    order: ClassVar = ORDER


class PolicyOut(Wire):
    """A policy."""

    id: Annotated[UUID, Field(description="Its id.")]
    name: Annotated[str, Field(description="Its name.")]
    description: Annotated[str | None, Field(description="What it is for.")]
    source: Annotated[str, Field(description="Its text in Cedar's notation.")]
    is_enabled: Annotated[bool, Field(description="Whether it takes part in decisions.")]
    last_error: Annotated[
        str | None,
        Field(description="How it failed in a decision, which was then a denial; null once it is changed."),
    ]
    failed_at: Annotated[datetime | None, Field(description="When it failed so.")]
    created_by: Annotated[UUID | None, Field(description="Who made it; null for the console.")]
    created_at: Annotated[datetime, Field(description="When it was made.")]
    updated_at: Annotated[datetime, Field(description="When it was last changed.")]


class PolicyBody(Demand):
    """What a policy is to be."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="Unique within the tenant.")]
    description: Annotated[str | None, Field(max_length=2000, description="What it is for.")] = None
    source: Source
    is_enabled: Annotated[bool, Field(description="Whether it takes part in decisions.")] = True

    def draft(self) -> PolicyDraft:
        """As the service takes it."""
        return PolicyDraft(self.name, self.description, self.source, self.is_enabled)


class ValidateBody(Demand):
    """A policy to look at."""

    source: Source


class PolicyProblemOut(Wire):
    """One thing that is wrong with a policy."""

    message: Annotated[str, Field(description="What is wrong.")]
    code: Annotated[str, Field(description="Stable, for programs.")]
    line: Annotated[int | None, Field(description="Where, from 1; null where only the whole can be named.")]
    column: Annotated[int | None, Field(description="Where in the line, from 1.")]
    hint: Annotated[str | None, Field(description="How to mend it.")]


class PolicyValidation(Wire):
    """What is wrong with a policy."""

    valid: Annotated[bool, Field(description="Whether it could be saved.")]
    problems: Annotated[list[PolicyProblemOut], Field(description="Everything that is wrong.")]


class ResourceRef(Demand):
    """On what."""

    type: Annotated[ResourceType, Field(description="What it is.")]
    id: Annotated[str, Field(max_length=128, description="Its id.")]


class ExplainBody(Demand):
    """The decision to explain."""

    subject: Annotated[
        UUID | None, Field(description="A member or a service account; oneself, as signed in, where absent.")
    ] = None
    action: Annotated[str, Field(max_length=100, description="Name of the permission that it takes.")]
    resource: Annotated[ResourceRef | None, Field(description="On what; on the tenant as a whole where absent.")] = None
    second_factor: Annotated[bool, Field(description="Suppose that `subject` has given a second factor.")] = True


class SubjectOut(Wire):
    """Whom a decision is about."""

    id: Annotated[UUID | None, Field(description="Theirs; null for the console.")]
    name: Annotated[str, Field(description="E-mail address, or name of the service account.")]
    roles: Annotated[list[str], Field(description="Every role, inherited ones too.")]
    groups: Annotated[list[str], Field(description="Names of their groups.")]


class ReasonOut(Wire):
    """One thing that a decision rests on."""

    kind: Annotated[ReasonKind, Field(description="An error, whatever else is said, denies.")]
    effect: Annotated[Literal["permit", "forbid"], Field(description="What it speaks for.")]
    id: Annotated[str | None, Field(description="The role's or policy's; for a grant on a workflow, the workflow's.")]
    name: Annotated[str | None, Field(description="The policy's.")]
    plugin: Annotated[
        str | None, Field(description="The plugin whose policy it is; null where it is the tenant's own.")
    ]
    message: Annotated[str | None, Field(description="What went wrong.")]


class AccountOut(Wire):
    """A decision and what it rests on."""

    allowed: Annotated[bool, Field(description="The decision.")]
    subject: Annotated[SubjectOut, Field(description="About whom.")]
    reasons: Annotated[
        list[ReasonOut], Field(description="What had a say; where nothing speaks for it, the answer is no.")
    ]

    @classmethod
    def of(cls, account: Account) -> AccountOut:
        """As it is shown."""
        subject = account.subject
        return cls(
            allowed=account.allowed,
            subject=SubjectOut(
                id=subject.id,
                name=subject.name,
                roles=sorted(subject.authority.roles),
                groups=sorted(subject.authority.groups),
            ),
            reasons=[ReasonOut.model_validate(reason) for reason in account.reasons],
        )
