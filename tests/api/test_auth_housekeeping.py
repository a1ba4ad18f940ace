"""What sees to itself about accounts."""

from __future__ import annotations

import asyncpg
import pytest

from tests.api.client import Client
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.identity.housekeeping import PURGES, Housekeeper


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


def housekeeper(application: Application) -> Housekeeper:
    assert application.services is not None
    return application.services.people.housekeeper


async def test_what_is_young_is_kept(application: Application, api: Client) -> None:
    assert await housekeeper(application).run_once() == dict.fromkeys([*PURGES, "rotated"], 0)
    assert (await api.get("/auth/me")).status_code == 200
