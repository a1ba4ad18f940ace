"""The actions of the payment. The card says what goes wrong."""

from __future__ import annotations

from weftline.authoring import ActionError, Context, action


@action("payment.chargeCard")
async def charge_card(ctx: Context) -> dict[str, str]:
    """Charge a card, each in its own way."""
    match ctx.input["card"]:
        case "slow" if ctx.attempt < 3:
            raise ActionError("the bank is busy", code="bank_busy", retry_after=0.2)
        case "declined":
            raise ActionError("the card was declined", code="card_declined")
        case "unreachable":
            # any exception will do: it is retried, and routes know it by its type
            raise ConnectionError("the bank does not answer")
        case "stolen":
            raise ActionError("the card is reported stolen", code="card_stolen", retryable=False)
        case _:
            return {"receipt": f"R-{ctx.idempotency_key}"}


@action("payment.chargeAccount")
async def charge_account(ctx: Context) -> dict[str, str]:
    """Take the money from the customer's account."""
    return {"receipt": f"A-{ctx.idempotency_key}"}


@action("payment.sendInvoice")
async def send_invoice(ctx: Context) -> dict[str, str]:
    """Ask the customer to pay in another way."""
    return {"invoice": f"I-{ctx.input['order']}"}


@action("payment.openCase")
async def open_case(ctx: Context) -> dict[str, str]:
    """Have somebody call the customer."""
    ctx.logger.info("case opened", order=ctx.input["order"], problem=ctx.input["problem"])
    return {"case": f"C-{ctx.input['order']}"}
