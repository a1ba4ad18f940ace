"""Systems that workflows reach, and the connections through which they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.integrations import (
    Authorization,
    Connection,
    Import,
    Integration,
    IntegrationAction,
    IntegrationDetail,
    RemovedIntegration,
)
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Integrations(Resource[Colour]):
    """Systems that workflows can reach."""

    @iteration
    def list(
        self,
        *,
        query: str | None = None,
        category: str | None = None,
        auth_type: str | Sequence[str] | None = None,
        is_connected: bool | None = None,
        limit: int | None = None,
    ) -> Listing[Integration]:
        """Integrations by name, page by page.

        Args:
            query: only those with these words in their name or description.
            category: only those of this one.
            auth_type: only those that one can sign in to so, like ``OAUTH2``.
            is_connected: only those to which there is a connection, or to which there is none.
            limit: at most so many; None for all.
        """
        fields = given(query=query, category=category, authType=texts(auth_type), isConnected=is_connected)
        return self._list(Integration, "integrations", limit=limit, query=fields)

    @call
    def get(self, name: str) -> Plan[IntegrationDetail]:
        """An integration: how one signs in, and what it can do."""
        return self._read(IntegrationDetail, "GET", "integrations", name)

    @iteration
    def actions(self, name: str, *, query: str | None = None, limit: int | None = None) -> Listing[IntegrationAction]:
        """What steps can do in a system, page by page."""
        return self._list(IntegrationAction, "integrations", name, "actions", limit=limit, query=given(query=query))

    @call
    def action(self, name: str, action: str) -> Plan[IntegrationAction]:
        """An action with its schemas.

        Args:
            name: the integration's.
            action: the action's, without the integration's.
        """
        return self._read(IntegrationAction, "GET", "integrations", name, "actions", action)

    @iteration
    def find_actions(
        self, *, query: str | None = None, integration: str | None = None, limit: int | None = None
    ) -> Listing[IntegrationAction]:
        """Actions of all integrations, the closest to ``query`` first, without their schemas."""
        fields = given(query=query, integrationId=integration)
        return self._list(IntegrationAction, "integrations", "actions", limit=limit, query=fields)

    @call
    def import_document(
        self,
        *,
        document: str | Mapping[str, Any] | None = None,
        url: str | None = None,
        name: str | None = None,
        title: str | None = None,
        category: str | None = None,
        base_url: str | None = None,
        dry_run: bool = False,
    ) -> Plan[Import]:
        """Make an integration of an OpenAPI or Swagger document, or bring one up to date.

        Args:
            document: its text, or the object that it is.
            url: where it is, in place of that.
            name: what definitions are to call it; made of its title where None.
            title, category: for people; the document's and ``imported`` where None.
            base_url: where the system is, whatever the document says.
            dry_run: only tell what it would come to.
        """
        body = given(document=document, url=url, name=name, title=title, category=category, baseUrl=base_url)
        return self._read(Import, "POST", "integrations", "import", body=body, query={"dryRun": dry_run})

    @call
    def remove(self, name: str, *, force: bool = False) -> Plan[RemovedIntegration]:
        """Remove an imported integration.

        Args:
            name: which.
            force: even where published workflows call its actions.
        """
        return self._read(RemovedIntegration, "DELETE", "integrations", name, query={"force": force})


class Connections(Resource[Colour]):
    """Ways into other systems: the tenant's, and one's own. Credentials go one way only."""

    @iteration
    def list(
        self,
        *,
        integration: str | None = None,
        status: str | Sequence[str] | None = None,
        is_personal: bool | None = None,
        limit: int | None = None,
    ) -> Listing[Connection]:
        """Connections by name, page by page.

        Args:
            integration: only those to this one.
            status: only those that stand so.
            is_personal: only one's own, or only the tenant's.
            limit: at most so many; None for all.
        """
        fields = given(integrationId=integration, status=texts(status), isPersonal=is_personal)
        return self._list(Connection, "connections", limit=limit, query=fields)

    @call
    def get(self, id: str) -> Plan[Connection]:
        """A connection as it is now."""
        return self._read(Connection, "GET", "connections", id)

    @call
    def create(
        self,
        integration: str,
        name: str,
        *,
        auth_type: str | None = None,
        config: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        scopes: Sequence[str] | None = None,
        is_personal: bool = False,
        is_default: bool = False,
        limits: Mapping[str, Any] | None = None,
        test: bool = True,
    ) -> Plan[Connection]:
        """Connect to a system. It is stored whether its test works or not; ``status`` says which.

        Args:
            integration: the integration's name.
            name: under which definitions name it.
            auth_type: how it signs in; the integration's usual way where None.
            config, credentials: what the integration's schemas ask for.
            scopes: what OAuth 2.0 asks for; the integration's where None.
            is_personal: it is one's own, for executions that one starts.
            is_default: steps of the integration that name no connection take it.
            limits: see :class:`Connection`.
            test: try it now.
        """
        fields = given(authType=auth_type, config=config, credentials=credentials, scopes=scopes, limits=limits)
        body = {"integrationId": integration, "name": name, "isPersonal": is_personal, "isDefault": is_default}
        return self._read(Connection, "POST", "connections", body={**body, "test": test, **fields})

    @call
    def update(
        self,
        id: str,
        *,
        name: str | None = None,
        auth_type: str | None = None,
        config: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        scopes: Sequence[str] | None = None,
        is_default: bool | None = None,
        limits: Mapping[str, Any] | None = None,
        test: bool = True,
    ) -> Plan[Connection]:
        """Change a connection; what is not given stays. Steps that wait for it go on. See :meth:`create`."""
        fields = given(
            name=name,
            authType=auth_type,
            config=config,
            credentials=credentials,
            scopes=scopes,
            isDefault=is_default,
            limits=limits,
        )
        return self._read(Connection, "PATCH", "connections", id, body={**fields, "test": test})

    @call
    def remove(self, id: str, *, force: bool = False) -> Plan[Connection]:
        """Remove a connection; returns what it was.

        Args:
            id: which.
            force: even where published workflows name it.
        """
        return self._read(Connection, "DELETE", "connections", id, query={"force": force})

    @call
    def test(self, id: str) -> Plan[Connection]:
        """Try a connection; ``status`` says what came of it."""
        return self._read(Connection, "POST", "connections", id, "test")

    @call
    def reset(self, id: str) -> Plan[Connection]:
        """Close a connection's circuit breaker; steps that wait for it go on."""
        return self._read(Connection, "POST", "connections", id, "reset")

    @call
    def enable(self, id: str) -> Plan[Connection]:
        """Let steps use a connection again."""
        return self._read(Connection, "POST", "connections", id, "enable")

    @call
    def disable(self, id: str) -> Plan[Connection]:
        """Let no step use a connection."""
        return self._read(Connection, "POST", "connections", id, "disable")

    @call
    def authorize(self, id: str) -> Plan[Authorization]:
        """Begin OAuth 2.0: somebody opens the address and allows access there."""
        return self._read(Authorization, "POST", "connections", id, "authorize")

    @call
    def disconnect(self, id: str) -> Plan[Connection]:
        """Give a connection's tokens back, and forget them."""
        return self._read(Connection, "POST", "connections", id, "disconnect")
