"""``imap``: mail in a mailbox (RFC 3501), read and filed, and new mail as a trigger."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, cast

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, Connection, Integration, Item, Poll
from weftline.connectors.hosts import MAX_ANSWER_BYTES, exchange, host_config, invalid, reach, server_tls, unreachable
from weftline.connectors.imap_client import ImapClient, ImapError, quoted
from weftline.connectors.mail_message import BODY, HEADERS, headers_json, message_json
from weftline.connectors.schema import choice, flag, given, listing, record, text, whole
from weftline.connectors.ways_in import OAUTH2_ANYWHERE, OAUTH2_CONFIG

_PORT = 993
_POLLED = 20
"""Messages that one look takes."""
_POLLED_BYTES = 1_000_000
"""How much of each."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_FOLDER = given("The mailbox.", default="INBOX", maxLength=255)
_UID = whole("The message's, as Search and the trigger give it.", minimum=1, maximum=4_294_967_295)
_VALIDITY = whole("Changes when the server numbers the messages of the mailbox anew.")
_FLAGS = listing("Like `\\Seen`.", {"type": "string"})

imap = Integration(
    "imap",
    title="IMAP",
    description="Mail in a mailbox: search, read and file it, and start workflows when new mail comes.",
    category="messaging",
    icon="inbox",
    auth=(BASIC, OAUTH2_ANYWHERE),
    config=record(
        {
            **{name: schema for name, schema in host_config(_PORT).items() if name != "tls"},
            "security": choice(
                "How the connection is encrypted: from the first byte on (usual on port 993), after a command (143), or"
                " not at all.",
                "tls",
                "starttls",
                "none",
                title="Encryption",
                default="tls",
            ),
            "user": given("As whom to sign in by OAuth 2.0.", title="User"),
            **OAUTH2_CONFIG,
        },
        ["host"],
    ),
    docs_url="https://www.rfc-editor.org/rfc/rfc3501",
)


@imap.action(
    "search",
    title="Search mail",
    input=record(
        {
            "folder": _FOLDER,
            "from": given("In the sender."),
            "to": given("In the recipients."),
            "subject": given("In the subject."),
            "text": given("Anywhere in the message."),
            "since": text("Arrived on this day or later.", format="date"),
            "before": text("Arrived before this day.", format="date"),
            "unseen": flag("Only what nobody has read.", default=False),
            "limit": whole("How many, the newest first.", minimum=1, maximum=200, default=50),
        }
    ),
    output=record(
        {
            "uidValidity": _VALIDITY,
            "count": whole("How many fit."),
            "messages": listing(
                "The newest of them, the newest first.",
                record(
                    {"uid": _UID, "flags": _FLAGS, "size": whole("Bytes."), **HEADERS},
                    ["uid", "flags", "size", *HEADERS],
                ),
            ),
        },
        ["uidValidity", "count", "messages"],
    ),
    example={"subject": "Invoice", "unseen": True},
)
async def search(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Find messages by their sender, subject, text or day, and read their headers."""
    wanted = ctx.input
    async with _mailbox(connection, wanted.get("folder", "INBOX"), is_read_only=True) as (client, validity):
        uids = await _search(client, *_criteria(wanted))
        newest = sorted(uids, reverse=True)[: wanted.get("limit", 50)]
        found = await _fetch(client, newest, "(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER])")
    messages = [
        {"uid": uid, "flags": each["FLAGS"], "size": int(each["RFC822.SIZE"]), **headers_json(each["BODY[HEADER]"])}
        for uid, each in found.items()
    ]
    messages.sort(key=lambda message: -message["uid"])
    return {"uidValidity": validity, "count": len(uids), "messages": messages}


@imap.action(
    "fetch",
    title="Read a mail",
    input=record(
        {
            "folder": _FOLDER,
            "uid": _UID,
            "attachments": flag("With the contents of what is attached.", default=True),
        },
        ["uid"],
    ),
    output=record({"uid": _UID, "flags": _FLAGS, **HEADERS, **BODY}, ["uid", "flags", *HEADERS, *BODY]),
    example={"uid": 42},
)
async def fetch(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read one message up to 5 MB, without marking it as seen."""
    wanted = ctx.input
    async with _mailbox(connection, wanted.get("folder", "INBOX"), is_read_only=True) as (client, _):
        found = await _fetch(client, [wanted["uid"]], "(UID FLAGS BODY.PEEK[])")
        each = _one(found, wanted["uid"])
    content = message_json(each["BODY[]"], with_contents=wanted.get("attachments", True))
    return {"uid": wanted["uid"], "flags": each["FLAGS"], **content}


@imap.action(
    "markSeen",
    title="Mark as seen",
    input=record({"folder": _FOLDER, "uid": _UID, "seen": flag("False marks it as not seen.", default=True)}, ["uid"]),
    output=record({"uid": _UID, "flags": _FLAGS}, ["uid", "flags"]),
    example={"uid": 42},
)
async def mark_seen(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Mark a message as seen, or as not seen."""
    wanted = ctx.input
    async with _mailbox(connection, wanted.get("folder", "INBOX")) as (client, _):
        sign = "+" if wanted.get("seen", True) else "-"
        await client.command("UID STORE", str(wanted["uid"]), f"{sign}FLAGS.SILENT", "(\\Seen)")
        each = _one(await _fetch(client, [wanted["uid"]], "(UID FLAGS)"), wanted["uid"])
    return {"uid": wanted["uid"], "flags": each["FLAGS"]}


@imap.action(
    "move",
    title="Move a mail",
    input=record(
        {
            "folder": _FOLDER,
            "uid": _UID,
            "to": given("The mailbox to move it to.", maxLength=255),
            "create": flag("Make that mailbox where there is none.", default=False),
        },
        ["uid", "to"],
    ),
    output=record({"folder": text("Where it is now.")}, ["folder"]),
    example={"uid": 42, "to": "Archive"},
)
async def move(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Move a message to another mailbox. There it gets another UID."""
    wanted = ctx.input
    uid, target = str(wanted["uid"]), _mailbox_name(wanted["to"])
    async with _mailbox(connection, wanted.get("folder", "INBOX")) as (client, _):
        abilities = [str(word).upper() for answer in await client.command("CAPABILITY") for word in answer]
        if wanted.get("create", False) and not _listed(await client.command("LIST", '""', target)):
            await client.command("CREATE", target)
        _one(await _fetch(client, [wanted["uid"]], "(UID)"), wanted["uid"])
        if "MOVE" in abilities:
            await client.command("UID MOVE", uid, target)
        else:
            await client.command("UID COPY", uid, target)
            await client.command("UID STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
            if "UIDPLUS" in abilities:
                await client.command("UID EXPUNGE", uid)
    return {"folder": wanted["to"]}


@imap.trigger(
    "newMail",
    title="New mail",
    type="POLLING",
    config=record({"folder": _FOLDER}),
    output=record(
        {
            "uid": _UID,
            "folder": text("The mailbox."),
            "size": whole("Bytes."),
            "isCut": flag("Only the beginning was read; the action `imap.fetch` reads more."),
            **HEADERS,
            **BODY,
        },
        ["uid", "folder", "size", "isCut", *HEADERS, *BODY],
    ),
    example={
        "uid": 42,
        "folder": "INBOX",
        "size": 1830,
        "isCut": False,
        "messageId": "<1@example.com>",
        "from": "Ada Byron <ada@example.com>",
        "to": ["orders@example.com"],
        "cc": [],
        "replyTo": [],
        "subject": "Order",
        "date": "2026-01-05T09:30:00+00:00",
        "inReplyTo": None,
        "text": "Ten pens, please.",
        "html": None,
        "attachments": [],
    },
)
async def new_mail(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
    """A message has come into a mailbox. What was there before the trigger is left alone."""
    folder = config.get("folder", "INBOX")
    async with _mailbox(connection, folder, is_read_only=True) as (client, validity):
        if cursor is None or cursor["uidValidity"] != validity:
            # numbered anew, so nobody knows what was seen: from here on
            uids = await _search(client, "UID", "*")
            return Poll([], {"uidValidity": validity, "uid": max(uids, default=0)})
        seen = cursor["uid"]
        # `*` is the last message, whatever stands before the colon
        uids = sorted(uid for uid in await _search(client, "UID", f"{seen + 1}:*") if uid > seen)
        items: list[Item] = []
        for uid in uids[:_POLLED]:
            found = await _fetch(client, [uid], f"(UID RFC822.SIZE BODY.PEEK[]<0.{_POLLED_BYTES}>)")
            # it may be gone meanwhile
            if uid in found:
                items.append(_item(validity, uid, folder, found[uid]))
    last = uids[:_POLLED][-1] if uids else seen
    return Poll(items, {"uidValidity": validity, "uid": last}, is_more=len(uids) > _POLLED)


@imap.test
async def try_imap(connection: Connection) -> str | None:
    """Sign in, and look into the inbox."""
    async with _mailbox(connection, "INBOX", is_read_only=True):
        return connection.credentials.get("username") or connection.config.get("user")


def _item(validity: int, uid: int, folder: str, found: dict[str, Any]) -> Item:
    size = int(found["RFC822.SIZE"])
    content = message_json(found["BODY[]<0>"], with_contents=False)
    payload = {"uid": uid, "folder": folder, "size": size, "isCut": size > _POLLED_BYTES, **content}
    return Item(f"{validity}.{uid}", payload)


@asynccontextmanager
async def _mailbox(
    connection: Connection, folder: str, *, is_read_only: bool = False
) -> AsyncGenerator[tuple[ImapClient, int]]:
    """A session in which a mailbox is selected, and the validity of its UIDs."""
    async with exchange(connection, _failure):
        client = await _opened(connection)
        try:
            answers = await client.command("EXAMINE" if is_read_only else "SELECT", _mailbox_name(folder))
            yield client, _validity(answers)
            await client.logout()
        finally:
            client.close()


async def _opened(connection: Connection) -> ImapClient:
    security = connection.config.get("security", "tls")
    host = await reach(connection, _PORT, tls=False)
    client = await ImapClient.connect(
        host.address,
        host.port,
        tls=None if security == "none" else server_tls(connection),
        starttls=security == "starttls",
        limit=MAX_ANSWER_BYTES,
    )
    given = connection.credentials
    try:
        if connection.auth_type == "OAUTH2":
            await client.authenticate(_user(connection), given["accessToken"])
        else:
            await client.login(given["username"], given.get("password", ""))
    except ImapError as error:
        client.close()
        raise connection.unauthorized(str(error)) from None
    except BaseException:
        client.close()
        raise
    return client


def _user(connection: Connection) -> str:
    user = connection.config.get("user")
    if user is None:
        message = "the connection lacks 'user' in its configuration, as whom it signs in by OAuth 2.0"
        raise ActionError(message, code="invalid_connection", retryable=False)
    return user


def _validity(answers: list[list[Any]]) -> int:
    for answer in answers:
        if "[UIDVALIDITY" in answer[:3]:
            return int(str(answer[answer.index("[UIDVALIDITY") + 1]).rstrip("]"))
    raise ImapError("it does not say UIDVALIDITY", is_refusal=False)


def _mailbox_name(name: str) -> bytes:
    """In the modified UTF-7 of IMAP (RFC 3501, section 5.1.3)."""
    out: list[str] = []
    run = ""
    for mark in name:
        if " " <= mark <= "~":
            out.append(_shifted(run) + ("&-" if mark == "&" else mark))
            run = ""
        else:
            run += mark
    return quoted("".join(out) + _shifted(run))


def _shifted(run: str) -> str:
    import base64

    if not run:
        return ""
    return "&" + base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"


def _listed(answers: list[list[Any]]) -> bool:
    return any(answer and answer[0] == "LIST" for answer in answers)


def _criteria(wanted: Mapping[str, Any]) -> list[str | bytes]:
    out: list[str | bytes] = []
    for name, key in (("from", "FROM"), ("to", "TO"), ("subject", "SUBJECT"), ("text", "TEXT")):
        if name in wanted:
            out += [key, quoted(wanted[name])]
    for name, key in (("since", "SINCE"), ("before", "BEFORE")):
        if name in wanted:
            out += [key, _day(wanted[name], name)]
    if wanted.get("unseen", False):
        out.append("UNSEEN")
    return out or ["ALL"]


def _day(text: str, name: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid(f"'{name}' is no day like 2026-01-31") from None
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04}"


async def _search(client: ImapClient, *criteria: str | bytes) -> list[int]:
    is_plain = all(each.isascii() for each in criteria)
    charset = () if is_plain else ("CHARSET", "UTF-8")
    answers = await client.command("UID SEARCH", *charset, *criteria)
    return [int(uid) for answer in answers if answer and answer[0] == "SEARCH" for uid in answer[1:]]


async def _fetch(client: ImapClient, uids: list[int], items: str) -> dict[int, dict[str, Any]]:
    """What the messages that are still there say, by UID."""
    if not uids:
        return {}
    found: dict[int, dict[str, Any]] = {}
    for answer in await client.command("UID FETCH", ",".join(map(str, uids)), items):
        if len(answer) == 3 and answer[1] == "FETCH" and isinstance(answer[2], list):
            pairs = cast("list[Any]", answer[2])
            values = dict(zip(map(str, pairs[::2]), pairs[1::2], strict=False))
            if "UID" in values:
                found[int(values["UID"])] = values
    return found


def _one(found: dict[int, dict[str, Any]], uid: int) -> dict[str, Any]:
    if uid not in found:
        raise ActionError(f"there is no message {uid} in this mailbox", code="not_found", retryable=False)
    return found[uid]


def _failure(error: Exception) -> ActionError | None:
    if not isinstance(error, ImapError):
        return None
    if error.is_refusal:
        return ActionError(f"the server refuses: {error}", code="imap_refused", retryable=False)
    return unreachable("the server", error)
