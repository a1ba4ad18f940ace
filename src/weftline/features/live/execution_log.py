"""The log of one execution, as somebody reads it who follows it: by number, from wherever they were."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from uuid import UUID

from weftline.features.database import Database, driver
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.repository import workflow_of
from weftline.features.live.errors import InvalidPositionGiven
from weftline.features.live.happenings import Happening, read_log
from weftline.store.log import last_seq

PAGE = 500
"""Events that are read at once."""


class ExecutionLog:
    """Reads a log on.

    Args:
        database: under the API's role.
        tenant_id, execution_id: whose.

    Attributes:
        last: number of the last event that was given.
    """

    def __init__(self, database: Database, tenant_id: UUID, execution_id: UUID) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._execution_id = execution_id
        self._workflow_id = ""
        self.last = 0

    async def begin(self, after: str | None) -> None:
        """Find the place to go on from.

        Args:
            after: number of the last event that was seen; None for the last that there is.

        Raises:
            InvalidPositionGiven: that is no such number.
            ExecutionNotFound: there is no such execution.
        """
        if after is not None and not (after.isascii() and after.isdecimal() and len(after) < 10):
            raise InvalidPositionGiven
        async with self._database.transaction(self._tenant_id) as session:
            connection = await driver(session)
            workflow_id = await workflow_of(connection, self._tenant_id, self._execution_id)
            if workflow_id is None:
                raise ExecutionNotFound
            self._workflow_id = workflow_id
            if after is None:
                self.last = await last_seq(connection, self._tenant_id, self._execution_id)
            else:
                self.last = int(after)

    async def pages(self) -> AsyncGenerator[list[Happening]]:
        """What the log holds beyond the last event; at least one page, which may be empty."""
        while True:
            async with self._database.transaction(self._tenant_id) as session:
                page = await read_log(session, self._tenant_id, self._execution_id, self._workflow_id, self.last, PAGE)
            yield self.unseen(page)
            if len(page) < PAGE:
                return

    def unseen(self, happenings: Iterable[Happening]) -> list[Happening]:
        """Those that were not given yet, which they are now."""
        found: list[Happening] = []
        for happening in happenings:
            if happening.seq is not None and happening.seq > self.last:
                self.last = happening.seq
                found.append(happening)
        return found
