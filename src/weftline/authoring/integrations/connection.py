"""A connection: one way into an integration, with what its owner configured and the credentials to get in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar
from uuid import UUID

from weftline.authoring.errors import ActionError

T = TypeVar("T")


class Connection(Protocol):
    """What an action of an integration gets to work with.

    Attributes:
        id: whose.
        name: under which definitions name it.
        integration: name of the integration.
        config: what its owner configured, fitting the integration's ``config``.
        credentials: what its owner entered, and for OAuth 2.0 ``accessToken``, fresh. Whatever is secret in it is
            masked wherever the attempt leaves a trace.
        timeout: seconds that one exchange may take.
    """

    id: UUID
    name: str
    integration: str
    config: Mapping[str, Any]
    credentials: Mapping[str, Any]
    timeout: float

    @property
    def auth_type(self) -> str:
        """Which of the integration's ways of signing in it uses."""
        ...

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = ...,
        content: bytes | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Send an HTTP request, signed in as the connection is.

        Args:
            method: like ``POST``.
            url: an address, or a path below the integration's base URL.
            query, headers: added to those that sign in.
            json: sent as JSON.
            content: sent as it is; needs a ``Content-Type`` among the headers.
            timeout: seconds; the connection's own where absent.

        Returns:
            ``{status, headers, body}``, as the action ``http`` returns it.

        Raises:
            ActionError: like that action, an answer with an error status as ``HttpStatusError``; code
                ``connection_unauthorized`` where the credentials are refused, ``rate_limited`` for status 429.
        """
        ...

    def unauthorized(self, message: str, **details: Any) -> ActionError:
        """The error for an action to raise whose credentials were refused in a way that no status tells.

        Args:
            message: what the other system said, without secrets.
            details: more of it, JSON.
        """
        ...

    def rate_limited(self, message: str, retry_after: float | None, **details: Any) -> ActionError:
        """The error for an action to raise that was told to come back later in a way that no status tells.

        Args:
            message: what the other system said, without secrets.
            retry_after: seconds to wait; None where it did not say.
            details: more of it, JSON.
        """
        ...

    async def address(self, host: str, port: int) -> str:
        """An IP address of a host that workflows may reach from here; connect to this very one.

        Raises:
            ActionError: code ``address_refused`` where there is none, ``host_unknown`` where it has no address.
        """
        ...

    async def resource(self, key: str, open: Callable[[], Awaitable[T]], close: Callable[[T], Awaitable[None]]) -> T:
        """Something that is kept open between the connection's calls in this process, like a pool.

        Args:
            key: which, among those of the connection.
            open: ``async def open() -> T``; called where there is none.
            close: ``async def close(resource)``; called when the connection changes, is idle for long, or the
                process ends.
        """
        ...
