"""Examples in the OpenAPI document: every operation shows what goes in and what comes out."""

from __future__ import annotations

from typing import Any


def answers(example: Any, *, status: int = 200, description: str = "Done.") -> dict[int | str, dict[str, Any]]:
    """The successful response of an operation."""
    return {status: {"description": description, "content": {"application/json": {"example": example}}}}


def body(example: Any, *, schema: dict[str, Any] | None = None, required: bool = True) -> dict[str, Any]:
    """The JSON body of an operation that reads its request itself."""
    content = {"application/json": {"schema": schema or {"type": "object"}, "example": example}}
    return {"requestBody": {"required": required, "content": content}}
