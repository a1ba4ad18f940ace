"""People at other places: each with an address and headers of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from tests.api.client import Client
from weftline.api.app import Application

Visit = Callable[..., Client]


@asynccontextmanager
async def visiting(application: Application) -> AsyncIterator[Visit]:
    """Makes clients of an application; they are closed at the end."""
    made: list[httpx.AsyncClient] = []

    def visit(address: str = "127.0.0.1") -> Client:
        """A client that has not signed in, from an address."""
        transport = httpx.ASGITransport(application, client=(address, 50_000))
        http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        made.append(http)
        return Client(http)

    try:
        yield visit
    finally:
        for http in made:
            await http.aclose()
