"""Why an operator does what they do: said with the request, kept in the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Query
from pydantic import Field

from weftline.features.http.wire import Demand
from weftline.features.platform.errors import ReasonRequired

MAX_REASON = 500


class ReasonQuery(Demand):
    """For queries that are a model, which would refuse a parameter that they do not have."""

    reason: Annotated[str | None, Field(max_length=MAX_REASON, description="The same as `X-Reason`.")] = None


async def _given(
    x_reason: Annotated[str | None, Header(max_length=MAX_REASON, description="Why; it is recorded.")] = None,
    reason: Annotated[str | None, Query(max_length=MAX_REASON, description="The same as `X-Reason`.")] = None,
) -> str | None:
    return (x_reason or reason or "").strip() or None


GivenReason = Annotated[str | None, Depends(_given)]
"""Why the caller does this; None where they did not say."""


async def _stated(given: GivenReason) -> str:
    return required(given)


StatedReason = Annotated[str, Depends(_stated)]
"""Why the caller does this, which they must say."""


def required(reason: str | None) -> str:
    """The reason.

    Raises:
        ReasonRequired: there is none.
    """
    if not reason:
        raise ReasonRequired
    return reason
