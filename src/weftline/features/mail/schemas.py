"""Messages on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AliasChoices, Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Wire
from weftline.features.mail.addresses import MAX_ADDRESS
from weftline.features.mail.repository import ORDER, Filter
from weftline.features.mail.status import MailStatus


class MailSummary(Wire):
    """A message without its bodies."""

    id: Annotated[UUID, Field(description="Its id.")]
    template: Annotated[str, Field(description="What kind of message it is.")]
    recipient: Annotated[str, Field(description="The address it goes to.")]
    subject: Annotated[str, Field(description="Its subject.")]
    status: Annotated[
        MailStatus,
        Field(description="`pending` until it was sent or given up; also where no mail server is set."),
    ]
    attempts: Annotated[int, Field(description="How often sending it was tried.")]
    created_at: Annotated[datetime, Field(description="When it was written.")]
    due_at: Annotated[datetime | None, Field(description="When it is tried next.")]
    sent_at: Annotated[datetime | None, Field(description="When the mail server accepted it.")]
    error: Annotated[str | None, Field(description="Why the last attempt failed.")]


class MailDetail(MailSummary):
    """A message with its bodies, which are empty once it is sent: they may hold secrets."""

    text: Annotated[str, Field(description="Its plain text.", validation_alias=AliasChoices("text", "body_text"))]
    html: Annotated[str, Field(description="Its HTML.", validation_alias=AliasChoices("html", "body_html"))]


class MailQuery(ListQuery):
    """Which messages to list."""

    order: ClassVar = ORDER

    status: Annotated[MailStatus | None, Field(description="Only those that stand here.")] = None
    recipient: Annotated[str | None, Field(max_length=MAX_ADDRESS, description="Only those to this address.")] = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(self.status, self.recipient)
