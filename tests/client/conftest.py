"""Fixtures for tests of the Python client: the API in this process, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.client import Client as Raw
from tests.api.conftest import (  # noqa: F401  # fixtures
    ORIGIN,
    anonymous,
    api,
    application,
    ledger,
    logs,
    worker,
)
from weftline.api.app import Application
from weftline.client import AsyncClient
from weftline.model.address import API_PATH


@pytest.fixture
async def client(application: Application, api: Raw) -> AsyncIterator[AsyncClient]:  # noqa: F811
    """The first administrator's client."""
    transport = httpx.ASGITransport(application)
    headers = {"Authorization": api.http.headers["Authorization"]}
    async with (
        httpx.AsyncClient(transport=transport, base_url=ORIGIN + API_PATH, headers=headers) as http,
        AsyncClient(http=http) as client,
    ):
        yield client
