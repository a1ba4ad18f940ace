"""Message templates on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.notifications.channel import Channel
from weftline.features.notifications.templates.repository import ORDER
from weftline.features.notifications.templates.service import TemplateDraft

TEMPLATE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"

MAX_SUBJECT, MAX_BODY = 1_000, 50_000


class MessageTemplateQuery(ListQuery):
    """Which part of the templates, in which order."""

    order: ClassVar = ORDER


class MessageTemplateOut(Wire):
    """The words of messages."""

    name: Annotated[str, Field(description="Its name, by which definitions refer to it.")]
    channel: Annotated[Channel, Field(description="The way its messages go.")]
    subject: Annotated[str | None, Field(description="The subject, with `${…}`.")]
    body: Annotated[str, Field(description="The message, with `${…}`.")]
    created_at: Annotated[datetime, Field(description="When it was made.")]
    updated_at: Annotated[datetime, Field(description="When it was last changed.")]


class MessageTemplateBody(Demand):
    """What a message template is to be."""

    channel: Annotated[Channel, Field(description="The way its messages go.")]
    subject: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_SUBJECT,
            description="The subject, with `${…}`. Without one, whoever uses the template says it, or it is built in.",
        ),
    ] = None
    body: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_BODY,
            description="The message: plain text with `${…}`, which sees `data`, `execution` and `error`.",
        ),
    ]

    def draft(self) -> TemplateDraft:
        """As the service takes it."""
        return TemplateDraft(self.channel, self.subject, self.body)


class NewMessageTemplateBody(MessageTemplateBody):
    """What a new message template is to be."""

    name: Annotated[str, Field(pattern=TEMPLATE_NAME, description="Unique within the tenant.")]
