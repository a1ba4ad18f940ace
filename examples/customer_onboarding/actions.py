"""The actions of the customer onboarding process.

A real one would call a CRM and a mail service; these work on the execution's data alone. Each derives what it
makes from its idempotency key, so that a second attempt makes the same thing again and not another.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from weftline.authoring import Context, Result, action

EUROPEAN_UNION = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip


@action("createCustomer")
async def create_customer(ctx: Context) -> Result:
    """Make a customer record, which later steps see as ``customer``."""
    customer = {
        "id": _new_id(ctx),
        "email": ctx.input["email"],
        "requiresKYC": ctx.input["country"] not in EUROPEAN_UNION,
        "remindersSent": 0,
    }
    ctx.logger.info("customer created", customer_id=customer["id"])
    return Result(output=customer, data={"customer": customer})


@action("sendReminderEmail")
async def send_reminder_email(ctx: Context) -> Result:
    """Remind the customer to confirm the address."""
    customer = ctx.data["customer"]
    sent = customer["remindersSent"] + 1
    ctx.logger.info("reminder sent", to=customer["email"], number=sent)
    return Result(output={"to": customer["email"]}, data={"customer": {**customer, "remindersSent": sent}})


@action("createUserAccount")
async def create_user_account(ctx: Context) -> Result:
    """Make the account that the customer signs in with."""
    account = {"id": _new_id(ctx), "login": ctx.data["customer"]["email"], "active": False}
    return Result(output=account, data={"account": account})


@action("activateCustomerAccount")
async def activate_customer_account(ctx: Context) -> dict[str, Any]:
    """Let the customer in; the account is the execution's output."""
    account = {**ctx.data["account"], "active": True}
    ctx.logger.info("account activated", account_id=account["id"])
    return account


def _new_id(ctx: Context) -> str:
    return str(uuid5(NAMESPACE_URL, ctx.idempotency_key))
