"""Server-sent events, read from bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One block of the stream.

    Attributes:
        name: what kind of event it is.
        data: its data; empty where the block only moves the place to go on from.
        id: that place, where the block names one.
    """

    name: str = "message"
    data: str = ""
    id: str | None = None


class EventStreamReader:
    """Makes events of a stream's bytes, however these are cut."""

    def __init__(self) -> None:
        # a byte order mark at the beginning is passed over
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._fields: list[tuple[str, str]] = []

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that end with these bytes."""
        text = self._rest + self._decoder.decode(chunk)
        # a carriage return at the end may be the first half of a line's end
        held = text[-1:] if text.endswith("\r") else ""
        lines = text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        return [event for line in lines if (event := self._take(line)) is not None]

    def _take(self, line: str) -> ServerEvent | None:
        if line:
            name, _, value = line.partition(":")
            # a line that begins with a colon is a comment, and has no name
            self._fields.append((name, value.removeprefix(" ")))
            return None
        fields, self._fields = self._fields, []
        values = dict(fields)
        if values.keys().isdisjoint({"data", "id"}):
            return None
        data = "\n".join(value for name, value in fields if name == "data")
        return ServerEvent(values.get("event") or "message", data, values.get("id"))
