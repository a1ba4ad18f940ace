"""A connection that is open in a worker: what it signs in with, what it keeps open, and who may use it now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from weftline.model.masking import Masker

if TYPE_CHECKING:
    from weftline.authoring.errors import ActionError
    from weftline.authoring.integrations import Auth, OpenedConnection
    from weftline.engine.guard import Guard
    from weftline.store.connections import StoredConnection

log = structlog.get_logger(__name__)

DISABLED = "connection_disabled"
"""Code of the error where somebody has disabled the connection."""


class WorkerConnection:
    """A connection that is open in this worker.

    Attributes:
        tenant_id, stored: the connection.
        auth, base_url, config, credentials: see ``weftline.authoring.integrations.opened``.
        secrets, masker: what is hidden in whatever comes of it.
        guard: who may use it now.
        resources: what is kept open.
        users: attempts that use it now.
        used_at: when it was used last, by the monotonic clock.
    """

    __slots__ = (
        "auth",
        "base_url",
        "config",
        "credentials",
        "guard",
        "masker",
        "resources",
        "secrets",
        "stored",
        "tenant_id",
        "used_at",
        "users",
    )

    def __init__(
        self,
        tenant_id: UUID,
        stored: StoredConnection,
        auth: Auth,
        base_url: str | None,
        config: Mapping[str, Any],
        credentials: Mapping[str, Any],
        guard: Guard,
    ) -> None:
        from weftline.authoring.integrations.opened import Resources

        self.tenant_id = tenant_id
        self.stored = stored
        self.auth = auth
        self.base_url = base_url
        self.config = config
        self.credentials = credentials
        self.secrets = frozenset(auth.secrets(credentials))
        self.masker = Masker(self.secrets)
        self.guard = guard
        self.resources = Resources()
        self.users = 0
        self.used_at = time.monotonic()

    def opened(self, renew: Any) -> OpenedConnection:
        """The connection as an action gets it."""
        from weftline.authoring.builtin.http import http_settings
        from weftline.authoring.integrations.opened import OpenedConnection

        return OpenedConnection(
            id=self.stored.id,
            name=self.stored.name,
            integration=self.stored.integration,
            auth=self.auth,
            config=self.config,
            credentials=self.credentials,
            timeout=self.guard.limits.timeout,
            base_url=self.base_url,
            settings=http_settings(),
            resources=self.resources,
            # a system that wants nobody to sign in has refused something else
            renew=None if self.auth.type == "NONE" else renew,
        )

    def error(self, kind: type[ActionError], code: str, message: str, **options: Any) -> ActionError:
        """An error about it, without its secrets."""
        details = {**dict(options.pop("details", {})), **self.named, "connectionId": str(self.stored.id)}
        return kind(self.masker.text(message), code=code, details=details, **options)

    @property
    def named(self) -> dict[str, str]:
        """Whose and which it is, for people."""
        return {"integration": self.stored.integration, "connection": self.stored.name}

    @property
    def obstacle(self) -> tuple[str, str] | None:
        """Code and text of what has to be seen to before it can be used."""
        from weftline.authoring.integrations import OAuth2
        from weftline.authoring.integrations.oauth import needs_person
        from weftline.authoring.integrations.opened import UNAUTHORIZED

        stored, auth = self.stored, self.auth
        if not stored.is_active:
            return DISABLED, "is disabled"
        if stored.status == "UNAUTHORIZED":
            said = f": {stored.status_detail}" if stored.status_detail else ""
            return UNAUTHORIZED, f"has to be renewed{said}"
        settings = {**self.credentials, **self.config}
        if isinstance(auth, OAuth2) and stored.tokens is None and needs_person(auth, settings):
            return UNAUTHORIZED, "has to be authorized first: nobody has allowed access yet"
        return None

    async def close(self) -> None:
        """Close what it keeps open."""
        try:
            await self.resources.close()
        except Exception:
            # one that cannot be closed is gone all the same
            log.exception("what a connection kept open did not close", **self.named)
