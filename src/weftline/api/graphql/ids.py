"""Ids in arguments. What cannot be an id names nothing that exists, as in a path."""

from __future__ import annotations

from uuid import UUID

from weftline.features.errors import NotFound


def uuid(id: str, kind: str) -> UUID:
    """An id that is a UUID.

    Args:
        id: as it was given.
        kind: what it is of, for the error.

    Raises:
        NotFound: it is no UUID.
    """
    try:
        return UUID(id)
    except ValueError:
        raise NotFound(f"There is no {kind} of this id.") from None
