"""The connections behind HTTP requests: used again, given up, and many at once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import httpcore
import pytest

from weftline.authoring.builtin.http_client import any_backend, open_client
from weftline.authoring.builtin.http_pool import ConnectionPool


class Server:
    """Counts connections and requests; answers when it may."""

    def __init__(self) -> None:
        self.opened = 0
        self.asked = 0
        self.ended = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.closes = False
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked += 1
                await self.gate.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                await writer.drain()
                if self.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        await writer.wait_closed()
        self.ended += 1


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=1_000)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    yield made
    listening.close()


async def test_a_connection_is_used_again(server: Server) -> None:
    async with open_client(allow_private=True, allowed_hosts=None) as client:
        for _ in range(5):
            assert (await client.get(server.url)).text == "ok"
    assert (server.opened, server.asked) == (1, 5)


async def test_one_that_the_server_has_closed_is_replaced(server: Server) -> None:
    server.closes = True
    async with open_client(allow_private=True, allowed_hosts=None) as client:
        for number in range(1, 4):
            assert (await client.get(server.url)).text == "ok"
            assert server.opened == number
            while server.ended < number:
                await asyncio.sleep(0)


async def test_one_whose_request_was_given_up_is_not_used_again(server: Server) -> None:
    server.gate.clear()
    async with open_client(allow_private=True, allowed_hosts=None) as client:
        asking = asyncio.create_task(client.get(server.url))
        while not server.asked:
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        server.gate.set()
        assert (await client.get(server.url)).text == "ok"
    assert server.opened == 2


async def test_hundreds_of_requests_wait_for_their_answers_at_once(server: Server) -> None:
    server.gate.clear()
    async with open_client(allow_private=True, allowed_hosts=None) as client:
        asking = [asyncio.create_task(client.get(server.url)) for _ in range(400)]
        while server.asked < 400:
            await asyncio.sleep(0)
        server.gate.set()
        answers = await asyncio.gather(*asking)
        assert {answer.text for answer in answers} == {"ok"}
        assert (await client.get(server.url)).text == "ok"
    assert server.opened == 400


async def test_other_schemes_are_refused() -> None:
    pool = ConnectionPool(ssl.create_default_context(), any_backend())
    with pytest.raises(httpcore.UnsupportedProtocol):
        await pool.send(httpcore.Request("GET", "ftp://127.0.0.1/"))
