"""Answers that are files: their bytes, as far as somebody asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from weftline.client.errors import ConnectionFailed
from weftline.client.plan import Chunks, Close, Exhausted, Plan, Pull
from weftline.client.request import Request
from weftline.client.session import Session


class Download:
    """A source of a file's bytes. A file of which the connection is lost is not whole, and begun anew by nobody.

    Args:
        session: what all requests have in common.
        request: asks for the file.
    """

    def __init__(self, session: Session, request: Request) -> None:
        self._session = session
        self._request = request
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] | AsyncIterator[bytes] = iter(())
        self._is_at_end = False

    def open(self) -> Plan[None]:
        """Ask for the file."""
        if self._response is None and not self._is_at_end:
            self._response = yield from self._session.open(self._request)
            self._chunks = yield Chunks(self._response)

    def advance(self) -> Plan[bytes]:
        """The next bytes; see :meth:`~weftline.client.plan.Source.advance`.

        Raises:
            ConnectionFailed: the connection is lost.
        """
        yield from self.open()
        try:
            return (yield Pull(self._chunks))
        except Exhausted:
            self._is_at_end = True
            yield from self.close()
            raise
        except httpx.RequestError as error:
            yield from self.close()
            raise ConnectionFailed(httpx.URL(self._session.url).host, str(error) or type(error).__name__) from error

    def close(self) -> Plan[None]:
        """See :meth:`~weftline.client.plan.Source.close`."""
        response, self._response = self._response, None
        if response is not None:
            yield Close(response)
