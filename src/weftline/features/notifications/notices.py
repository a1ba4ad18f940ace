"""Telling people and programs that executions failed.

Any number of processes may do it at a time: each notice is one's at a time. Mail is written to the outbox in the
transaction that notes the notice as sent, so exactly once. A webhook is told at least once, under one idempotency key,
and twice only where a process dies, or loses the database, between its answer and the note of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring import ActionError
from weftline.authoring.builtin import HttpSettings, close_http
from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.features.mail.addresses import is_address
from weftline.features.mail.outbox import post
from weftline.features.mail.rendering import Prose
from weftline.features.mail.text import one_line
from weftline.features.notifications import repository
from weftline.features.notifications.action import EXECUTION_PAGE
from weftline.features.notifications.channel import Channel
from weftline.features.notifications.models import Notification, NotificationStatus
from weftline.features.notifications.webhook import call_webhook, webhook_body, webhook_request
from weftline.features.notifications.words import TemplateFailure, Words, fill_in, find_words
from weftline.store.errors import StoreError
from weftline.store.log import load_state
from weftline.store.sealing import is_sealed_value

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
BATCH = 20
"""Notices of one turn, which are attempted at the same time."""

GRACE_SECONDS = 5.0
"""How long stopping waits for the webhooks that are being told."""

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 30, 60, 180, 360))
"""The pause after each attempt but the last."""

MAX_ATTEMPTS = len(RETRIES) + 1

_MAX_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Message:
    """What a notice says.

    Attributes:
        words: for people.
        link: the execution's page.
        tenant: the tenant's slug.
        error: how the execution failed, a WorkflowError's JSON.
        fault: why these are not the words of the template that was asked for.
    """

    words: Words
    link: str
    tenant: str
    error: Mapping[str, Any]
    fault: str | None


class FailureNotices:
    """The loop that tells of failed executions.

    Args:
        database: under the workers' role, which sees every tenant's notices.
        address: makes public addresses of paths.
        http: what webhooks may be.
        interval: seconds between two turns that found nothing to do.
    """

    def __init__(
        self,
        database: Database,
        address: Callable[[str], str],
        http: HttpSettings,
        *,
        interval: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._address = address
        self._http = http
        self._loop = Background("failure notices", interval, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End after the webhooks that are being told; does nothing where it does not run."""
        await self._loop.stop(GRACE_SECONDS)
        await close_http()

    async def run_once(self) -> int:
        """Attempt one batch of what is due; returns how many notices it was.

        Raises:
            StoreError: the database cannot be used.
        """
        async with self._database.unbound() as session:
            notices = await repository.claim(session, BATCH)
        outcomes = await asyncio.gather(*map(self._attempt, notices), return_exceptions=True)
        for notice, outcome in zip(notices, outcomes, strict=True):
            if isinstance(outcome, StoreError):
                raise outcome
            if isinstance(outcome, BaseException):
                # a defect that one notice brings to light must not keep the others from being sent
                log.error("notice not attempted", notification_id=str(notice.id), exc_info=outcome)
        return len(notices)

    async def _attempt(self, notice: Notification) -> None:
        if notice.attempts > MAX_ATTEMPTS:
            fault = notice.last_error or "the process that sent it ended before it was done"
            async with self._database.unbound() as session:
                failed = NotificationStatus.FAILED
                await repository.end_attempt(session, notice, failed, delivered=notice.delivered, error=fault)
            return
        is_sealed = is_sealed_value(notice.payload)
        async with self._database.unbound() as session:
            await repository.open_notice(session, notice)
            message = await self._compose(session, notice, is_sealed=is_sealed)
        match Channel(notice.payload["channel"]):
            case Channel.EMAIL:
                await self._mail(notice, message)
            case Channel.WEBHOOK:
                await self._call(notice, message)

    async def _mail(self, notice: Notification, message: _Message) -> None:
        """Write to everybody in one transaction with the note of it; whoever has no address never gets one."""
        recipients = _recipients(notice)
        told = [recipient for recipient in recipients if is_address(recipient)]
        faults = [f"{recipient}: not an e-mail address" for recipient in recipients if recipient not in told]
        status = NotificationStatus.FAILED if faults else NotificationStatus.SENT
        values = {"subject": message.words.subject, "message": Prose(message.words.message), "link": message.link}
        async with self._database.unbound() as session:
            error = _told(faults, message)
            if await repository.end_attempt(session, notice, status, delivered=told, error=error):
                for recipient in told:
                    await post(session, "execution_failed", recipient, values)

    async def _call(self, notice: Notification, message: _Message) -> None:
        """Tell the webhooks that were not told yet, all at once, and plan the next attempt at those that failed."""
        waiting = [url for url in _recipients(notice) if url not in notice.delivered]
        body = webhook_body(
            message.words,
            data=None,
            execution_id=notice.execution_id,
            workflow_id=notice.workflow_id,
            step_id=message.error.get("stepId"),
            tenant=message.tenant,
        )
        body |= {"error": message.error, "link": message.link}
        failures = await asyncio.gather(*(self._tell(url, body, str(notice.id)) for url in waiting))
        failed = {url: failure for url, failure in zip(waiting, failures, strict=True) if failure is not None}
        delivered = [*notice.delivered, *(url for url in waiting if url not in failed)]
        pause = _pause(notice, failed.values())
        if not failed:
            status = NotificationStatus.SENT
        else:
            status = NotificationStatus.FAILED if pause is None else NotificationStatus.DUE
        faults = [f"{url}: {failure.message}" for url, failure in failed.items()]
        async with self._database.unbound() as session:
            error = _told(faults, message)
            await repository.end_attempt(session, notice, status, delivered=delivered, error=error, pause=pause)

    async def _tell(self, url: str, body: dict[str, Any], key: str) -> ActionError | None:
        """Why a webhook was not told, if it was not."""
        try:
            await call_webhook(webhook_request(url, body, key), self._http)
        except ActionError as error:
            return error
        return None

    async def _compose(self, session: AsyncSession, notice: Notification, *, is_sealed: bool) -> _Message:
        """What to say. A notice whose template cannot be used is sent in the built-in words: it must not get lost.

        Of an encrypted workflow's error those tell the code only, as mail is kept and sent as it is.
        """
        payload = notice.payload
        error: Mapping[str, Any] = payload["error"]
        origin = await repository.origin(session, notice)
        link = self._address(f"{EXECUTION_PAGE}{notice.execution_id}")
        words, fault = _built_in(origin.workflow, error, is_sealed=is_sealed), None
        if payload.get("template") is not None:
            try:
                found = await self._from_template(session, notice, link)
                words = Words(found.subject or words.subject, found.message)
            except TemplateFailure as failure:
                fault = f"not in the words of '{payload['template']}': {failure.message}"
        said = Words(payload.get("subject") or words.subject, payload.get("message") or words.message)
        return _Message(said, link, origin.tenant, error, fault)

    async def _from_template(self, session: AsyncSession, notice: Notification, link: str) -> Words:
        connection = await driver(session)
        channel = Channel(notice.payload["channel"])
        words = await find_words(connection, notice.tenant_id, notice.payload["template"], channel)
        state = await load_state(connection, notice.tenant_id, notice.execution_id)
        values = {
            "data": {} if state is None else state.data,
            "execution": {"id": str(notice.execution_id), "workflowId": notice.workflow_id, "link": link},
            "error": notice.payload["error"],
        }
        return fill_in(words, values)


def _built_in(workflow: str, error: Mapping[str, Any], *, is_sealed: bool) -> Words:
    reason = error["code"] if is_sealed else f"{error['code']}: {error['message']}"
    place = f" at step {error['stepId']}" if "stepId" in error else ""
    message = f"An execution of the workflow {workflow} failed{place}.\n\n{reason}"
    return Words(f"Workflow {workflow} failed", message)


def _recipients(notice: Notification) -> list[str]:
    return list(dict.fromkeys(notice.payload["recipients"]))


def _pause(notice: Notification, failures: Collection[ActionError]) -> timedelta | None:
    """Before the next attempt; None where there is to be none."""
    waits = [failure.retry_after or 0.0 for failure in failures if failure.retryable]
    if not waits or notice.attempts >= MAX_ATTEMPTS:
        return None
    return max(RETRIES[notice.attempts - 1], timedelta(seconds=max(waits)))


def _told(faults: Sequence[str], message: _Message) -> str | None:
    """What went wrong, for whoever looks."""
    told = [*faults, *([] if message.fault is None else [message.fault])]
    return one_line("; ".join(told), _MAX_ERROR) if told else None
