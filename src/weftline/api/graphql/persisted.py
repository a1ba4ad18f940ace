"""Persisted queries: operations that clients name by the SHA-256 of their text.

A server keeps what clients have sent with its hash (automatic persisted queries); or it has a list, and answers nothing
else.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection
from uuid import UUID

from weftline.api.graphql.errors import NotAllowListed, UnknownPersistedQuery
from weftline.api.graphql.request import Asked, InvalidGraphQLRequest

KEPT = 1_000
"""Operations of all tenants that are kept, the least used are dropped."""

MAX_LENGTH = 10_000
"""Characters of an operation that is kept."""


class PersistedQueries:
    """Finds the text of operations.

    Args:
        listed: texts of the only operations that are answered; None where any is.
    """

    def __init__(self, listed: Collection[str] | None = None) -> None:
        self._listed = None if listed is None else {hash_of(text): text for text in listed}
        self._kept: OrderedDict[tuple[UUID, str], str] = OrderedDict()

    def text_of(self, asked: Asked, tenant_id: UUID) -> str:
        """The text of what is asked.

        Args:
            asked: the request.
            tenant_id: whose; nobody finds what another tenant has sent.

        Raises:
            InvalidGraphQLRequest: there is neither text nor hash, or they do not belong together.
            UnknownPersistedQuery: nothing is kept under the hash.
            NotAllowListed: it is not on the list.
        """
        said, text = _hash_in(asked), asked.query
        if said is None and text is None:
            raise InvalidGraphQLRequest("There is no 'query'.")
        hash = hash_of(text) if text is not None else str(said)
        if said not in (None, hash):
            raise InvalidGraphQLRequest("The hash is not the query's SHA-256.")
        if self._listed is not None:
            if hash not in self._listed:
                raise NotAllowListed
            return self._listed[hash]
        key = (tenant_id, hash)
        if text is None:
            if key not in self._kept:
                raise UnknownPersistedQuery
            self._kept.move_to_end(key)
            return self._kept[key]
        if said is not None:
            self._keep(key, text)
        return text

    def _keep(self, key: tuple[UUID, str], text: str) -> None:
        if len(text) > MAX_LENGTH:
            return
        self._kept[key] = text
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def hash_of(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_in(asked: Asked) -> str | None:
    said = asked.extensions.get("persistedQuery")
    match said:
        case None:
            return None
        case {"version": 1, "sha256Hash": str(hash)}:
            return hash
        case _:
            raise InvalidGraphQLRequest("'extensions.persistedQuery' must have 'version' 1 and 'sha256Hash'.")
