"""A loan application, written as a durable function."""

from __future__ import annotations

from typing import Any

from weftline.authoring import ActionError, Context, FunctionContext, RetryPolicy, StepFailed, action, durable


@action("loan.score")
async def score(ctx: Context) -> dict[str, Any]:
    """Ask a credit agency. The first attempt finds the line busy, to show a retry."""
    if ctx.attempt == 1:
        raise ActionError("the agency's line is busy", code="busy")
    points = {"north": 640, "south": 710}[ctx.input["agency"]]
    return {"agency": ctx.input["agency"], "points": points}


@action("loan.reserve")
async def reserve(ctx: Context) -> dict[str, Any]:
    """Set the money aside."""
    return {"reservation": f"R-{ctx.idempotency_key[-12:]}", "amount": ctx.input["amount"]}


@action("loan.release")
async def release(ctx: Context) -> None:
    """Give the reserved money back: what undoes ``loan.reserve`` gets what that returned."""
    ctx.logger.info("released", reservation=ctx.input["reservation"])


@action("loan.payOut")
async def pay_out(ctx: Context) -> dict[str, Any]:
    """Pay, unless the account is closed; trying again would not open it."""
    if ctx.input["account"] == "closed":
        raise ActionError("the account is closed", code="account_closed", retryable=False)
    return {"paid": ctx.input["amount"], "account": ctx.input["account"]}


async def points_of(ctx: FunctionContext, agencies: list[str]) -> int:
    """The lowest score of several agencies, asked side by side."""
    policy = RetryPolicy(max_attempts=5, initial_interval=0.2)
    scores = await ctx.parallel(*(ctx.step(score, {"agency": agency}, retry=policy) for agency in agencies))
    return min(each["points"] for each in scores)


@durable(
    "loan-application",
    version="1",
    name="Loan application",
    input={
        "type": "object",
        "required": ["amount", "account"],
        "properties": {"amount": {"type": "number", "exclusiveMinimum": 0}, "account": {"type": "string"}},
    },
    settings={"errorHandling": {"strategy": "compensate"}},
)
async def loan(ctx: FunctionContext, application: dict[str, Any]) -> dict[str, Any]:
    """Scores an applicant, sets the money aside, lets a while pass, and pays."""
    points = await points_of(ctx, ["north", "south"])
    if points < 600:
        return {"approved": False, "points": points}
    await ctx.step(reserve, {"amount": application["amount"]}, compensate=release)
    # in earnest "14d": a function that sleeps is a row in the database, and costs nothing
    await ctx.sleep("1s", name="time-to-think")
    try:
        paid = await ctx.step(pay_out, application)
    except StepFailed as error:
        raise ActionError(f"not paid out: {error.message}", code=error.code) from error
    return {"approved": True, "points": points, **paid}
