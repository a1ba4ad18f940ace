"""A request that came with an idempotency key, from the moment its caller is known."""

from __future__ import annotations

import hashlib

from fastapi import Request

from weftline.features.access.caller import Caller
from weftline.features.idempotency.header import read_key
from weftline.features.idempotency.keys import Answer, IdempotencyKeys
from weftline.store.idempotency import Act, set_act

SCOPE_KEY = "weftline.keyed_request"
"""Where the ASGI scope holds it."""


class Replayed(Exception):
    """The request was answered before; not an error, but the shortest way to its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


class KeyedRequest:
    """A request under a key.

    Args:
        keys: remembers it.
        header: the value of ``Idempotency-Key``.

    Attributes:
        act: what it does; None where nothing has begun.
    """

    __slots__ = ("_header", "_keys", "act")

    def __init__(self, keys: IdempotencyKeys, header: str) -> None:
        self._keys = keys
        self._header = header
        self.act: Act | None = None

    async def begin(self, caller: Caller, request: Request) -> None:
        """Go on only where the act is to be made now.

        Raises:
            Replayed: it was made before.
            InvalidIdempotencyKey: the header is no key.
            IdempotencyKeyReused, IdempotencyInProgress, IdempotencyOutcomeUnknown, StoreUnavailable: see
                :meth:`IdempotencyKeys.begin`.
        """
        if self.act is not None:
            return
        found = await self._keys.begin(caller, read_key(self._header), await _digest(request))
        if isinstance(found, Answer):
            raise Replayed(found)
        self.act = found
        set_act(found)

    async def close(self, answer: Answer | None) -> None:
        """End the act, where one has begun; see :meth:`IdempotencyKeys.close`."""
        act = self.act
        if act is not None:
            set_act(None)
            await self._keys.close(act, answer)


async def begin_keyed(request: Request, caller: Caller) -> None:
    """Where a request came with a key, go on only if it is to be carried out now; see :meth:`KeyedRequest.begin`."""
    keyed = request.scope.get(SCOPE_KEY)
    if isinstance(keyed, KeyedRequest):
        await keyed.begin(caller, request)


async def _digest(request: Request) -> bytes:
    """What makes a request the same: method, path, query and body, byte by byte."""
    scope = request.scope
    digest = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"], await request.body()):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()
