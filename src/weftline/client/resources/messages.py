"""Templates of messages."""

from __future__ import annotations

from weftline.client.models.messages import MessageTemplate
from weftline.client.operations import Colour, Resource, call, given, iteration
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class MessageTemplates(Resource[Colour]):
    """Texts that ``notification`` nodes and notices of failures are made from."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[MessageTemplate]:
        """Templates by name, page by page."""
        return self._list(MessageTemplate, "message-templates", limit=limit)

    @call
    def get(self, name: str) -> Plan[MessageTemplate]:
        """A template, by its name."""
        return self._read(MessageTemplate, "GET", "message-templates", name)

    @call
    def create(self, name: str, body: str, *, channel: str, subject: str | None = None) -> Plan[MessageTemplate]:
        """Make a template.

        Args:
            name: what definitions call it.
            body: the text.
            channel: ``email`` or ``webhook``.
            subject: of mails.
        """
        said = {"name": name, "body": body, "channel": channel, **given(subject=subject)}
        return self._read(MessageTemplate, "POST", "message-templates", body=said)

    @call
    def replace(self, name: str, body: str, *, channel: str, subject: str | None = None) -> Plan[MessageTemplate]:
        """Give a template another text; see :meth:`create`."""
        said = {"body": body, "channel": channel, **given(subject=subject)}
        return self._read(MessageTemplate, "PUT", "message-templates", name, body=said)

    @call
    def remove(self, name: str) -> Plan[MessageTemplate]:
        """Take a template away; returns what it was."""
        return self._read(MessageTemplate, "DELETE", "message-templates", name)
