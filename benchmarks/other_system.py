"""``python -m benchmarks.other_system``: another system, which answers ``/`` at once and ``/slow`` after a second.

It prints its port, and runs until its standard input ends.
"""

import asyncio
import sys

SLOW_SECONDS = 1.0
BODY = b'{"ok":true}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection, which have no body."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b" /slow " in head[: head.index(b"\r\n")]:
                await asyncio.sleep(SLOW_SECONDS)
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until standard input ends."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
