"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import text

from weftline import migrations
from weftline.features.access.http import public
from weftline.features.database import Database
from weftline.features.http.wire import JsonResponse
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.errors import StoreError, translated

LIVE_WORKERS = text("SELECT count(*) FROM workers WHERE lease_until > now()")


def health_routes(url: str, database: Database, is_stopping: Callable[[], bool]) -> APIRouter:
    """The routes of health, outside ``/api/v1``.

    Args:
        url: the database's.
        database: the same, open.
        is_stopping: whether this server wants no more requests.
    """
    router = APIRouter(prefix="/health", include_in_schema=False, dependencies=[public()])

    @router.get("/live")
    async def live() -> JsonResponse:
        """The process answers."""
        return JsonResponse({"status": "ok", "components": {}})

    @router.get("/ready")
    async def ready() -> JsonResponse:
        """The database answers, and its schema is this release's. Workers are told of; the API does without."""
        if is_stopping():
            return JsonResponse({"status": "stopping", "components": {}}, status_code=503)
        components = await _components(url, database)
        is_ready = all(components[name]["status"] == "ok" for name in ("database", "migrations"))
        return JsonResponse(
            {"status": "ok" if is_ready else "unavailable", "components": components},
            status_code=200 if is_ready else 503,
        )

    return router


async def _components(url: str, database: Database) -> dict[str, dict[str, Any]]:
    unknown = {"status": "unknown"}
    try:
        with translated():
            current = await migrations.current(url)
    except StoreError:
        return {"database": {"status": "unavailable"}, "migrations": unknown, "worker": unknown}
    if current != migrations.head():
        outdated = {"status": "out_of_date", "current": current, "wanted": migrations.head()}
        return {"database": {"status": "ok"}, "migrations": outdated, "worker": unknown}
    try:
        async with database.transaction(DEFAULT_TENANT) as session:
            workers = await session.scalar(LIVE_WORKERS)
    except StoreError:
        return {"database": {"status": "unavailable"}, "migrations": unknown, "worker": unknown}
    return {
        "database": {"status": "ok"},
        "migrations": {"status": "ok", "current": current},
        "worker": {"status": "ok" if workers else "none", "count": workers},
    }
