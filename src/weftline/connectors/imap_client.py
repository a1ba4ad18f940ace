"""A small client of IMAP4rev1 (RFC 3501): the commands that the connector ``imap`` needs.

The standard library's would block a thread for as long as a server pleases.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from weftline.connectors.hosts import too_large

MAX_LINE = 1_000_000

_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")
_TOKEN = re.compile(rb'[ \r\n]*(\(|\)|"(?:[^"\\]|\\.)*"|\x00\d+\x00|[^ ()"\r\n]+)')


class ImapError(Exception):
    """The server refused a command.

    Attributes:
        is_refusal: it says ``NO``, to the command; else ``BAD``, or what no server of IMAP says.
    """

    def __init__(self, message: str, *, is_refusal: bool) -> None:
        super().__init__(message)
        self.is_refusal = is_refusal


class ImapClient:
    """A session. Its answers are bounded.

    Args:
        limit: bytes that the answers to one command may have together.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int) -> None:
        self._reader = reader
        self._writer = writer
        self._limit = limit
        self._left = limit
        self._number = 0

    @classmethod
    async def connect(
        cls, address: str, port: int, *, tls: ssl.SSLContext | None, starttls: bool, limit: int
    ) -> ImapClient:
        """Connect, and encrypt.

        Args:
            address: an IP address.
            tls: the context; None: nothing is encrypted.
            starttls: encryption begins after a command.
            limit: see the class.

        Raises:
            ImapError: the server does not greet, or cannot encrypt.
            OSError: there is no way to it.
        """
        reader, writer = await asyncio.open_connection(address, port, ssl=None if starttls else tls, limit=MAX_LINE)
        client = cls(reader, writer, limit)
        try:
            greeting = await client._line()
            if not greeting.startswith((b"* OK", b"* PREAUTH")):
                raise ImapError(f"it greets with {greeting[:100]!r}", is_refusal=False)
            if starttls and tls is not None:
                await client.command("STARTTLS")
                # what came before is nobody's word (RFC 3501, section 6.2.1; CVE-2021-33515)
                if getattr(reader, "_buffer", None):
                    raise ImapError("it goes on in plain text after STARTTLS", is_refusal=False)
                await writer.start_tls(tls)
        except BaseException:
            client.close()
            raise
        return client

    async def login(self, user: str, password: str) -> None:
        """Sign in by a password.

        Raises:
            ImapError: it is refused.
        """
        await self.command("LOGIN", quoted(user), quoted(password))

    async def authenticate(self, user: str, token: str) -> None:
        """Sign in by a token of OAuth 2.0 (XOAUTH2).

        Raises:
            ImapError: it is refused.
        """
        answer = base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode())
        await self.command("AUTHENTICATE", b"XOAUTH2 " + answer)

    async def command(self, name: str, *arguments: str | bytes) -> list[list[Any]]:
        """Send a command, and read the answers to it.

        Args:
            name: like ``UID FETCH``.
            arguments: texts as they stand in the command; bytes likewise, or made by :func:`quoted`.

        Returns:
            The answers, each as a list: numbers and words as text, literals as bytes, lists as lists.

        Raises:
            ImapError: the server refuses.
            ActionError: the answers are too long.
        """
        self._number += 1
        tag = f"w{self._number}".encode()
        words = [tag, name.encode(), *(each.encode() if isinstance(each, str) else each for each in arguments)]
        self._left = self._limit
        await self._send(b" ".join(words) + b"\r\n")
        answers: list[list[Any]] = []
        while True:
            line, literals = await self._answer()
            if line.startswith(b"+"):
                # a refused token is told in a challenge, which wants an empty answer
                await self._send(b"\r\n")
            elif line.startswith(b"* "):
                answers.append(_parsed(line[2:], literals))
            elif line.startswith(tag + b" "):
                status, _, text = line[len(tag) + 1 :].strip().decode(errors="replace").partition(" ")
                if status != "OK":
                    raise ImapError(text, is_refusal=status == "NO")
                return answers
            else:
                raise ImapError(f"it answers {line[:100]!r}", is_refusal=False)

    async def logout(self) -> None:
        """Say good-bye, where the server still listens."""
        with suppress(ImapError, OSError, EOFError):
            await self.command("LOGOUT")
        self.close()

    def close(self) -> None:
        """Drop the connection."""
        self._writer.close()

    async def _send(self, data: bytes) -> None:
        # a literal of a command goes when the server is ready for it
        *before, last = data.split(b"\x00")
        for part in before:
            self._writer.write(part)
            await self._writer.drain()
            line = await self._line()
            if not line.startswith(b"+"):
                raise ImapError(f"it answers {line[:100]!r} to a literal", is_refusal=True)
        self._writer.write(last)
        await self._writer.drain()

    async def _answer(self) -> tuple[bytes, list[bytes]]:
        """One answer; each literal in it stands as ``\\0<number>\\0``."""
        whole, literals = b"", list[bytes]()
        while True:
            line = await self._line()
            literal = _LITERAL.search(line)
            if literal is None:
                return whole + line, literals
            size = int(literal[1])
            self._take(size)
            whole += line[: literal.start()] + b"\x00%d\x00" % len(literals)
            literals.append(await self._reader.readexactly(size))

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise too_large("a line of the answer") from None
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise too_large("the answer")


def quoted(text: str) -> bytes:
    """A text as an argument: in quotes where that can be, else as a literal."""
    if text.isascii() and "\r" not in text and "\n" not in text and "\0" not in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'.encode()
    data = text.replace("\0", "").encode()
    return b"{%d}\r\n\x00" % len(data) + data


def _parsed(line: bytes, literals: list[bytes]) -> list[Any]:
    tokens = (found[1] for found in _TOKEN.finditer(line))
    return _list(tokens, literals, 0)


def _list(tokens: Iterator[bytes], literals: list[bytes], depth: int) -> list[Any]:
    out: list[Any] = []
    for token in tokens:
        if token == b")":
            return out
        if token == b"(":
            if depth > 50:
                raise ImapError("it answers with lists within lists without end", is_refusal=False)
            out.append(_list(tokens, literals, depth + 1))
        elif token.startswith(b"\x00"):
            out.append(literals[int(token[1:-1])])
        elif token.startswith(b'"'):
            out.append(re.sub(rb"\\(.)", rb"\1", token[1:-1]))
        else:
            out.append(token.decode(errors="replace"))
    return out
