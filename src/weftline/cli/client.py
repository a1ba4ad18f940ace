"""The API, as commands use it: the Python client, with failures that a person at a terminal can read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from typing import Any

import httpx

from weftline.cli.failures import INVALID, CommandFailed, exit_code_of, field_line
from weftline.client import (
    Answer,
    ApiError,
    AsyncClient,
    ConnectionFailed,
    InvalidAnswer,
    InvalidRequest,
    RetryPolicy,
)
from weftline.model.address import API_PATH

RETRIES = RetryPolicy(max_attempts=3, initial_interval=0.2, max_interval=2.0, jitter=0.5)
"""How often a command asks a server that does not answer. A person waits."""

NO_RETRIES = RetryPolicy(max_attempts=1)
"""For the API in this process: it answers, or will not."""

PAGE = 200
"""Items that the API gives at a time."""


class Refused(CommandFailed):
    """The API did not do what was asked.

    Args:
        status: of the answer.
        code: what the problem document calls it; empty where there was none.
        message, details: see ``CommandFailed``.
    """

    def __init__(self, status: int, code: str, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message, details, exit_code=exit_code_of(status))
        self.status = status
        self.code = code


class Api:
    """Asks the API. A path is given by its segments, which may hold any text.

    Args:
        client: sends the requests.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, *path: object, query: Mapping[str, Any] | None = None, body: Any = None) -> Answer:
        """Send a request, and return the answer.

        Args:
            method: of HTTP.
            path: segments.
            query: parameters; what is None is left out, and a list is sent item by item.
            body: JSON; None sends no body.

        Raises:
            Refused: the answer is a problem.
            CommandFailed: there was no answer, or none of a Weftline server.
        """
        with _failures():
            return await self._client.request(method, path, query=query, body=body)

    async def get(self, *path: object, query: Mapping[str, Any] | None = None) -> Any:
        """The body of the answer to a GET; see :meth:`ask`."""
        return (await self.ask("GET", *path, query=query)).body

    async def post(self, *path: object, body: Any = None) -> Any:
        """The body of the answer to a POST; see :meth:`ask`."""
        return (await self.ask("POST", *path, body=body)).body

    async def items(self, *path: object, limit: int, query: Mapping[str, Any] | None = None) -> list[Any]:
        """The first ``limit`` items of a list, read page by page; see :meth:`ask`."""
        with _failures():
            return [item async for item in self._client.items(path, query=query, limit=limit, page=PAGE)]


@asynccontextmanager
async def over_http(
    url: str, *, auth: httpx.Auth | None = None, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[Api]:
    """The API of a server.

    Args:
        url: the server's address.
        auth: says who asks.
        headers: sent with every request.
    """
    agent = f"weft/{version('weftline')}"
    async with (
        httpx.AsyncClient(
            base_url=f"{url}{API_PATH}", auth=auth, headers={"User-Agent": agent, **(headers or {})}
        ) as http,
        AsyncClient(http=http, retries=RETRIES) as client,
    ):
        yield Api(client)


def in_this_process(http: httpx.AsyncClient) -> Api:
    """The API where it answers within this process.

    Args:
        http: reaches it; its base address ends with ``/api/v1``.
    """
    return Api(AsyncClient(http=http, retries=NO_RETRIES))


@contextmanager
def _failures() -> Generator[None]:
    """Say what goes wrong in the words of commands."""
    try:
        yield
    except ApiError as error:
        raise _refusal(error) from None
    except InvalidRequest as error:
        raise CommandFailed(str(error), exit_code=INVALID) from None
    except (ConnectionFailed, InvalidAnswer) as error:
        raise CommandFailed(str(error)) from error


def _refusal(error: ApiError) -> Refused:
    problem = error.problem
    details = [field_line(each.pointer, each.message, each.hint) for each in problem.errors]
    if problem.location is not None:
        details.append(f"it points to {problem.location}")
    if problem.status >= 500 and problem.correlation_id is not None:
        details.append(f"correlation id: {problem.correlation_id}")
    return Refused(problem.status, problem.code, problem.detail, details)
