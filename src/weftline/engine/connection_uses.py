"""When and by what connections were used last, told to the database now and then.

A use costs an entry in a dictionary. The worker tells the first one at its next look, then one a minute for each
connection, all of them in one statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from weftline.store.connections import Use, note_uses

if TYPE_CHECKING:
    from weftline.engine.borrowing import Borrower
    from weftline.engine.clock import Clock
    from weftline.store.keyring import Connection as Database

TELL_SECONDS = 60.0
"""Between two times that a connection's last use is told."""


class ConnectionUses:
    """Keeps what there is to tell.

    Args:
        clock: says when something is used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._untold: dict[UUID, Use] = {}
        self._told_at: dict[UUID, float] = {}

    def note(self, tenant_id: UUID, connection_id: UUID, borrower: Borrower) -> None:
        """A connection is used now."""
        self._untold[connection_id] = Use(
            tenant_id, connection_id, self._clock.now(), borrower.workflow_id, borrower.execution_id
        )

    async def tell(self, database: Database, *, is_last: bool = False) -> None:
        """Tell what is due.

        Args:
            database: to which.
            is_last: everything is, as the worker ends.

        Raises:
            StoreUnavailable: the database does not answer; it is told later.
        """
        now = self._clock.now()
        # whoever has not been told of for so long may be told of again, and need not be remembered
        self._told_at = {id: at for id, at in self._told_at.items() if 0 <= now - at < TELL_SECONDS}
        due = [use for id, use in self._untold.items() if is_last or id not in self._told_at]
        if not due:
            return
        await note_uses(database, due)
        for use in due:
            self._told_at[use.connection_id] = now
            # it may have been used again meanwhile
            if self._untold.get(use.connection_id) is use:
                del self._untold[use.connection_id]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell, now or later."""
        return not self._untold
