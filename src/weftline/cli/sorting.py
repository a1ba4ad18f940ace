"""Lists of commands that work on the database itself."""

from __future__ import annotations

from weftline.cli.failures import INVALID, CommandFailed
from weftline.features.http.listing import Ordering, Window


def window_of(order: Ordering, sort: str | None, limit: int) -> Window:
    """The beginning of a list.

    Args:
        order: what it can be sorted by.
        sort: how it is to be sorted; None for the default.
        limit: at most so many items.

    Raises:
        CommandFailed: it cannot be sorted so.
    """
    try:
        return order.window(sort, limit=limit)
    except ValueError as error:
        raise CommandFailed(f"--sort: {error}", exit_code=INVALID) from None
