"""The actions of the travel booking.

Real ones would call three companies. These make references from their idempotency keys, as those companies should, so
that a second attempt books nothing twice.
"""

from __future__ import annotations

from weftline.authoring import ActionError, Context, action


@action("travel.bookFlight")
async def book_flight(ctx: Context) -> dict[str, str]:
    """Book a seat."""
    return {"reference": f"flight {ctx.idempotency_key}"}


@action("travel.bookHotel")
async def book_hotel(ctx: Context) -> dict[str, str]:
    """Book a room. The first attempt finds the hotel's line busy, to show a retry."""
    if ctx.attempt == 1:
        raise ActionError("the hotel's line is busy", code="busy")
    return {"reference": f"hotel {ctx.idempotency_key}"}


@action("travel.bookCar")
async def book_car(ctx: Context) -> dict[str, str]:
    """Book a car, if there is one. Where there is none, no further attempt finds one."""
    if ctx.input["left"] == 0:
        raise ActionError(f"no car is left in {ctx.input['city']}", code="sold_out", retryable=False)
    return {"reference": f"car {ctx.idempotency_key}"}


@action("travel.cancel")
async def cancel(ctx: Context) -> dict[str, str]:
    """Give a booking back. The first attempt fails: what undoes a step is retried like any other."""
    if ctx.attempt == 1:
        raise ActionError("the office is closed for lunch", code="closed")
    ctx.logger.info("cancelled", reference=ctx.input["reference"])
    return {"cancelled": ctx.input["reference"]}
