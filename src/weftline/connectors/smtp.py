"""``smtp``: mail through the tenant's own server (RFC 5321)."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, NO_AUTH, Connection, Integration
from weftline.connectors.contents import CONTENT, read_content
from weftline.connectors.hosts import exchange, host_config, invalid, lost, reach, server_tls
from weftline.connectors.schema import choice, given, lines, listing, record, text, whole
from weftline.connectors.ways_in import OAUTH2_ANYWHERE, OAUTH2_CONFIG

if TYPE_CHECKING:
    import aiosmtplib

MAX_MESSAGE_BYTES = 25_000_000

_PORT = 587
_PERMANENT = range(500, 600)
_ADDRESS = text("Like `ada@example.com` or `Ada Byron <ada@example.com>`.", pattern=r"^[^\r\n]*[^\s<>@]+@[^\s<>@]+>?$")

smtp = Integration(
    "smtp",
    title="SMTP",
    description="Mail through a mail server of your own.",
    category="messaging",
    icon="mail",
    auth=(BASIC, OAUTH2_ANYWHERE, NO_AUTH),
    config=record(
        {
            **{name: schema for name, schema in host_config(_PORT).items() if name != "tls"},
            "security": choice(
                "How the connection is encrypted: after a command (usual on port 587), from the first byte on (465), or"
                " not at all.",
                "starttls",
                "tls",
                "none",
                title="Encryption",
                default="starttls",
            ),
            "from": {**_ADDRESS, "title": "Sender", "description": "Of messages that name no other."},
            **OAUTH2_CONFIG,
        },
        ["host"],
    ),
    docs_url="https://www.rfc-editor.org/rfc/rfc5321",
)


@smtp.action(
    "send",
    title="Send a mail",
    input=record(
        {
            "from": {**_ADDRESS, "description": "The sender; absent: the connection's."},
            "to": listing("To whom.", _ADDRESS, minItems=1, maxItems=100),
            "cc": listing("To whom as a copy.", _ADDRESS, maxItems=100),
            "bcc": listing("To whom without the others seeing it.", _ADDRESS, maxItems=100),
            "replyTo": {**_ADDRESS, "description": "To whom answers go, if not to the sender."},
            "inReplyTo": given("The `Message-ID` that this answers, like `<1@example.com>`."),
            "subject": text("What it is about.", maxLength=998),
            "text": lines("The message as plain text."),
            "html": lines("The message as HTML; mail programs that show none show the text."),
            "attachments": listing(
                "Files that go along.",
                record(
                    {
                        "name": given("The file's name.", maxLength=255),
                        **CONTENT,
                        "contentType": given("Like `application/pdf`.", default="application/octet-stream"),
                    },
                    ["name", "content"],
                ),
                maxItems=50,
            ),
        },
        ["to", "subject"],
        anyOf=[{"required": ["text"]}, {"required": ["html"]}],
    ),
    output=record(
        {
            "messageId": text("By which mail programs know the message; the same for every attempt of the step."),
            "accepted": listing("The recipients that the server took.", {"type": "string"}),
            "refused": listing(
                "The others, and why.",
                record(
                    {"address": text("Whose."), "code": whole("The server's."), "message": text("The server's.")},
                    ["address", "code", "message"],
                ),
            ),
        },
        ["messageId", "accepted", "refused"],
    ),
    example={"to": ["ada@example.com"], "subject": "Your order", "text": "It is on its way."},
)
async def send(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a mail with text, HTML and attachments.

    A message has been sent when the server has taken it. If the answer gets lost, the next attempt sends it once more,
    with the same `Message-ID`, by which mail programs drop repetitions.
    """
    message, sender, recipients = _composed(ctx, connection)
    content = message.as_bytes()
    if len(content) > MAX_MESSAGE_BYTES:
        raise invalid(f"the message is longer than {MAX_MESSAGE_BYTES} bytes")
    async with exchange(connection, lambda error: _failure(connection, error)):
        client = await _opened(connection)
        try:
            refused, _ = await client.sendmail(sender, recipients, content)
            await client.quit()
        finally:
            client.close()
    return {
        "messageId": str(message["Message-ID"]),
        "accepted": [recipient for recipient in recipients if recipient not in refused],
        "refused": [
            {"address": address, "code": answer.code, "message": answer.message} for address, answer in refused.items()
        ],
    }


@smtp.test
async def try_smtp(connection: Connection) -> str | None:
    """Sign in, and leave."""
    async with exchange(connection, lambda error: _failure(connection, error)):
        client = await _opened(connection)
        try:
            await client.quit()
        finally:
            client.close()
    return connection.credentials.get("username")


async def _opened(connection: Connection) -> aiosmtplib.SMTP:
    import aiosmtplib

    config = connection.config
    security = config.get("security", "starttls")
    host = await reach(connection, _PORT, tls=False)
    client = aiosmtplib.SMTP(
        hostname=host.address,
        port=host.port,
        # the name of this machine is nobody's business, and finding it out may take long
        local_hostname="localhost",
        timeout=connection.timeout,
        use_tls=security == "tls",
        start_tls=False,
        tls_context=server_tls(connection) if security != "none" else None,
    )
    try:
        await client.connect()
        if security == "starttls":
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise ActionError("the server offers no STARTTLS", code="tls_failed", retryable=False)
            await client.starttls()
        await _sign_in(client, connection)
    except BaseException:
        client.close()
        raise
    return client


async def _sign_in(client: aiosmtplib.SMTP, connection: Connection) -> None:
    given = connection.credentials
    match connection.auth_type:
        case "BASIC":
            await client.login(given["username"], given.get("password", ""))
        case "OAUTH2":
            await client.auth_xoauth2(_sender(connection), given["accessToken"])
        case _:
            pass


def _sender(connection: Connection) -> str:
    sender = connection.config.get("from")
    if sender is None:
        message = "the connection lacks 'from' in its configuration, as whom it signs in by OAuth 2.0"
        raise ActionError(message, code="invalid_connection", retryable=False)
    return parseaddr(sender)[1]


def _composed(ctx: Context, connection: Connection) -> tuple[EmailMessage, str, list[str]]:
    """The message as it travels, who sends it, and to whom."""
    from email.policy import SMTP as POLICY
    from email.utils import formatdate

    wanted = ctx.input
    sender = wanted.get("from") or connection.config.get("from")
    if sender is None:
        raise invalid("'from' says who sends it, as the connection has no sender of its own")
    message = EmailMessage(policy=POLICY)
    try:
        message["From"] = sender
        for header in ("to", "cc"):
            if wanted.get(header):
                message[header.capitalize()] = ", ".join(wanted[header])
        for name, header in (("replyTo", "Reply-To"), ("inReplyTo", "In-Reply-To"), ("subject", "Subject")):
            if name in wanted:
                message[header] = wanted[name]
        message["Date"] = formatdate()
        digest = hashlib.sha256(f"{ctx.tenant.id}/{ctx.idempotency_key}".encode()).hexdigest()[:40]
        message["Message-ID"] = f"<{digest}@{_address(sender).rpartition('@')[2]}>"
        # RFC 3834: no answer of a machine to a machine
        message["Auto-Submitted"] = "auto-generated"
        _fill(message, wanted)
    except (ValueError, LookupError) as error:
        raise invalid(f"this cannot be written as a mail: {error}") from None
    everybody = [*wanted["to"], *wanted.get("cc", ()), *wanted.get("bcc", ())]
    return message, _address(sender), list(dict.fromkeys(map(_address, everybody)))


def _fill(message: EmailMessage, wanted: dict[str, Any]) -> None:
    if "text" in wanted:
        message.set_content(wanted["text"])
        if "html" in wanted:
            message.add_alternative(wanted["html"], subtype="html")
    else:
        message.set_content(wanted["html"], subtype="html")
    for attachment in wanted.get("attachments", ()):
        main, _, sub = attachment.get("contentType", "application/octet-stream").partition("/")
        if not main.isalnum() or not sub or any(mark in sub for mark in " ;\r\n"):
            raise invalid(f"'{attachment['contentType']}' is no type of a content")
        message.add_attachment(read_content(attachment), maintype=main, subtype=sub, filename=attachment["name"])


def _address(text: str) -> str:
    address = parseaddr(text)[1]
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isascii() or any(mark in address for mark in " \r\n<>"):
        raise invalid(f"'{text}' is no address of a mail")
    return address


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    import aiosmtplib

    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return connection.unauthorized(f"{error.code} {error.message}")
        case aiosmtplib.SMTPRecipientsRefused():
            refusals = error.recipients
            details = {"refused": [{"address": each.recipient, "code": each.code} for each in refusals]}
            message = f"no recipient was taken: {refusals[0].code} {refusals[0].message}"
            is_final = all(each.code in _PERMANENT for each in refusals)
            return ActionError(message, code="recipients_refused", retryable=not is_final, details=details)
        case aiosmtplib.SMTPResponseException():
            message = f"the server answered {error.code} {error.message}"
            return ActionError(message, code=f"smtp_{error.code}", retryable=error.code not in _PERMANENT)
        case aiosmtplib.SMTPTimeoutError():
            return ActionError(f"the server did not answer within {connection.timeout:g} s", code="timeout")
        case aiosmtplib.SMTPException():
            return lost(error, "the server")
        case _:
            return None
