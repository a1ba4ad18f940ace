"""What can be done with message templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.notifications import words
from weftline.features.notifications.channel import Channel
from weftline.features.notifications.templates import repository
from weftline.features.notifications.templates.errors import (
    InvalidMessageTemplate,
    MessageTemplateChanged,
    MessageTemplateExists,
    MessageTemplateNotFound,
    TooManyMessageTemplates,
)
from weftline.features.notifications.templates.models import MessageTemplate

MAX_TEMPLATES = 500


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What somebody wants a template to be.

    Attributes:
        channel: the way its messages go.
        subject: a line with ``${…}``; None where whoever uses it says the subject.
        body: text with ``${…}``.
    """

    channel: Channel
    subject: str | None
    body: str


class MessageTemplateService:
    """Writing and finding message templates.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant_id: UUID, name: str) -> MessageTemplate:
        """A template.

        Raises:
            MessageTemplateNotFound: there is none of this name.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, name)

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[MessageTemplate]:
        """Templates; see ``repository.list_templates``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_templates(session, tenant_id, window)

    async def create(self, caller: Caller, name: str, draft: TemplateDraft) -> MessageTemplate:
        """Save a new template.

        Raises:
            InvalidMessageTemplate: its expressions cannot be compiled.
            MessageTemplateExists, TooManyMessageTemplates: there is no room for it.
        """
        _check(draft)
        template = MessageTemplate(tenant_id=caller.tenant_id, name=name, **asdict(draft))
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            if await repository.get(session, caller.tenant_id, name) is not None:
                raise MessageTemplateExists(name)
            if await repository.count(session, caller.tenant_id) >= MAX_TEMPLATES:
                raise TooManyMessageTemplates(MAX_TEMPLATES)
            session.add(template)
            await session.flush()
            await session.refresh(template)
            await record(session, "message-template.created", "message-template", name, after=asdict(draft))
        return template

    async def replace(
        self, caller: Caller, name: str, draft: TemplateDraft, *, expected_etag: str | None = None
    ) -> MessageTemplate:
        """Change a template; messages that are made from now on have the new words.

        Args:
            caller: who changes it.
            name: which.
            draft: what it becomes.
            expected_etag: change it only if it is still in this state.

        Raises:
            MessageTemplateNotFound: there is none of this name.
            MessageTemplateChanged: it is not in the expected state.
            InvalidMessageTemplate: see :meth:`create`.
        """
        _check(draft)
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            template = await _existing(session, caller.tenant_id, name, expected_etag)
            before = asdict(_draft_of(template))
            template.channel, template.subject, template.body = draft.channel, draft.subject, draft.body
            template.etag += 1
            template.updated_at = func.now()
            await session.flush()
            await session.refresh(template)
            await record(
                session, "message-template.changed", "message-template", name, before=before, after=asdict(draft)
            )
        return template

    async def remove(self, caller: Caller, name: str, *, expected_etag: str | None = None) -> MessageTemplate:
        """Remove a template, and return what it was.

        Raises:
            MessageTemplateNotFound: there is none of this name.
            MessageTemplateChanged: it is not in the expected state.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            template = await _existing(session, caller.tenant_id, name, expected_etag)
            await session.delete(template)
            await session.flush()
            before = asdict(_draft_of(template))
            await record(session, "message-template.removed", "message-template", name, before=before)
        return template


def _check(draft: TemplateDraft) -> None:
    if problems := words.problems(draft.subject, draft.body):
        raise InvalidMessageTemplate(problems)


async def _existing(
    session: AsyncSession, tenant_id: UUID, name: str, expected_etag: str | None = None
) -> MessageTemplate:
    template = await repository.get(session, tenant_id, name)
    if template is None:
        raise MessageTemplateNotFound(name)
    if expected_etag is not None and expected_etag != str(template.etag):
        raise MessageTemplateChanged(name)
    return template


def _draft_of(template: MessageTemplate) -> TemplateDraft:
    return TemplateDraft(template.channel, template.subject, template.body)
