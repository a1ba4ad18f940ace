"""Trying a plugin without a platform around it: what it adds is there, and its documents are kept in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin import (
    MAX_RECORDS_LISTED,
    Identity,
    PasswordAttempt,
    Plugin,
    PluginEvent,
    Record,
    RecordChanged,
    RecordPage,
    RecordStore,
)
from weftline.authoring.plugin.registry import plugin_node_types, step_validators
from weftline.language.errors import DefinitionError
from weftline.language.plugin_nodes import expand, parts_here
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.plugins.app import HostedApp
from weftline.testing.policies import forbidding


class RecordsInMemory(RecordStore):
    """A collection of documents that ends with the test; see :class:`~weftline.authoring.plugin.RecordStore`.

    It knows versions and pages, and does not look at sizes.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[UUID, str], Record] = {}

    async def get(self, tenant_id: UUID, key: str) -> Record | None:
        """The document of a key."""
        return self._kept.get((tenant_id, key))

    async def put(self, tenant_id: UUID, key: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Record:
        """Make a document, or replace it."""
        held = self._held(tenant_id, key, if_version)
        now = datetime.now(UTC)
        version, created = (1, now) if held is None else (held.version + 1, held.created_at)
        made = self._kept[tenant_id, key] = Record(key, dict(data), version, created, now)
        return made

    async def delete(self, tenant_id: UUID, key: str, *, if_version: int | None = None) -> bool:
        """Remove a document."""
        self._held(tenant_id, key, if_version)
        return self._kept.pop((tenant_id, key), None) is not None

    async def list(
        self, tenant_id: UUID, *, prefix: str = "", cursor: str | None = None, limit: int = 100
    ) -> RecordPage:
        """Documents by key."""
        assert 1 <= limit <= MAX_RECORDS_LISTED, f"a page has 1 to {MAX_RECORDS_LISTED} documents"
        found = sorted(
            (each for (tenant, key), each in self._kept.items() if tenant == tenant_id and key.startswith(prefix)),
            key=lambda each: each.key,
        )
        rest = [each for each in found if cursor is None or each.key > cursor]
        return RecordPage(rest[:limit], rest[limit - 1].key if len(rest) > limit else None)

    def _held(self, tenant_id: UUID, key: str, if_version: int | None) -> Record | None:
        held = self._kept.get((tenant_id, key))
        version = 0 if held is None else held.version
        if if_version is not None and if_version != version:
            raise RecordChanged(key, if_version, version)
        return held


@dataclass(frozen=True, slots=True)
class StartedPlugin:
    """A plugin that runs in a test.

    Attributes:
        app: what it has added: ``routes``, ``panels``, ``templates``, ``policies``, ``auth_providers``;
            ``app.store(…)`` gives what it keeps.
    """

    app: HostedApp

    def definition(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A definition as the platform stores it: with what the plugin makes of its nodes.

        Raises:
            DefinitionError: it uses something that the plugin does not have, or uses it wrongly.
        """
        made, problems = expand(document, parts_here())
        if problems:
            raise DefinitionError(problems)
        return made

    async def tell(self, kind: str, data: Mapping[str, Any] | None = None, **facts: Any) -> None:
        """Tell the plugin of an event, by all of its handlers for it. What they raise is raised.

        Args:
            kind: such as ``execution.failed``; whether there is such a one is not known here.
            data: the event's own.
            facts: other fields of ``PluginEvent``; else it is of an execution of the workflow ``workflow`` in the
                default tenant, and just now.
        """
        made: dict[str, Any] = {
            "id": uuid7(),
            "tenant_id": DEFAULT_TENANT,
            "occurred_at": datetime.now(UTC),
            "workflow_id": "workflow",
            "execution_id": uuid7(),
        }
        event = PluginEvent(**{**made, **facts}, kind=kind, data=data)
        for handler in self.app.hooks.handlers(kind):
            await handler(event)

    async def authenticate(
        self, provider: str, login: str, password: str, tenant_id: UUID = DEFAULT_TENANT
    ) -> Identity | None:
        """Whom one of the plugin's ways to sign in finds.

        Args:
            provider: its name.
            login, password: what somebody gives.
            tenant_id: where they want to sign in.
        """
        return await self.app.auth_providers[provider].authenticate(PasswordAttempt(tenant_id, login, password))

    def forbidding(
        self,
        action: str,
        principal: Mapping[str, Any] | None = None,
        resource: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Names of the plugin's policies that forbid something to somebody who may do it otherwise.

        Args:
            action: name of a permission; whether there is such a one is not known here.
            principal: what is to be different of a member who gave a password: attributes, ``type`` (``User`` or
                ``Service``), ``roles``, ``groups``.
            resource: the same of the tenant as a whole: ``type``, ``id``, attributes, ``workflow`` (id of the workflow
                that an execution or a task is of), ``input`` (the scalars of the execution's input).
            context: the same of a Wednesday at ten, UTC.

        Raises:
            ValueError: a policy fails, which would deny; or there is no such attribute.
        """
        return forbidding(self.app.policies.values(), action, principal or {}, resource or {}, context or {})


@asynccontextmanager
async def started(plugin: Plugin, configuration: Mapping[str, Any] | None = None) -> AsyncGenerator[StartedPlugin]:
    """A plugin that runs while the context is open: forms are checked by its checks, and its nodes can be expanded.

    Args:
        plugin: which.
        configuration: what every tenant has set for it.

    Raises:
        ValueError: what it adds does not fit together; and whatever its ``initialize`` raises.
    """
    kept: dict[str, RecordStore] = {}

    async def stored(tenant_id: UUID, plugin_id: str) -> dict[str, Any]:
        return dict(configuration or {})

    def records(plugin_id: str, collection: str) -> RecordStore:
        return kept.setdefault(collection, RecordsInMemory())

    app = HostedApp(plugin, "worker", stored, records)
    try:
        with owned_by(plugin.id):
            await plugin.initialize(app)
        app.complete()
        for each in (step_validators, plugin_node_types):
            each.give_back(plugin.id)
        yield StartedPlugin(app)
    finally:
        for each in (step_validators, plugin_node_types):
            each.withhold(plugin.id)
        await plugin.on_shutdown()
