"""The audit log on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator

from weftline.features.audit.chain import Anchor
from weftline.features.audit.diagnosis import FaultKind
from weftline.features.audit.export import ExportFormat
from weftline.features.audit.repository import ORDER, Filter
from weftline.features.audit.verify import Verification
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire

MAX_SEQ = 2**63 - 1

ACTOR_TYPES = "`user`, `service`, `operator`, `console`, `system`, `workflow`, `plugin`, `anonymous`"

Text = Annotated[str, Field(min_length=1, max_length=255)]
Seq = Annotated[int, Field(ge=1, le=MAX_SEQ, description="The entry's number in the tenant's log.")]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, in hexadecimal.")]


class EntryOut(Wire):
    """An entry of the audit log."""

    seq: Seq
    occurred_at: datetime
    actor_type: Annotated[str, Field(description=f"One of {ACTOR_TYPES}.")]
    actor_id: UUID | None
    actor_name: Annotated[str | None, Field(description="A person's e-mail address.")]
    action: Annotated[str, Field(description="`noun.verb` in the past tense.")]
    resource_type: str | None
    resource_id: str | None
    before: Annotated[Any, Field(description="What it was.")]
    after: Annotated[Any, Field(description="What it became.")]
    reason: Annotated[str | None, Field(description="Why, where somebody said.")]
    address: Annotated[str | None, Field(description="The client's address.")]
    user_agent: str | None
    request_id: str | None
    hash: Annotated[str, Field(description="Covers this entry and, through the one before, all earlier ones.")]

    @field_validator("hash", mode="before")
    @classmethod
    def _hexadecimal(cls, value: object) -> object:
        return value.hex() if isinstance(value, bytes) else value


class FilterQuery(Demand):
    """Which entries: those that fit everything that is asked."""

    actor: Annotated[Text | None, Field(description="An id, or a name: of a person, the e-mail address.")] = None
    action: Annotated[Text | None, Field(description="An action, or how actions begin: `task.`.")] = None
    resource_type: Text | None = None
    resource_id: Text | None = None
    since: Annotated[AwareDatetime | None, Field(alias="from", description="At this time or later.")] = None
    until: Annotated[AwareDatetime | None, Field(alias="to", description="Before this time.")] = None
    request_id: Text | None = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(
            None if self.actor is None else id_or_name(self.actor),
            self.action,
            self.resource_type,
            self.resource_id,
            self.since,
            self.until,
            self.request_id,
        )


class SearchQuery(FilterQuery, ListQuery):
    """A search, and which part of what it finds."""

    order: ClassVar = ORDER


class ExportQuery(FilterQuery):
    """What to export, and how."""

    format: ExportFormat = ExportFormat.NDJSON


class AnchorBody(Demand):
    """A head that an earlier verification told, kept outside of the database."""

    seq: Seq
    hash: Hash


class VerifyBody(Demand):
    """What to compare the log with."""

    expect: AnchorBody | None = None

    def anchor(self) -> Anchor | None:
        """The anchor, where there is one."""
        return None if self.expect is None else Anchor(self.expect.seq, bytes.fromhex(self.expect.hash))


class FaultOut(Wire):
    """Something that was tampered with."""

    kind: FaultKind
    seq: Annotated[int, Field(description="Which entry, or the first of several.")]
    last_seq: Annotated[int, Field(description="The last of them.")]
    message: str


class AnchorOut(Wire):
    """The last entry. Keep it outside of the database, to compare later verifications with."""

    seq: int
    hash: str


class VerificationOut(Wire):
    """What a verification has shown."""

    whole: Annotated[bool, Field(description="Whether nothing was tampered with.")]
    complete: Annotated[bool, Field(description="False where too much is broken to read on.")]
    entries: Annotated[int, Field(description="How many were read.")]
    seconds: Annotated[float, Field(description="How long it took.")]
    head: AnchorOut | None
    faults: list[FaultOut]

    @classmethod
    def of(cls, found: Verification) -> VerificationOut:
        """On the wire."""
        return cls(
            whole=found.is_whole,
            complete=found.is_complete,
            entries=found.entries,
            seconds=round(found.seconds, 3),
            head=None if found.head is None else AnchorOut(seq=found.head.seq, hash=found.head.hash.hex()),
            faults=[FaultOut.model_validate(fault) for fault in found.faults],
        )


def id_or_name(actor: str) -> UUID | str:
    """What somebody meant who named an actor."""
    try:
        return UUID(actor)
    except ValueError:
        return actor
