"""The action ``notify``, which nodes of type ``notification`` run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from weftline.authoring import ActionError, Context, action
from weftline.features.mail.outbox import post_on
from weftline.features.mail.rendering import Prose
from weftline.features.notifications.channel import Channel
from weftline.features.notifications.demand import Demand, read_demand
from weftline.features.notifications.webhook import call_webhook, webhook_body, webhook_request
from weftline.features.notifications.words import TemplateFailure, Words, fill_in, find_words
from weftline.store.connect import create_pool

if TYPE_CHECKING:
    import asyncpg

CONNECTIONS = 2
"""For reading message templates. A webhook may take long to answer, and must not hold the step's transaction open."""

EXECUTION_PAGE = "/executions/"
"""Where people find an execution, before its id."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    pool: asyncpg.Pool[asyncpg.Record]
    address: Callable[[str], str]


_surroundings: _Surroundings | None = None


@asynccontextmanager
async def message_templates(url: str, address: Callable[[str], str]) -> AsyncGenerator[None]:
    """Let the action of this process use the tenants' message templates while the context is open.

    Args:
        url: the database's. It need not answer yet.
        address: makes public addresses of paths.
    """
    global _surroundings
    pool = await create_pool(url, "weft_worker", name="weftline-notify", min_size=0, max_size=CONNECTIONS)
    _surroundings = _Surroundings(pool, address)
    try:
        yield
    finally:
        _surroundings = None
        await pool.close()


_INPUT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["to"],
    "properties": {
        "channel": {"enum": [channel.value for channel in Channel], "default": Channel.EMAIL.value},
        "to": {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": "Mail addresses, or the webhook's address.",
        },
        "subject": {"type": "string"},
        "message": {"type": "string"},
        "template": {"type": "string", "description": "A message template's name; instead of `message`."},
        "data": {"description": "Values for the template; a webhook gets them as they are."},
    },
}
_OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "channel": {"enum": [channel.value for channel in Channel]},
        "to": {"type": "array", "items": {"type": "string"}},
        "subject": {"type": ["string", "null"]},
    },
}


@action("notify", title="Notification", input=_INPUT, output=_OUTPUT)
async def notify(ctx: Context) -> dict[str, Any]:
    """Send one message, and return ``{channel, to, subject}``.

    Mail is written in the step's own transaction, so that it is sent exactly once. A webhook is sent a POST with the
    step's idempotency key, and fails and is retried as the action ``http`` is.

    Input:
        channel: ``email``, which it is unless given, or ``webhook``.
        to: an address or URL, or a list of them.
        subject, message: what to say.
        template: name of the message template that has the words, instead of ``message``.
        data: what the template sees as ``data``, the execution's data where absent; a webhook is told it too.
    """
    demand = read_demand(ctx.input)
    words = await _words(ctx, demand)
    match demand.channel:
        case Channel.EMAIL:
            await _mail(ctx, demand, words)
        case Channel.WEBHOOK:
            await _call(ctx, demand, words)
    return {"channel": demand.channel.value, "to": list(demand.to), "subject": words.subject}


async def _mail(ctx: Context, demand: Demand, words: Words) -> None:
    connection = await ctx.transaction()
    values = {"subject": words.subject, "message": Prose(words.message)}
    for recipient in demand.to:
        await post_on(connection, "notification", recipient, values)


async def _call(ctx: Context, demand: Demand, words: Words) -> None:
    body = webhook_body(
        words,
        data=demand.data,
        execution_id=ctx.execution_id,
        workflow_id=ctx.workflow_id,
        step_id=ctx.step_id,
        tenant=ctx.tenant.slug,
    )
    # all of them are made before the first is sent: a wrong one is found before anybody is told
    for request in [webhook_request(url, body, ctx.idempotency_key) for url in demand.to]:
        await call_webhook(request)


async def _words(ctx: Context, demand: Demand) -> Words:
    words = Words(None, "") if demand.template is None else await _from_template(ctx, demand, demand.template)
    return Words(
        demand.subject or words.subject or f"Message from workflow {ctx.workflow_id}",
        demand.message or words.message,
    )


async def _from_template(ctx: Context, demand: Demand, template: str) -> Words:
    if _surroundings is None:
        raise ActionError("notify: this worker reads no message templates", code="unknown_template")
    data: object = ctx.data if demand.data is None else demand.data
    values: dict[str, Any] = {
        "data": data,
        "execution": {
            "id": str(ctx.execution_id),
            "workflowId": ctx.workflow_id,
            "link": _surroundings.address(f"{EXECUTION_PAGE}{ctx.execution_id}"),
        },
        "error": _error_in(data),
    }
    try:
        async with _surroundings.pool.acquire() as connection:
            words = await find_words(connection, ctx.tenant.id, template, demand.channel)
        return fill_in(words, values)
    except TemplateFailure as failure:
        raise ActionError(f"notify: {failure.message}", code=failure.code, retryable=False) from failure


def _error_in(data: object) -> Any:
    """A template that tells of failures finds the error in the same place, whoever uses it."""
    return cast("dict[str, Any]", data).get("error") if isinstance(data, dict) else None
