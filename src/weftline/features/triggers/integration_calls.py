"""Calls from other systems that an integration's trigger takes: it verifies their signatures, and says what they tell.

A call is verified before anything is stored, and all that it leads to is one transaction. An event that came before is
dropped and answered with what it has started; one that can start nothing is forgotten, so that it may be sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import (
    NO_AUTH,
    Integration,
    IntegrationTrigger,
    Item,
    OpenedConnection,
    Reply,
    Webhook,
    WebhookCall,
    completed,
    integrations,
)
from weftline.authoring.integrations.webhook_calls import BAD_SIGNATURE, INVALID_CALL, STALE_CALL
from weftline.features.access.caller import almighty
from weftline.features.triggers.calls import Call, UnreadableCall
from weftline.features.triggers.errors import BadSignature, StaleCall, WebhookNotReady
from weftline.features.triggers.starting import Starting
from weftline.language.trigger_rules import IntegrationRule, TriggerRule
from weftline.machine.firing import FiringFailed
from weftline.store.connect import keyring_of
from weftline.store.connections import find_connections, opened_credentials
from weftline.store.integration_events import Event, read_events
from weftline.store.integration_triggers import Seen, remember, settle
from weftline.store.queries import queries
from weftline.store.triggers import Connection, StoredTrigger

TAKE_SECONDS = 10.0
"""That an integration may need to read a call."""

_COUNT = queries("integration_triggers")["count"]
_NOTE_CALL = queries("connections")["note_call"]
_RECALL = queries("trigger_receipts")["recall"]


class Told(NamedTuple):
    """What a call tells.

    Attributes:
        connection_id: which connection has verified it.
        events: what has happened.
    """

    connection_id: UUID
    events: Sequence[Event]


class IntegrationCalls:
    """Takes calls for triggers of integrations.

    Args:
        starting: starts what triggers start.
        http: what may be reached from here.
    """

    def __init__(self, starting: Starting, http: HttpSettings) -> None:
        self._starting = starting
        self._http = http

    async def events(
        self, connection: Connection, trigger: StoredTrigger, rule: IntegrationRule, call: Call
    ) -> Told | Reply:
        """What a call tells, or the answer to a handshake.

        Args:
            connection: bound to the tenant.
            trigger, rule: which trigger was called.
            call: what came.

        Raises:
            BadSignature, StaleCall: it is not signed as it must be.
            UnreadableCall: it cannot be read.
            WebhookNotReady: the integration or its connection is not there, or cannot be used.
        """
        integration, offer = integrations.get(rule.integration), _offer(rule)
        if integration is None or offer is None or offer.webhook is None:
            raise WebhookNotReady("the integration's trigger is not there")
        opened = await self._opened(connection, trigger.tenant_id, integration, rule)
        found = await _taken(offer, opened, rule, call)
        return found if isinstance(found, Reply) else Told(opened.id, read_events(rule, offer, found))

    async def start(self, connection: Connection, trigger: StoredTrigger, rule: TriggerRule, told: Told) -> UUID | None:
        """Start what a call's events start, within a transaction that has locked the trigger.

        Returns:
            The last execution that one of them has started, now or when it came before; None where there is none.

        Raises:
            FiringFailed: one of them can start nothing; nothing of the transaction may stay.
            Overlapping: not as long as others run.
        """
        key, events = (trigger.tenant_id, trigger.id), told.events
        fresh = await remember(connection, key, {each.digest: each.id for each in events}, time.time())
        actor = almighty(trigger.tenant_id, "system", f"webhook {trigger.workflow_id}/{trigger.key}")
        started: UUID | None = None
        seen: list[Seen] = []
        for event in events:
            if event.digest not in fresh:
                row = await connection.fetchrow(_RECALL, *key, event.digest)
                started = started if row is None or row["execution_id"] is None else row["execution_id"]
                continue
            if event.error is not None:
                raise FiringFailed(event.error.code, event.error.message)
            values: dict[str, Any] = {"event": event.names}
            id = await self._starting.start(connection, trigger, rule, values, event.names["payload"], actor)
            seen.append(Seen(event.digest, id, None))
            started = started if id is None else id
        await settle(connection, key, seen)
        await connection.execute(_NOTE_CALL, trigger.tenant_id, told.connection_id, trigger.workflow_id, started)
        await connection.execute(_COUNT, *key, len(events), len(events) - len(fresh), 0)
        return started

    async def _opened(
        self, connection: Connection, tenant_id: UUID, integration: Integration, rule: IntegrationRule
    ) -> OpenedConnection:
        found = await find_connections(connection, tenant_id, integration.name, rule.connection, None)
        if len(found) != 1:
            raise WebhookNotReady(f"there is no connection to '{integration.title}' that it could use")
        stored = found[0]
        if not stored.is_active or stored.status == "UNAUTHORIZED":
            raise WebhookNotReady(f"the connection '{stored.name}' is disabled, or has to be renewed")
        keyring = keyring_of(connection)
        assert keyring is not None, "whoever takes calls has the keys"
        try:
            auth = NO_AUTH if stored.auth_type == "NONE" else integration.auth_of(stored.auth_type)
        except LookupError as error:
            raise WebhookNotReady(f"the connection '{stored.name}' signs in as nobody can any more") from error
        return OpenedConnection(
            id=stored.id,
            name=stored.name,
            integration=integration.name,
            auth=auth,
            config=completed(integration.config, stored.config),
            credentials=opened_credentials(await keyring.cipher(connection, tenant_id), stored),
            base_url=integration.base_url,
            settings=self._http,
        )


def webhook_of(rule: IntegrationRule) -> Webhook | None:
    """What the integration of a trigger says of its calls; None where it is not there, or is not called.

    Args:
        rule: the trigger's.
    """
    offer = _offer(rule)
    return None if offer is None else offer.webhook


async def count_handshake(connection: Connection, trigger: StoredTrigger) -> None:
    """Note that the other system has tried the address, which tells people that it has the right one."""
    await connection.execute(_COUNT, trigger.tenant_id, trigger.id, 0, 0, 0)


async def count_rejected(connection: Connection, trigger: StoredTrigger, count: int) -> None:
    """Count events of a call that could start nothing."""
    await connection.execute(_COUNT, trigger.tenant_id, trigger.id, count, 0, count)


def _offer(rule: IntegrationRule) -> IntegrationTrigger | None:
    integration = integrations.get(rule.integration)
    return None if integration is None else integration.triggers.get(rule.trigger)


async def _taken(
    offer: IntegrationTrigger, opened: OpenedConnection, rule: IntegrationRule, call: Call
) -> Sequence[Item] | Reply:
    try:
        async with asyncio.timeout(TAKE_SECONDS):
            said = WebhookCall(call.headers, call.fields(), call.body, call.method)
            return await offer.take(opened, completed(offer.config, rule.config), said, time.time())
    except ActionError as error:
        if error.code == BAD_SIGNATURE:
            raise BadSignature from error
        if error.code == STALE_CALL:
            raise StaleCall from error
        if error.code == INVALID_CALL:
            raise UnreadableCall(f"The call cannot be read: {error.message}.") from error
        why = error.message if error.code == "invalid_connection" else f"its connection cannot be used ({error.code})"
        raise WebhookNotReady(why) from error
    except TimeoutError as error:
        raise WebhookNotReady(f"the integration took longer than {TAKE_SECONDS:g} s") from error
    finally:
        await opened.resources.close()
