"""Stand-ins for what the template's integrations would do: an action of the same name for each of their actions."""

from __future__ import annotations

from typing import Any

from weftline.authoring import ActionError, Context, action


@action("crm.findContact")
async def find_contact(ctx: Context) -> dict[str, Any]:
    """Look a contact up. The first attempt finds the system busy, and nobody knows ``nobody@…``."""
    if not ctx.input["token"]:
        raise ActionError("who are you?", code="unauthorised", retryable=False)
    if ctx.attempt == 1:
        raise ActionError("too many requests", code="busy")
    name = ctx.input["email"].partition("@")[0]
    if name == "nobody":
        raise ActionError("there is no such contact", code="not_found", retryable=False)
    return {"name": name.capitalize(), "score": 80}


@action("chat.postMessage")
async def post_message(ctx: Context) -> dict[str, Any]:
    """Post a message."""
    ctx.logger.info("posted", channel=ctx.input["channel"], text=ctx.input["text"])
    return {"posted": ctx.input["channel"]}


@action("mail.send")
async def send_mail(ctx: Context) -> dict[str, Any]:
    """Send a mail."""
    ctx.logger.info("sent", to=ctx.input["to"], subject=ctx.input["subject"])
    return {"to": ctx.input["to"], "subject": ctx.input["subject"]}
