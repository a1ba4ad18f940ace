"""One look at another system for a trigger: asking it once, or listening until there is a reason to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from weftline.authoring.errors import ActionError
from weftline.engine.borrowing import TriggerBorrower
from weftline.engine.guard import HeldBack
from weftline.engine.taking import Taking
from weftline.store.integration_events import read_events
from weftline.store.triggers import TriggerRules

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weftline.authoring.integrations import Integration, IntegrationTrigger, OpenedConnection, Poll
    from weftline.engine.clock import Clock
    from weftline.engine.connections import Connections
    from weftline.language.trigger_rules import IntegrationRule
    from weftline.store.integration_triggers import Claimed

POLL_SECONDS = 120.0
"""How long one look may take."""

PLUGIN_DISABLED = "plugin_disabled"
"""Code of the error where the tenant has disabled the plugin that the integration is of."""


class Looking:
    """Looks at other systems.

    Args:
        clock: decides what is due.
        rules: compiled triggers.
        connections: to the other systems.
        taking: takes what is found.
        is_disabled: whether a tenant has disabled a plugin.
        lease_seconds: how long the worker has a trigger to itself.
    """

    def __init__(
        self,
        clock: Clock,
        rules: TriggerRules,
        connections: Connections,
        taking: Taking,
        is_disabled: Callable[[UUID, str], bool],
        lease_seconds: float,
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._connections = connections
        self._taking = taking
        self._is_disabled = is_disabled
        self._lease_seconds = lease_seconds

    async def look(self, claimed: Claimed, using: Callable[[OpenedConnection], None]) -> None:
        """Look for a trigger, and take what is found. Returns when the trigger has been let go.

        Args:
            claimed: the trigger.
            using: called with the connection that is used.

        Raises:
            ActionError: the other system could not be asked, or its connection cannot be used now (``HeldBack``).
            FiringFailed: what the version declares is not valid any more.
            LostTrigger: somebody else has the trigger by now.
            StoreUnavailable: the database does not answer.
        """
        rule = self._rules.get(claimed.trigger).integration
        assert rule is not None, "only triggers of integrations are looked for"
        integration, trigger = self._offered(claimed, rule)
        tenant_id, workflow_id = claimed.key[0], claimed.trigger.workflow_id
        borrower = TriggerBorrower(tenant_id, workflow_id, rule.connection, is_lasting=trigger.type == "EVENT")
        try:
            async with self._connections.use(borrower, rule.integration, integration.needs_connection) as connection:
                using(connection)
                if trigger.type == "EVENT":
                    await self._listen(claimed, rule, trigger, connection)
                else:
                    await self._poll(claimed, rule, trigger, connection)
        except ActionError as error:
            error.message = borrower.masked(error.message)
            raise

    def _offered(self, claimed: Claimed, rule: IntegrationRule) -> tuple[Integration, IntegrationTrigger]:
        from weftline.authoring.integrations import integrations

        owner = integrations.owner_of(rule.integration)
        if owner is not None and self._is_disabled(claimed.key[0], owner):
            raise HeldBack(f"the plugin '{owner}' is disabled here", code=PLUGIN_DISABLED)
        integration = integrations.get(rule.integration)
        if integration is None:
            message = f"there is no integration '{rule.integration}' here: this worker lacks its module"
            raise ActionError(message, code="unknown_integration")
        trigger = integration.triggers.get(rule.trigger)
        if trigger is None or trigger.type != claimed.kind:
            message = f"the integration '{rule.integration}' has no trigger '{rule.trigger}' of this kind any more"
            raise ActionError(message, code="unknown_trigger")
        return integration, trigger

    async def _poll(
        self, claimed: Claimed, rule: IntegrationRule, trigger: IntegrationTrigger, connection: OpenedConnection
    ) -> None:
        from weftline.authoring.integrations import completed

        body = cast("Any", trigger.body)
        limit = asyncio.timeout(POLL_SECONDS)
        try:
            async with limit:
                poll: Poll = await body(connection, completed(trigger.config, rule.config), claimed.cursor)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ActionError(f"no answer within {POLL_SECONDS:g} s", code="timeout") from None
        # what has more is due at once, behind all that has been due for longer
        wait = 0.0 if poll.is_more else rule.every
        events = read_events(rule, trigger, poll.items)
        await self._taking.take(claimed, events, poll.cursor, lambda: self._clock.now() + wait, is_last=True)

    async def _listen(
        self, claimed: Claimed, rule: IntegrationRule, trigger: IntegrationTrigger, connection: OpenedConnection
    ) -> None:
        from weftline.authoring.integrations import completed

        body = cast("Any", trigger.body)
        polls: AsyncGenerator[Poll] = body(connection, completed(trigger.config, rule.config), claimed.cursor)
        async with aclosing(polls):
            async for poll in polls:
                events = read_events(rule, trigger, poll.items)
                # what came is acknowledged when the next is asked for, and that is after this
                await self._taking.take(
                    claimed, events, poll.cursor, lambda: self._clock.now() + self._lease_seconds, is_last=False
                )
