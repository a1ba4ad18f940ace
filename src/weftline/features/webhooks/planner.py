"""Planning what webhooks are told: following the feed.

One process at a time reads the feed, from where it was read to last, and writes a delivery for each event that a
webhook is told, in the transaction that also notes how far it has come: so each is planned once, whoever dies. Nobody
reads it while no webhook is active.

The bus tells when the feeds of tenants with webhooks grow. What happens to tasks and workflows by requests it does not
tell of; nor does it say so where it carries nothing. So the loop looks for itself, too: often where a webhook is told
of such things, else now and then.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import almighty
from weftline.features.access.rules import TenantRules
from weftline.features.audit.trail import record
from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.features.live.happenings import Happening, pick_happenings
from weftline.features.live.kinds import KINDS_OF_TASKS, KINDS_OF_WORKFLOWS, is_wanted, wanted_kinds
from weftline.features.tasks.members import Access
from weftline.features.webhooks import queue, repository
from weftline.features.webhooks.messages import message
from weftline.features.webhooks.models import Webhook
from weftline.model.ids import uuid7
from weftline.store.bus import FEED, Beacon, Bus
from weftline.store.feed import Changes, Entry, Position, PositionExpired, changes, current_position

log = structlog.get_logger(__name__)

LOOK_SECONDS, LOOK_SELDOM_SECONDS = 1.0, 10.0
"""Between two looks for what nobody told of: where there may be such, and where there should be none."""

GATHER_SECONDS = 0.02
"""What is told of within so long is planned together."""

UNTOLD = KINDS_OF_TASKS | KINDS_OF_WORKFLOWS

ROWS = 50
"""Of the feed, in one turn. Each may tell of hundreds of executions."""

NOTE_AFTER = 600
"""Seconds after which the position is noted anew though nothing was told: an old one expires."""

_Key = tuple[UUID, UUID]


class Planner:
    """The loop that plans deliveries.

    Args:
        database: under the workers' role, which sees every tenant's webhooks.
        access: tenants' rules.
        bus: tells when feeds grow.
        on_planned: called when there are new deliveries.
    """

    def __init__(self, database: Database, access: Access, bus: Bus, on_planned: Callable[[], None]) -> None:
        self._database = database
        self._access = access
        self._on_planned = on_planned
        self._tenants: Collection[UUID] = ()
        self._gathering: asyncio.TimerHandle | None = None
        self._beacon = Beacon(bus, lambda: bool(self._tenants))
        self._loop = Background("webhook planner", LOOK_SECONDS, self.run_once)
        bus.listen(FEED, self._hear)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()
        await self._beacon.close()

    async def run_once(self) -> int:
        """Plan what one piece of the feed asks for; returns how many rows of the feed that was.

        Raises:
            StoreError: the database cannot be used.
        """
        async with self._database.unbound() as session:
            noted = await repository.take_position(session)
            if noted is None:
                # nobody needs it, or another process sees to it
                self._follow(())
                return 0
            webhooks = await repository.active(session)
            self._follow(webhooks)
            if not webhooks:
                await repository.drop_position(session)
                return 0
            position = Position.parse(noted)
            found = await self._read(session, position, webhooks)
            planned = await self._plan(session, webhooks, found.entries)
            if found.entries or found.position.at - position.at > NOTE_AFTER:
                await repository.move_position(session, str(found.position))
        if planned:
            self._on_planned()
        return len(found.entries)

    def _follow(self, webhooks: Sequence[Webhook]) -> None:
        """From now on, listen for what these are told."""
        self._tenants = {webhook.tenant_id for webhook in webhooks}
        wanted = wanted_kinds(pattern for webhook in webhooks for pattern in webhook.kinds)
        self._loop.seconds = LOOK_SELDOM_SECONDS if UNTOLD.isdisjoint(wanted) else LOOK_SECONDS
        if webhooks:
            self._beacon.light()

    def _hear(self, message: str | None) -> None:
        if self._gathering is None and (not message or UUID(message) in self._tenants):
            self._gathering = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._wake)

    def _wake(self) -> None:
        self._gathering = None
        self._loop.wake()

    async def _read(self, session: AsyncSession, position: Position, webhooks: Sequence[Webhook]) -> Changes:
        connection = await driver(session)
        tenants = {webhook.tenant_id for webhook in webhooks}
        try:
            return await changes(connection, position, tenants, limit=ROWS)
        except PositionExpired:
            # nobody was there for a day: what is forgotten cannot be told, but that it was not can
            log.exception("events that webhooks were not told of are forgotten")
            for tenant_id in tenants:
                after, system = {"since": position.at}, almighty(tenant_id, "system", "weftline")
                await record(
                    session, "webhook.events-missed", "webhook", after=after, tenant_id=tenant_id, actor=system
                )
            return Changes([], await current_position(connection), is_complete=True)

    async def _plan(self, session: AsyncSession, webhooks: Sequence[Webhook], entries: Sequence[Entry]) -> int:
        """Plan deliveries for all that the webhooks want of it; returns how many."""
        asked = await self._asked(session, webhooks, entries)
        if not asked:
            return 0
        count = 0
        for webhook in await repository.lock_active(session, asked.keys()):
            rules = await self._access.rules(webhook.tenant_id)
            if rules is None:
                continue
            rows = [_row(webhook, each, rules) for each in asked[webhook.tenant_id, webhook.id]]
            await queue.add(session, rows)
            count += len(rows)
        return count

    async def _asked(
        self, session: AsyncSession, webhooks: Sequence[Webhook], entries: Sequence[Entry]
    ) -> Mapping[_Key, list[Happening]]:
        """What each webhook is to be told, by the webhook's key."""
        asked: defaultdict[_Key, list[Happening]] = defaultdict(list)
        for told, rows in _groups(webhooks, entries):
            kinds = wanted_kinds(pattern for webhook in told for pattern in webhook.kinds)
            for happening in await pick_happenings(session, rows, kinds):
                for webhook in told:
                    if _is_asked(webhook, happening):
                        asked[webhook.tenant_id, webhook.id].append(happening)
        return asked


def _groups(webhooks: Sequence[Webhook], entries: Sequence[Entry]) -> Iterable[tuple[Sequence[Webhook], list[Entry]]]:
    """The entries with the webhooks that are told of them, those of the same tenant that the same are told of together.

    A webhook is told nothing that was committed before it was set up. What fewer are told of comes first: it happened
    earlier, as far as it is about the same execution.
    """
    by_tenant: defaultdict[UUID, list[tuple[Webhook, Position]]] = defaultdict(list)
    for webhook in webhooks:
        by_tenant[webhook.tenant_id].append((webhook, Position.parse(webhook.since)))
    groups: dict[tuple[UUID, ...], tuple[Sequence[Webhook], list[Entry]]] = {}
    for entry in entries:
        told = [webhook for webhook, since in by_tenant[entry.tenant_id] if not since.shows(entry)]
        if told:
            ids = tuple(webhook.id for webhook in told)
            groups.setdefault(ids, (told, []))[1].append(entry)
    return sorted(groups.values(), key=lambda group: len(group[0]))


def _is_asked(webhook: Webhook, happening: Happening) -> bool:
    if webhook.workflows and happening.workflow_id not in webhook.workflows:
        return False
    return is_wanted(happening.kind, webhook.kinds)


def _row(webhook: Webhook, happening: Happening, rules: TenantRules) -> dict[str, Any]:
    id = uuid7()
    subject = happening.execution_id or happening.workflow_id
    return {
        "tenant_id": webhook.tenant_id,
        "id": id,
        "webhook_id": webhook.id,
        "kind": happening.kind,
        "subject": str(subject),
        "workflow_id": happening.workflow_id,
        "execution_id": happening.execution_id,
        "body": message(webhook, id, happening, rules),
        "status": "due",
    }
