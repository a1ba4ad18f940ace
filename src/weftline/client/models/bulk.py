"""Acts on many things at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class BulkOperation(Model):
    """An act on many executions, which a server carries out by and by.

    Attributes:
        act: ``cancel``, ``pause``, ``resume``, ``retry`` or ``rollback``.
        filter: on which executions.
        status: ``running``, ``completed`` or ``cancelled``.
        total, done: how many there are, and were acted on: ``succeeded`` and ``failed``.
        started_by: by whom.
    """

    id: str
    act: str
    filter: dict[str, Any]
    reason: str | None = None
    status: str
    total: int
    done: int
    succeeded: int
    failed: int
    started_by: str
    created_at: datetime
    completed_at: datetime | None = None


class BulkCount(Model):
    """How many executions an act would be done to."""

    act: str
    total: int


class BulkFailure(Model):
    """An execution on which it could not be acted."""

    execution_id: str
    code: str
    message: str


class BulkError(Model):
    """Why one act of several was refused.

    Attributes:
        errors: what is wrong with it, as in a problem document.
    """

    code: str
    detail: str
    errors: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])


class BulkItem(Model):
    """What became of one act of several.

    Attributes:
        index: its place among them, from 0.
        id: what it was about.
        status: ``done`` or ``refused``.
    """

    index: int
    id: str | None = None
    status: str
    error: BulkError | None = None


class BulkResult(Model):
    """What became of several acts, in order."""

    items: list[BulkItem]
