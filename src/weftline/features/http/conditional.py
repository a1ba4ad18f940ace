"""Conditional requests: ``ETag`` and ``If-Match``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header


async def _expected_etag(
    if_match: Annotated[
        str | None, Header(description="Act only while the thing's `ETag` is this one.", max_length=100)
    ] = None,
) -> str | None:
    """What ``If-Match`` asks for; None where any state will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


ExpectedEtag = Annotated[str | None, Depends(_expected_etag)]


def etag(state: int) -> dict[str, str]:
    """The headers that tell a thing's state."""
    return {"ETag": f'"{state}"'}
