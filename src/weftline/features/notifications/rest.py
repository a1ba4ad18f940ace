"""Notices of failure over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.permissions import READ
from weftline.features.executions.reader import ExecutionReader
from weftline.features.executions.rest import ExecutionId
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.notifications import examples
from weftline.features.notifications.schemas import NotificationOut, NotificationQuery
from weftline.features.notifications.service import NotificationService

Reader = Annotated[Caller, requires(READ)]


def notification_routes(service: NotificationService, reader: ExecutionReader, gate: Gate) -> APIRouter:
    """The routes of notices."""
    router = api_router(tag="Executions")

    @router.get(
        "/executions/{execution_id}/notifications",
        summary="List an execution's notifications",
        responses=answers({"items": [examples.NOTIFICATION], "nextCursor": None}, description="Newest first.")
        | failures(ExecutionNotFound),
    )
    async def list_notifications(
        caller: Reader, execution_id: ExecutionId, query: Annotated[NotificationQuery, Query()]
    ) -> Page[NotificationOut]:
        """Lists who is told that the execution failed, and whether they were, the newest first unless asked
        otherwise."""
        mask = await gate.mask(caller, await reader.workflow_of(caller.tenant_id, execution_id))
        window = query.window()
        found = await service.list(caller.tenant_id, execution_id, window)
        return window.page(found, lambda notice: NotificationOut.of(notice, mask))

    return router
