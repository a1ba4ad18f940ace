"""One tenant's API, as the manager uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from weftline.client import ApiError, AsyncClient, ConnectionFailed, InvalidAnswer
from weftline.manager.errors import Refused, Unreachable


class TenantClient:
    """Asks the API on behalf of one tenant.

    Args:
        client: sends the requests.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, *path: object, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """Send a request, and return the answer's body.

        Args:
            method: of HTTP.
            path: segments, any text.
            query: parameters; what is None is left out.
            body: JSON; None sends none.

        Raises:
            Refused: the answer is no.
            Unreachable: there was none, or none of a Weftline server.
        """
        request = self._client.request(method, path, query=query, body=body)
        try:
            # in a task of its own: where this process answers, it must not leave the request's variables behind here
            answer = await asyncio.create_task(request)
        except ApiError as error:
            errors = [asdict(each) for each in error.errors]
            raise Refused(error.status, error.code, error.detail, errors) from None
        except (ConnectionFailed, InvalidAnswer) as error:
            raise Unreachable(str(error)) from error
        return answer.body
