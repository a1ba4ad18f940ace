"""Webhooks: calls from outside that start executions.

The token in the address says which trigger is meant; where calls are signed, the signature says that the caller may.
What is wrong with a call is found before anything is stored, and all that a call leads to is one transaction: what was
seen of it, the execution, the counters.
"""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from weftline.authoring.integrations import Reply
from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import almighty
from weftline.features.database import Database, driver
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.reader import ExecutionReader, Snapshot
from weftline.features.executions.watcher import Watcher
from weftline.features.tasks.tokens import read_token
from weftline.features.triggers import repository
from weftline.features.triggers.calls import Call
from weftline.features.triggers.errors import CannotFire, TooManyCalls, WebhookNotFound, WebhookNotReady
from weftline.features.triggers.integration_calls import (
    IntegrationCalls,
    count_handshake,
    count_rejected,
    webhook_of,
)
from weftline.features.triggers.models import TriggerStatus
from weftline.features.triggers.receipts import note_started, remember
from weftline.features.triggers.rows import stored
from weftline.features.triggers.signatures import check_signature, seconds_to_remember
from weftline.features.triggers.starting import Starting, count_failure
from weftline.language.trigger_rules import IntegrationRule, SignatureRule, TriggerRule, WebhookRule
from weftline.machine.firing import FiringFailed
from weftline.store.connect import keyring_of
from weftline.store.queries import queries
from weftline.store.triggers import Connection, StoredTrigger, TriggerRules
from weftline.store.variables import UnknownSecret, load_variables

_COUNT_CALL = queries("trigger_receipts")["count_call"]


class Hook(NamedTuple):
    """A webhook that may be called.

    Attributes:
        trigger, rule: which.
        webhook: the rule's part that is about calls.
    """

    trigger: StoredTrigger
    rule: TriggerRule
    webhook: WebhookRule


class Answer(NamedTuple):
    """What a call came to.

    Attributes:
        execution_id: what it started, now or when it was made before; None where it started nothing.
        snapshot: the execution, where the webhook answers when that has ended, and it has.
        reply: the answer to a handshake, by which the other system tries the address.
    """

    execution_id: UUID | None
    snapshot: Snapshot | None = None
    reply: Reply | None = None


class Hooks:
    """Takes calls of webhooks.

    Args:
        database: where triggers are.
        cache: whether tenants are active.
        starting: starts what triggers start.
        rules: compiled triggers.
        hints: wakes workers.
        watcher: waits for executions' ends.
        reader: shows executions.
        integration_calls: takes calls for triggers of integrations.
    """

    def __init__(
        self,
        database: Database,
        cache: AccessCache,
        starting: Starting,
        rules: TriggerRules,
        hints: WorkHints,
        watcher: Watcher,
        reader: ExecutionReader,
        integration_calls: IntegrationCalls,
    ) -> None:
        self._database = database
        self._cache = cache
        self._starting = starting
        self._rules = rules
        self._hints = hints
        self._watcher = watcher
        self._reader = reader
        self._integration_calls = integration_calls

    async def find(self, token: str) -> Hook:
        """The webhook of an address.

        Raises:
            WebhookNotFound: there is none, or it may not be called now; from outside that is the same.
        """
        read = read_token(token)
        rules = None if read is None else await self._cache.rules(read.tenant_id)
        if read is None or rules is None or rules.status != "active":
            raise WebhookNotFound
        async with self._database.transaction(read.tenant_id) as session:
            row = await repository.by_token(session, read.tenant_id, read.hash)
        if row is None or row.status != TriggerStatus.ACTIVE:
            raise WebhookNotFound
        trigger = stored(row)
        try:
            rule = self._rules.get(trigger)
        except FiringFailed as error:
            raise WebhookNotFound from error
        return Hook(trigger, rule, rule.webhook or _of_integration(rule))

    async def answer(self, hook: Hook, call: Call) -> Answer:
        """Take a call, and wait for the end of what it starts where the webhook says so.

        Raises:
            MalformedJson, UnreadableCall, UnsupportedMediaType: its body cannot be read.
            BadSignature, StaleCall, ReplayedCall: its signature is not good.
            TooManyCalls: not now.
            CannotFire: no execution can be started.
            WebhookNotReady, WebhookNotFound: the webhook cannot take calls.
        """
        if hook.rule.integration is not None:
            return await self._answer_integration(hook, hook.rule.integration, call)
        delivery = call.headers.get((hook.webhook.delivery_header or "").lower())
        async with self._database.transaction(hook.trigger.tenant_id) as session:
            connection = await driver(session)
            signature = await _signature(connection, hook, call)
            call_values = call.values()
            await _count(connection, hook)
            failure: FiringFailed | None = None
            execution_id: UUID | None = None
            try:
                # what was seen of a call that starts nothing is forgotten: it may be made again
                async with connection.transaction():
                    execution_id = await self._take(connection, hook, call_values, signature, delivery or None)
            except FiringFailed as error:
                failure = error
                await count_failure(connection, hook.trigger, error)
        if failure is not None:
            raise CannotFire(failure.error) from failure
        if execution_id is None:
            return Answer(None)
        self._hints.send()
        return await self._awaited(hook, execution_id)

    async def _answer_integration(self, hook: Hook, rule: IntegrationRule, call: Call) -> Answer:
        failure: FiringFailed | None = None
        execution_id: UUID | None = None
        async with self._database.transaction(hook.trigger.tenant_id) as session:
            connection = await driver(session)
            told = await self._integration_calls.events(connection, hook.trigger, rule, call)
            await _count(connection, hook)
            if isinstance(told, Reply):
                await count_handshake(connection, hook.trigger)
                return Answer(None, reply=told)
            try:
                async with connection.transaction():
                    execution_id = await self._integration_calls.start(connection, hook.trigger, hook.rule, told)
            except FiringFailed as error:
                failure = error
                await count_failure(connection, hook.trigger, error)
                await count_rejected(connection, hook.trigger, len(told.events))
        if failure is not None:
            raise CannotFire(failure.error) from failure
        if execution_id is not None:
            self._hints.send()
        return Answer(execution_id)

    async def _take(
        self,
        connection: Connection,
        hook: Hook,
        values: dict[str, object],
        signature: bytes | None,
        delivery: str | None,
    ) -> UUID | None:
        trigger, rule = hook.trigger, hook.rule
        seconds = 0.0 if hook.webhook.signature is None else seconds_to_remember(hook.webhook.signature)
        seen = await remember(connection, trigger, signature, delivery, seconds)
        if not seen.is_new:
            return seen.execution_id
        actor = almighty(trigger.tenant_id, "system", f"webhook {trigger.workflow_id}/{trigger.key}")
        execution_id = await self._starting.start(connection, trigger, rule, values, values["body"], actor)
        if execution_id is not None:
            await note_started(connection, trigger, seen.digests, execution_id)
        return execution_id

    async def _awaited(self, hook: Hook, execution_id: UUID) -> Answer:
        timeout, tenant_id = hook.webhook.respond_timeout, hook.trigger.tenant_id
        if timeout and await self._watcher.ended(tenant_id, execution_id, timeout):
            return Answer(execution_id, await self._reader.get(tenant_id, execution_id))
        return Answer(execution_id)


def _of_integration(rule: TriggerRule) -> WebhookRule:
    """How an integration's trigger may be called; the integration says itself how its calls are signed."""
    declared = None if rule.integration is None else webhook_of(rule.integration)
    return WebhookRule() if declared is None else WebhookRule(declared.methods, max_body=declared.max_body)


async def _signature(connection: Connection, hook: Hook, call: Call) -> bytes | None:
    """A call's signature, which is good; None where calls are not signed."""
    rule = hook.webhook.signature
    if rule is None:
        return None
    secret = await _secret(connection, hook.trigger, rule)
    return check_signature(rule, secret, call.headers, call.body, time.time())


async def _secret(connection: Connection, trigger: StoredTrigger, rule: SignatureRule) -> str:
    keyring = keyring_of(connection)
    assert keyring is not None, "whoever takes calls has the keys"
    variables = await load_variables(connection, keyring, trigger.tenant_id, trigger.workflow_id)
    try:
        secret = variables.secret(rule.variable)
    except UnknownSecret as error:
        raise WebhookNotReady from error
    if not secret:
        # anybody can sign with an empty key
        raise WebhookNotReady
    return secret


async def _count(connection: Connection, hook: Hook) -> None:
    """Count a call, which locks the trigger."""
    row = await connection.fetchrow(_COUNT_CALL, hook.trigger.tenant_id, hook.trigger.id)
    if row is None:
        raise WebhookNotFound
    limit = hook.webhook.max_per_minute
    if row["window_count"] > limit:
        raise TooManyCalls(limit, row["seconds"])
