"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from weftline.api.live.ending import SEND_SECONDS, ending
from weftline.features.live.hub import Batch
from weftline.features.live.topics import Topic

MEDIA_TYPE = "text/event-stream"

RETRY_MS = 1_000
"""After which a browser connects again."""


class EventStream(Response):
    """Batches as server-sent events, for as long as the client takes them.

    The id of each is what to go on from; ``ready`` comes first, and ``end`` with a problem document where the server
    ends it.

    Args:
        first: the first batch.
        batches: those that follow.
        topic: what is followed.
    """

    media_type = MEDIA_TYPE

    def __init__(self, first: Batch, batches: AsyncGenerator[Batch], topic: Topic) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type=MEDIA_TYPE)
        self._first = first
        self._batches = batches
        self._topic = topic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes away, or there is an end."""
        headers = [header for header in self.raw_headers if header[0] != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        writing = asyncio.create_task(self._write(scope, send), name="live-events")
        leaving = asyncio.create_task(_disconnected(receive), name="live-client")
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)

    async def _write(self, scope: Scope, send: Send) -> None:
        async def write(text: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": text, "more_body": more})

        async with aclosing(self._batches):
            await write(b"retry: %d\n" % RETRY_MS + _event(self._first.position, b"{}", name=b"ready"))
            try:
                async for batch in self._batches:
                    await write(self._text(batch))
            except TimeoutError:
                # the client takes nothing any more, not even an end
                return
            except Exception as error:
                await write(_event(None, ending(scope, error), name=b"end"), more=False)

    def _text(self, batch: Batch) -> bytes:
        events = [
            _event(str(happening.seq) if self._topic.execution_id else happening.position, happening.json(mask))
            for happening, mask in batch.seen
        ]
        # an id without data moves the place to go on from, and nothing else
        return b"".join([*events, b"id: %b\n\n" % batch.position.encode()])


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(id: str | None, data: bytes, *, name: bytes | None = None) -> bytes:
    lines = [b"data: %b\n\n" % data]
    if name is not None:
        lines.insert(0, b"event: %b\n" % name)
    if id is not None:
        lines.insert(0, b"id: %b\n" % id.encode())
    return b"".join(lines)
