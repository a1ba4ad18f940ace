"""Two servers on one database: what is written through one is read through the other."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx

from tests.api.client import Client, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from weftline.api.app import Application


async def test_what_is_written_through_one_server_is_read_through_another_at_once(database: str) -> None:
    async with AsyncExitStack() as opened:
        clients: list[Client] = []
        for app in (Application(api_options(database)), Application(api_options(database))):
            await opened.enter_async_context(running(app))
            http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)
            client = Client(await opened.enter_async_context(http))
            if clients:
                await client.sign_in()
            else:
                await client.become_first_administrator(app)
            clients.append(client)
        writer, reader = clients

        async def read(path: str) -> dict[str, object]:
            answer = await reader.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        await writer.publish(GREETING)
        assert (await read("/workflows/greeting"))["status"] == "PUBLISHED"
        assert (await read("/workflows/greeting/versions/1"))["isActive"] is True
        for number in range(2, 5):
            changed = {**GREETING, "name": f"Greeting {number}"}
            assert (await writer.put("/workflows/greeting", changed)).status_code == 200
            shown = await read("/workflows/greeting")
            assert (shown["name"], shown["latestVersion"]) == (f"Greeting {number}", number)
            assert (await writer.post("/workflows/greeting/publish")).status_code == 200
            assert (await read("/workflows/greeting"))["publishedVersion"] == number
            assert (await read(f"/workflows/greeting/versions/{number}"))["isActive"] is True
            assert (await read(f"/workflows/greeting/versions/{number - 1}"))["isActive"] is False
        branding = {"configuration": {"branding": {"productName": "Greeter"}}}
        assert (await writer.http.patch("/api/v1/tenants/default", json=branding)).status_code == 200
        assert "Greeter" in str(await read("/tenants/default/configuration"))
        assert (await writer.post("/workflows/greeting/archive", {})).status_code == 200
        assert (await read("/workflows/greeting"))["status"] == "ARCHIVED"
