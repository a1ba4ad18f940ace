"""Tasks of encrypted workflows: what people answer and say is stored sealed.

What they are asked stands in the definition. In the row of a vote ``data`` holds its comment, too. Whoever loads rows
has them opened, and whoever writes some has them written by :func:`keep_vote` and :func:`keep_comment`; in between they
look as if nothing were sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from weftline.features.database import driver
from weftline.features.rows import Connection
from weftline.features.tasks.models import HumanTask, TaskComment, TaskVote
from weftline.store.queries import queries
from weftline.store.sealing import Seal, is_sealed_value, seal_of


async def open_tasks(session: AsyncSession, tasks: Sequence[HumanTask]) -> None:
    """Open what the rows of tasks that were just loaded hold sealed.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: it cannot be opened.
    """
    for task in tasks:
        # a row that the session knew already has been opened before
        if is_sealed_value(task.data):
            seal = await _seal(session, task)
            set_committed_value(task, "data", seal.open_value(task.data, _data_place(task)))


async def open_read(connection: Connection, tasks: Sequence[HumanTask]) -> None:
    """The same for rows of ``weftline.features.rows``."""
    for task in tasks:
        if is_sealed_value(task.data):
            seal = await seal_of(connection, task.tenant_id, task.execution_id)
            task.data = seal.open_value(task.data, _data_place(task))


async def open_votes(session: AsyncSession, votes: Sequence[TaskVote], task: HumanTask) -> None:
    """The same for what people decided on one task."""
    if task.is_sealed:
        seal = await _seal(session, task)
        for vote in votes:
            if is_sealed_value(vote.data):
                said = seal.open_value(vote.data, _vote_place(vote))
                set_committed_value(vote, "data", said["data"])
                set_committed_value(vote, "comment", said["comment"])


async def open_comments(session: AsyncSession, comments: Sequence[TaskComment], task: HumanTask) -> None:
    """The same for what was said about one task."""
    if task.is_sealed:
        seal = await _seal(session, task)
        for comment in comments:
            set_committed_value(comment, "text", seal.open_value(comment.text, _comment_place(comment)))


async def keep_vote(connection: Connection, task: HumanTask, vote: TaskVote) -> None:
    """Write what somebody decided, and the task as that leaves it; both belong to no session.

    Raises:
        asyncpg.DataError: it cannot be stored.
        NotReadable, WrongMasterKey: it cannot be sealed.
    """
    data: Any = vote.data
    comment, answer = vote.comment, task.data
    if task.is_sealed:
        seal = await seal_of(connection, task.tenant_id, task.execution_id)
        data, comment = seal.close_value({"data": data, "comment": comment}, _vote_place(vote)), None
        answer = None if answer is None else _stored(seal, answer, _data_place(task))
    await connection.execute(
        queries("tasks")["decide"],
        task.tenant_id,
        task.id,
        vote.voter_id,
        vote.voter,
        vote.outcome,
        vote.is_approving,
        orjson.dumps(data).decode(),
        comment,
        vote.link_id,
        vote.voted_at,
        task.approvals_given,
        task.status,
        None if answer is None else orjson.dumps(answer).decode(),
        task.outcome,
        task.completed_by,
        task.completed_by_id,
        task.completed_at,
        task.notify_at,
        task.escalate_at,
    )


async def keep_comment(session: AsyncSession, task: HumanTask, said: TaskComment) -> None:
    """Write what somebody said.

    Args:
        session: with the tenants' keys.
        task: about which.
        said: new; not in the session yet, so that it cannot be written before it is sealed.

    Raises:
        Unstorable: it cannot be stored.
        NotReadable, WrongMasterKey: it cannot be sealed.
    """
    text = said.text
    if task.is_sealed:
        said.text = (await _seal(session, task)).close_value(text, _comment_place(said))
    session.add(said)
    await session.flush()
    set_committed_value(said, "text", text)


async def _seal(session: AsyncSession, task: HumanTask) -> Seal:
    return await seal_of(await driver(session), task.tenant_id, task.execution_id)


def _stored(seal: Seal, value: dict[str, Any], place: str) -> Any:
    """A string, where the row's type has an object."""
    return seal.close_value(value, place)


def _data_place(task: HumanTask) -> str:
    return f"task/{task.id}/data"


def _vote_place(vote: TaskVote) -> str:
    return f"task/{vote.task_id}/vote/{vote.voter_id}"


def _comment_place(comment: TaskComment) -> str:
    return f"task/{comment.task_id}/comment/{comment.id}"
