"""Jobs: attempts of steps that remote workers carry out, while they wait in a task queue or somebody is at them.

A *lock* is a token and a time. Whoever has the token may answer, also after that time, as long as nobody else has
fetched the job. The transaction that removes a job is the one that puts its result into the execution's inbox, so a
result counts exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from weftline.model.errors import WorkflowError
from weftline.model.masking import Masker
from weftline.store.errors import translated
from weftline.store.inbox import Message, MessageKind, send_all
from weftline.store.job_secrets import masker_of, reveal
from weftline.store.json_text import encode
from weftline.store.keyring import Connection
from weftline.store.queries import queries
from weftline.store.sealing import UNREADABLE, is_sealed, job_place, opened, progress_place, seal_of
from weftline.store.variables import UnknownSecret

log = structlog.get_logger(__name__)

MAX_LOSSES = 5
"""How often a job's lock may run out: the last time, the attempt has failed."""

_UNREADABLE = WorkflowError("unreadable_input", "the input cannot be read: its key is missing", retryable=False)


class Job(NamedTuple):
    """A job that a worker has fetched.

    Attributes:
        id: its identity.
        token: proves that it is this worker's.
        execution_id, workflow_id, step_id: what it belongs to; the step's key.
        attempt: of the step, from 1.
        action: what to do.
        input: JSON text.
        locked_until: until when nobody else gets it.
        losses: how often others had it and were not heard of again.
        slug: the tenant's.
    """

    id: UUID
    token: UUID
    execution_id: UUID
    workflow_id: str
    step_id: str
    attempt: int
    action: str
    input: str | bytes
    locked_until: datetime
    losses: int
    slug: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job.

    Attributes:
        job_id, token: of which, and the proof.
        kind: ``JOB_COMPLETED`` or ``JOB_FAILED``.
        payload: the stimulus' attributes besides ``step`` and ``job``.
    """

    job_id: UUID
    token: UUID
    kind: MessageKind
    payload: Mapping[str, Any]


class Standing(StrEnum):
    """What became of an answer, or of a wish to keep a job."""

    TAKEN = "taken"
    LOST = "lost"
    """The lock ran out, and somebody else fetched the job."""
    WITHDRAWN = "withdrawn"
    """Its step is no longer wanted."""
    UNKNOWN = "unknown"
    """It is not open: answered, withdrawn some time ago, or never there."""


async def fetch(
    connection: Connection, tenant_id: UUID, queue: str, worker: str, limit: int, seconds: float, now: float
) -> list[Job]:
    """Give jobs of a task queue to a worker: the most urgent first, then the oldest.

    Args:
        connection: bound to the tenant, with its keys.
        tenant_id, queue: whose.
        worker: what the worker calls itself.
        limit: at most so many.
        seconds: for how long they are its own.
        now: Unix seconds.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        rows = await connection.fetch(_SQL["fetch"], tenant_id, queue, limit, worker, seconds, now)
    jobs: list[Job] = []
    failed: list[Answer] = []
    for row in rows:
        try:
            jobs.append(await _job(connection, tenant_id, row))
        except UNREADABLE as error:
            log.error("a job's input cannot be read", job_id=str(row["id"]), error=str(error))
            failed.append(_failed(row, _UNREADABLE))
        except UnknownSecret as error:
            failed.append(_failed(row, WorkflowError("unknown_secret", str(error), retryable=False)))
    if failed:
        await answer(connection, tenant_id, failed, now)
    return jobs


def _failed(row: asyncpg.Record, error: WorkflowError) -> Answer:
    """What becomes of a job that nobody can be given."""
    return Answer(row["id"], row["lock_token"], MessageKind.JOB_FAILED, {"error": error.to_json()})


async def _job(connection: Connection, tenant_id: UUID, row: asyncpg.Record) -> Job:
    execution_id, workflow_id = row["execution_id"], row["workflow_id"]
    input = await opened(connection, tenant_id, execution_id, row["input"], job_place(row["id"]))
    if row["has_secrets"]:
        input = await reveal(connection, tenant_id, workflow_id, execution_id, input)
    return Job(
        row["id"],
        row["lock_token"],
        execution_id,
        workflow_id,
        row["step_id"],
        row["attempt"],
        row["action"],
        input,
        row["locked_until"],
        row["losses"],
        row["slug"],
    )


async def give_back(connection: Connection, tenant_id: UUID, jobs: Sequence[Job]) -> None:
    """Make jobs available again that did not reach the worker that they were fetched for.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        ids, tokens = [job.id for job in jobs], [job.token for job in jobs]
        await connection.execute(_SQL["give_back"], tenant_id, ids, tokens)


async def extend(
    connection: Connection, tenant_id: UUID, job_id: UUID, token: UUID, seconds: float, progress: Any, now: float
) -> tuple[Standing, datetime | None]:
    """Let a worker keep its job.

    Args:
        connection: bound to the tenant, with its keys.
        tenant_id, job_id, token: which, and the proof.
        seconds: for how long, from now.
        progress: what to tell people of it, JSON; None: what was told before stands.
        now: Unix seconds.

    Returns:
        How it stands, and until when the worker has it.

    Raises:
        Unstorable: the progress cannot be stored.
        StoreUnavailable: the database does not answer.
    """
    with translated():
        told = None if progress is None else await _progress(connection, tenant_id, job_id, progress)
        row = await connection.fetchrow(_SQL["extend"], tenant_id, job_id, token, seconds, now, told)
        if row is None:
            standings = await _standings(connection, tenant_id, {job_id: token})
            return standings[job_id], None
    if row["status"] == Standing.WITHDRAWN:
        return Standing.WITHDRAWN, None
    return Standing.TAKEN, row["locked_until"]


async def _progress(connection: Connection, tenant_id: UUID, job_id: UUID, progress: Any) -> str:
    """What is stored of a job's progress: without the secrets in its input, and sealed where that is."""
    row = await connection.fetchrow(_SQL["one"], tenant_id, job_id)
    if row is not None and row["given"] is not None:
        masker = await _masker(connection, tenant_id, job_id, row)
        progress = progress if masker is None else masker.json(progress)
    text = encode(progress)
    if row is None or not is_sealed(row["input"]):
        return text
    seal = await seal_of(connection, tenant_id, row["execution_id"])
    return seal.close_text(text, progress_place(job_id))


async def answer(
    connection: Connection, tenant_id: UUID, answers: Sequence[Answer], now: float
) -> dict[UUID, Standing]:
    """Take the results of jobs, within the caller's transaction: they are gone then, and their executions know.

    Args:
        connection: bound to the tenant, with its keys.
        tenant_id: whose jobs.
        answers: at most one for each job.
        now: Unix seconds.

    Returns:
        For each job, by its id, what became of the answer.

    Raises:
        Unstorable: a result holds what JSONB cannot.
        StoreUnavailable: the database does not answer.
    """
    ids, tokens = [each.job_id for each in answers], [each.token for each in answers]
    with translated():
        settled = {row["id"]: row for row in await connection.fetch(_SQL["settle"], tenant_id, ids, tokens)}
        messages = [
            await _message(connection, tenant_id, settled[each.job_id], each)
            for each in answers
            if each.job_id in settled
        ]
        # an execution that has ended meanwhile needs no result: the job goes all the same
        if messages:
            await send_all(connection, messages, now)
        missed = {each.job_id: each.token for each in answers if each.job_id not in settled}
        standings = dict.fromkeys(settled, Standing.TAKEN)
        return standings | (await _standings(connection, tenant_id, missed) if missed else {})


async def _message(connection: Connection, tenant_id: UUID, row: asyncpg.Record, answer: Answer) -> Message:
    said = dict(answer.payload)
    if row["given"] is not None and (masker := await _masker(connection, tenant_id, answer.job_id, row)) is not None:
        said = {name: masker.error(value) if name == "error" else masker.json(value) for name, value in said.items()}
    payload = {**said, "step": row["step_id"], "job": str(answer.job_id)}
    return Message(tenant_id, row["execution_id"], answer.kind, encode(payload))


async def _masker(connection: Connection, tenant_id: UUID, job_id: UUID, row: asyncpg.Record) -> Masker | None:
    """Hides the secrets that a worker was given in what it says; None where it cannot have been given them."""
    execution_id = row["execution_id"]
    try:
        given = await opened(connection, tenant_id, execution_id, row["given"], job_place(job_id))
        return await masker_of(connection, tenant_id, row["workflow_id"], execution_id, given)
    except UNREADABLE as error:
        log.error("a job's input cannot be read", job_id=str(job_id), error=str(error))
        return None


async def _standings(connection: Connection, tenant_id: UUID, tokens: Mapping[UUID, UUID]) -> dict[UUID, Standing]:
    rows = {row["id"]: row for row in await connection.fetch(_SQL["standing"], tenant_id, list(tokens))}
    standings = dict.fromkeys(tokens, Standing.UNKNOWN)
    for id, row in rows.items():
        is_own = row["lock_token"] == tokens[id]
        is_withdrawn = is_own and row["status"] == Standing.WITHDRAWN
        standings[id] = Standing.WITHDRAWN if is_withdrawn else Standing.LOST
    return standings


_SQL = queries("jobs")
