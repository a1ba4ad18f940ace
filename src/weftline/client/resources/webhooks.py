"""Webhooks, and what was sent to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from weftline.client.models.messages import Delivery, DeliveryDetail, Redelivered, Webhook, WebhookWithSecret
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Webhooks(Resource[Colour]):
    """Addresses that are told what happens; ``docs/guides/webhooks.md`` says how they check what they are sent."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[Webhook]:
        """Webhooks, page by page."""
        return self._list(Webhook, "webhooks", limit=limit)

    @call
    def get(self, id: str) -> Plan[Webhook]:
        """A webhook as it is now."""
        return self._read(Webhook, "GET", "webhooks", id)

    @call
    def create(
        self,
        url: str,
        kinds: Sequence[str],
        *,
        name: str | None = None,
        workflows: Sequence[str] = (),
        include_data: bool = False,
        data_role: str | None = None,
    ) -> Plan[WebhookWithSecret]:
        """Let an address be told what happens. The secret is shown only this once.

        Args:
            url: the address.
            kinds: of what, as ``execution.failed`` or ``task.*``.
            name: what people call it.
            workflows: only of these; empty for all.
            include_data: with the data.
            data_role: the role as which the data are seen.
        """
        body = {"url": url, "kinds": kinds, "workflows": workflows, "includeData": include_data}
        return self._read(WebhookWithSecret, "POST", "webhooks", body={**body, **given(name=name, dataRole=data_role)})

    @call
    def update(
        self,
        id: str,
        *,
        url: str | None = None,
        kinds: Sequence[str] | None = None,
        name: str | None = None,
        workflows: Sequence[str] | None = None,
        include_data: bool | None = None,
        data_role: str | None = None,
    ) -> Plan[Webhook]:
        """Change a webhook; what is not given stays. See :meth:`create`."""
        body = given(url=url, kinds=kinds, name=name, workflows=workflows, includeData=include_data, dataRole=data_role)
        return self._read(Webhook, "PATCH", "webhooks", id, body=body)

    @call
    def remove(self, id: str) -> Plan[Webhook]:
        """Tell an address nothing more; returns what the webhook was."""
        return self._read(Webhook, "DELETE", "webhooks", id)

    @call
    def enable(self, id: str) -> Plan[Webhook]:
        """Let a webhook go on; what was due meanwhile is sent."""
        return self._read(Webhook, "POST", "webhooks", id, "enable")

    @call
    def disable(self, id: str) -> Plan[Webhook]:
        """Send a webhook nothing until it is enabled."""
        return self._read(Webhook, "POST", "webhooks", id, "disable")

    @call
    def rotate_secret(self, id: str, *, overlap_hours: int | None = None) -> Plan[WebhookWithSecret]:
        """Replace a webhook's secret; the new one is shown only this once.

        Args:
            id: which.
            overlap_hours: how long messages are signed with the one before, too; None for a day.
        """
        body = given(overlapHours=overlap_hours) or None
        return self._read(WebhookWithSecret, "POST", "webhooks", id, "rotate-secret", body=body)

    @call
    def test(self, id: str) -> Plan[Delivery]:
        """Send a webhook a message to try it."""
        return self._read(Delivery, "POST", "webhooks", id, "test")

    @iteration
    def deliveries(
        self,
        id: str,
        *,
        status: str | Sequence[str] | None = None,
        kind: str | Sequence[str] | None = None,
        execution: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> Listing[Delivery]:
        """What was sent to a webhook, or is about to be, the newest first.

        Args:
            id: which.
            status: only ``due``, ``delivered`` or ``failed``, or several of these.
            kind: only of this kind, or of one of these.
            execution: only about this one.
            since: only what was made at that time or later.
            limit: at most so many; None for all.
        """
        query = {"status": texts(status), "kind": texts(kind), "executionId": execution, "since": since}
        return self._list(Delivery, "webhooks", id, "deliveries", limit=limit, query=query)

    @call
    def delivery(self, id: str, delivery: str) -> Plan[DeliveryDetail]:
        """A message with what it says and every attempt to send it."""
        return self._read(DeliveryDetail, "GET", "webhooks", id, "deliveries", delivery)

    @call
    def redeliver(self, id: str, delivery: str) -> Plan[Delivery]:
        """Send a message again."""
        return self._read(Delivery, "POST", "webhooks", id, "deliveries", delivery, "redeliver")

    @call
    def redeliver_failed(self, id: str, since: datetime) -> Plan[Redelivered]:
        """Send all messages again that were given up at that time or later."""
        return self._read(Redelivered, "POST", "webhooks", id, "redeliver", body={"since": since})
