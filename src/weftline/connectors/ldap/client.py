"""A small client of LDAP (RFC 4511) over asyncio. Referrals are not followed, and answers are bounded."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress

from weftline.connectors.hosts import MAX_ANSWER_BYTES, too_large
from weftline.connectors.ldap.ber import SEQUENCE, elements, header, integer, octets, tlv

STARTTLS = "1.3.6.1.4.1.1466.20037"


class LdapError(Exception):
    """The server refused.

    Attributes:
        code: its result code (RFC 4511, appendix A); -1 where it does not speak LDAP.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class LdapClient:
    """A session; operations come one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0

    @classmethod
    async def connect(cls, address: str, port: int, tls: ssl.SSLContext | None, *, starttls: bool) -> LdapClient:
        """Connect, and encrypt.

        Args:
            address, port: where to.
            tls: the context; None: nothing is encrypted.
            starttls: encryption begins after a request.
        """
        reader, writer = await asyncio.open_connection(address, port, ssl=None if starttls else tls)
        client = cls(reader, writer)
        if starttls and tls is not None:
            try:
                await client.change(tlv(0x77, octets(STARTTLS, 0x80)))
                await writer.start_tls(tls)
            except BaseException:
                await client.close()
                raise
        return client

    async def bind(self, name: str, password: str) -> None:
        """Sign in.

        Raises:
            LdapError: it is refused.
        """
        await self.change(tlv(0x60, integer(3), octets(name), octets(password, 0x80)))

    async def change(self, operation: bytes) -> None:
        """Carry out an operation that is answered by its result.

        Raises:
            LdapError: it is refused.
        """
        number = await self._send(operation)
        _, content = await self._receive(number)
        _check(content)

    async def search(self, operation: bytes) -> AsyncIterator[bytes]:
        """The entries that a search finds; references to other servers are left out.

        Raises:
            LdapError: it is refused, or there are more than were wanted.
            ActionError: the answer is too long.
        """
        number = await self._send(operation)
        room = MAX_ANSWER_BYTES
        while True:
            tag, content = await self._receive(number)
            room -= len(content)
            if room < 0:
                raise too_large("the answer")
            if tag == 0x65:
                _check(content)
                return
            if tag == 0x64:
                yield content

    async def close(self) -> None:
        """Say good-bye, without waiting for an answer."""
        with suppress(OSError):
            self._writer.write(tlv(SEQUENCE, integer(self._number + 1), b"\x42\x00"))
            self._writer.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1)

    async def _send(self, operation: bytes) -> int:
        self._number += 1
        self._writer.write(tlv(SEQUENCE, integer(self._number), operation))
        await self._writer.drain()
        return self._number

    async def _receive(self, number: int) -> tuple[int, bytes]:
        data = await self._reader.readexactly(2)
        try:
            while (head := header(data)) is None:
                data += await self._reader.readexactly(1)
            tag, _, size = head
            if tag != SEQUENCE:
                raise ValueError("no message")
            if size > MAX_ANSWER_BYTES:
                raise too_large("the answer")
            (_, id), (kind, content), *_ = elements(await self._reader.readexactly(size))
        except ValueError as error:
            raise LdapError(-1, f"the server does not speak LDAP: {error}") from None
        if int.from_bytes(id, "big") != number:
            raise LdapError(-1, "the server ends the session, or answers something else")
        return kind, content


def _check(content: bytes) -> None:
    try:
        (_, code), (_, _name), (_, message), *_ = elements(content)
    except ValueError as error:
        raise LdapError(-1, f"the server does not speak LDAP: {error}") from None
    number = int.from_bytes(code, "big")
    if number != 0:
        raise LdapError(number, message.decode(errors="replace") or f"result code {number}")
