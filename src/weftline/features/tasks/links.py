"""Links by which one person can decide on one task, once, without signing in.

A link is bound to its person and sent to nobody else: not even whoever asks for one is told its token. It works once,
until it expires or the task is done. Looking at it changes nothing, since mail is read by scanners before it is by
people; deciding takes a request of its own. Whoever uses it acts as that person with what they may do at that moment;
who needs a second factor has to sign in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller, acting_as
from weftline.features.access.errors import SecondFactorRequired
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import load_resource
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.executions.hints import WorkHints
from weftline.features.mail.outbox import post
from weftline.features.mail.rendering import Choice
from weftline.features.tasks import members, repository
from weftline.features.tasks.deciding import Decision, decide, form_errors
from weftline.features.tasks.errors import (
    CannotTakeTask,
    LinkNotFound,
    LinkSpent,
    TaskClosed,
    TaskNotFound,
    UnknownMember,
    UnknownOutcome,
)
from weftline.features.tasks.members import Access, Member
from weftline.features.tasks.models import HumanTask, TaskLink
from weftline.features.tasks.permissions import COMPLETE
from weftline.features.tasks.rules import UNDONE, can_see, check_impartial, check_undone, is_joint, may_decide
from weftline.features.tasks.tokens import new_token, read_token
from weftline.model.ids import uuid7
from weftline.model.status import TaskStatus

LIFETIME = timedelta(days=7)

PATH = "/api/v1/task-links/"
"""Where links lead, before the token."""

BY_LINK = frozenset({"link"})
"""How whoever uses a link has proved who they are."""

Address = Callable[[str], str]
"""The public address of a path."""

Require = Callable[[Caller, str, Resource], Awaitable[None]]
"""See ``Gate.require``."""


class Offer(NamedTuple):
    """What a link offers: a task, the person who may decide on it, and until when."""

    task: HumanTask
    person: Caller
    link: TaskLink


@dataclass(frozen=True, slots=True)
class _Bearer:
    """A link that is good, and whoever it is for."""

    link: TaskLink
    person: Caller


def asks_too_much(task: HumanTask) -> bool:
    """Whether the task's form must be filled in, for which a link's page has no room."""
    return bool(form_errors(task.form, {}))


async def send_link(
    session: AsyncSession,
    task: HumanTask,
    to: Member,
    address: Address,
    *,
    outcome: str | None = None,
    created_by: UUID | None = None,
) -> TaskLink:
    """Make a link and send it by mail, in the caller's transaction.

    Args:
        session: under the API's or the workers' role.
        task: what is to be decided.
        to: by whom; that they have a say has been checked.
        address: makes addresses.
        outcome: the only one that the link can give.
        created_by: who asked for it.
    """
    token, token_hash = new_token(task.tenant_id)
    now = datetime.now(UTC)
    link = TaskLink(
        tenant_id=task.tenant_id,
        id=uuid7(),
        token_hash=token_hash,
        task_id=task.id,
        user_id=to.id,
        outcome=outcome,
        created_by=created_by,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(link)
    page = address(PATH + token)
    outcomes = (outcome,) if outcome is not None else (task.outcomes or ())
    choices = [Choice(each, f"{page}?{urlencode({'outcome': each})}") for each in outcomes]
    values = {
        "name": to.name,
        "task": task.name,
        "workflow": task.workflow_id,
        "due_at": task.due_at,
        "choices": choices or [Choice("Open the task", page)],
        "valid_for": LIFETIME,
    }
    await post(session, "task_link", to.email, values)
    return link


class LinkService:
    """Making and using links.

    Args:
        database: where they are.
        hints: wakes workers.
        access: what people may do.
        address: makes public addresses of paths.
    """

    def __init__(self, database: Database, hints: WorkHints, access: Access, address: Address) -> None:
        self._database = database
        self._hints = hints
        self._access = access
        self._address = address

    async def send(
        self, caller: Caller, task_id: UUID, user: str, outcome: str | None = None
    ) -> tuple[TaskLink, Member]:
        """Send a member a link to a task.

        Args:
            caller: who asks; that they manage tasks has been checked.
            task_id: which.
            user: the member's id or e-mail address.
            outcome: the only one that the link can give; any where not given.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to decide.
            FourEyes: the caller must not choose who decides.
            UnknownOutcome: the task does not offer it.
            UnknownMember, CannotTakeTask: that person could not decide, or not by a link.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            task = await repository.hold(session, caller.tenant_id, task_id)
            if task is None or not can_see(task, caller):
                raise TaskNotFound
            check_undone(task)
            check_impartial(task, caller)
            if outcome is not None and task.outcomes and outcome not in task.outcomes:
                raise UnknownOutcome(outcome, task.outcomes)
            member = await self._recipient(session, task, user)
            link = await send_link(session, task, member, self._address, outcome=outcome, created_by=caller.id)
            await session.flush()
            await record(
                session,
                "task.link_sent",
                "task",
                task.id,
                after={"linkId": link.id, "to": member.email, "outcome": outcome},
                tenant_id=task.tenant_id,
                actor=caller,
            )
        return link, member

    async def show(self, token: str, visitor: Caller | None = None) -> Offer:
        """What a link offers. Changes nothing.

        Args:
            token: the link's.
            visitor: who looks, where they have signed in.

        Raises:
            LinkNotFound: there is no such link, or it is another's than the visitor's.
            LinkSpent: it does not work any more.
            SecondFactorRequired: its person has to sign in.
        """
        bearer = await self._bearer(token, visitor)
        link, person = bearer.link, bearer.person
        async with self._database.transaction(link.tenant_id) as session:
            task = await repository.get(session, link.tenant_id, link.task_id)
            if task is None:
                raise LinkNotFound
            if task.status not in UNDONE:
                raise LinkSpent("the task is closed")
            if not await has_say(session, task, person):
                raise LinkSpent("there is nothing left for you to decide")
        return Offer(task, person, link)

    async def use(self, token: str, decision: Decision, require: Require, visitor: Caller | None = None) -> HumanTask:
        """Decide by a link, as its person, and use it up; both or neither.

        Args:
            token: the link's.
            decision: what its person decides.
            require: checks the person's permission.
            visitor: who asks, where they have signed in.

        Raises:
            LinkNotFound, LinkSpent, SecondFactorRequired: see :meth:`show`.
            PermissionDenied: its person may not complete the task (any more).
            UnknownOutcome, InvalidForm and others: see ``deciding.decide``.
        """
        bearer = await self._bearer(token, visitor)
        link, person = bearer.link, bearer.person
        if link.outcome is not None and decision.outcome != link.outcome:
            raise UnknownOutcome(decision.outcome, [link.outcome])
        with acting_as(person):
            resource = await load_resource(self._database, link.tenant_id, {"task_id": str(link.task_id)})
            await require(person, COMPLETE, resource)
            async with self._database.transaction(link.tenant_id) as session:
                if not await repository.use_link(session, link, datetime.now(UTC)):
                    raise LinkSpent("it was used before")
                try:
                    task = await decide(session, person, link.task_id, decision, link_id=link.id)
                except TaskClosed as error:
                    raise LinkSpent("the task is closed") from error
        if task.status == TaskStatus.COMPLETED.value:
            self._hints.send()
        return task

    async def _bearer(self, token: str, visitor: Caller | None) -> _Bearer:
        read = read_token(token)
        if read is None or await self._access.rules(read.tenant_id) is None:
            raise LinkNotFound
        async with self._database.transaction(read.tenant_id) as session:
            link = await repository.link_by_hash(session, read.tenant_id, read.hash)
        if link is None or (visitor is not None and (visitor.tenant_id, visitor.id) != (link.tenant_id, link.user_id)):
            raise LinkNotFound
        if link.used_at is not None:
            raise LinkSpent("it was used before")
        if link.expires_at <= datetime.now(UTC):
            raise LinkSpent("it has expired")
        # what they may do now, not what some request found a while ago
        self._access.forget("user", link.user_id)
        person = await members.as_caller(self._access, link.tenant_id, link.user_id, methods=BY_LINK)
        rules = await self._access.rules(link.tenant_id)
        if person is None or rules is None or rules.status != "active":
            raise LinkSpent("the account or the tenant is not active")
        if person.authority.requires_mfa:
            raise SecondFactorRequired
        return _Bearer(link, person)

    async def _recipient(self, session: AsyncSession, task: HumanTask, user: str) -> Member:
        member = await members.find(session, task.tenant_id, user)
        person = None if member is None else await members.as_caller(self._access, task.tenant_id, member.id)
        if member is None or person is None:
            raise UnknownMember("/user")
        if not await has_say(session, task, person):
            raise CannotTakeTask("/user", "they have no say in it.")
        if person.authority.requires_mfa:
            raise CannotTakeTask("/user", "they need a second factor, and so have to sign in.")
        return member


async def has_say(session: AsyncSession, task: HumanTask, person: Caller) -> bool:
    """Whether a person may decide on a task now; under the API's or the workers' role."""
    votes = await repository.votes(session, task) if is_joint(task) else ()
    delegations = await repository.delegations(session, task.tenant_id, task.id) if is_joint(task) else ()
    return may_decide(task, person, votes, delegations)
