"""Mail is searched, read, filed and noticed in a mailbox of a real server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.imap_server import PASSWORD, MailboxServer
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.imap import imap, new_mail, try_imap
from weftline.connectors.mail_message import message_json
from weftline.testing.connectors import call, connected

pytestmark = pytest.mark.xdist_group("imap")


def mail(subject: str, *, sender: str = "Bob <bob@example.com>", text: str = "hello", attached: bytes = b"") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "ada@example.com", subject
    message["Message-ID"], message["Date"] = "<1@example.com>", "Mon, 05 Jan 2026 09:30:00 +0000"
    message.set_content(text)
    if attached:
        message.add_attachment(attached, maintype="application", subtype="pdf", filename="a.pdf")
    return message.as_bytes()


@pytest.fixture
def user() -> str:
    return f"user-{uuid4().hex}"


def to(
    server: MailboxServer, user: str, *, password: str = PASSWORD, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    defaults = {"host": "127.0.0.1", "port": server.tls_port, "authority": server.certificate.pem}
    credentials = {"username": user, "password": password}
    return connected(imap, auth="BASIC", config={**defaults, **config}, credentials=credentials)


async def test_mail_is_searched_and_read(mailboxes: MailboxServer, user: str) -> None:
    mailboxes.deliver(
        user,
        mail("First order"),
        mail("Größe", text="wíth ünicode", attached=b"%PDF\xff"),
        mail("Other", sender="e@x.y"),
    )
    async with to(mailboxes, user) as connection:
        everything = await call("imap.search", connection)
        assert [each["subject"] for each in everything["messages"]] == ["Other", "Größe", "First order"]
        assert everything["count"] == 3 and everything["uidValidity"] > 0
        found = await call("imap.search", connection, subject="Größe", unseen=True, since="2020-01-01")
        (one,) = found["messages"]
        assert (one["from"], one["flags"]) == ("Bob <bob@example.com>", ["\\Recent"])
        message = await call("imap.fetch", connection, uid=one["uid"])
        assert (message["subject"], message["text"].strip()) == ("Größe", "wíth ünicode")
        assert message["date"] == "2026-01-05T09:30:00+00:00"
        (attachment,) = message["attachments"]
        assert (attachment["name"], attachment["size"]) == ("a.pdf", 5)
        assert base64.b64decode(attachment["content"]) == b"%PDF\xff"
        without = await call("imap.fetch", connection, uid=one["uid"], attachments=False)
        assert "content" not in without["attachments"][0]
        limited = await call("imap.search", connection, limit=1)
        assert limited["count"] == 3 and len(limited["messages"]) == 1
        assert (await call("imap.search", connection, before="2020-01-01"))["messages"] == []


async def test_mail_is_marked_and_moved(mailboxes: MailboxServer, user: str) -> None:
    mailboxes.deliver(user, mail("Order"))
    async with to(mailboxes, user) as connection:
        (uid,) = [each["uid"] for each in (await call("imap.search", connection))["messages"]]
        assert "\\Seen" in (await call("imap.markSeen", connection, uid=uid))["flags"]
        assert (await call("imap.search", connection, unseen=True))["count"] == 0
        assert "\\Seen" not in (await call("imap.markSeen", connection, uid=uid, seen=False))["flags"]
        await failure(call("imap.move", connection, uid=uid, to="Erledigt & gelöscht"), "imap_refused")
        answer = await call("imap.move", connection, uid=uid, to="Erledigt & gelöscht", create=True)
        assert answer == {"folder": "Erledigt & gelöscht"}
        assert (await call("imap.search", connection))["count"] == 0
        assert (await call("imap.search", connection, folder="Erledigt & gelöscht"))["count"] == 1
        await failure(call("imap.move", connection, uid=uid, to="INBOX"), "not_found")
        await failure(call("imap.fetch", connection, uid=uid), "not_found")


async def test_inputs_cannot_add_criteria_or_commands(mailboxes: MailboxServer, user: str) -> None:
    mailboxes.deliver(user, mail("Order"))
    async with to(mailboxes, user) as connection:
        for hostile in ('x" OR ALL', 'x\\" ALL "', "x\r\nw9 DELETE INBOX", "x\0y", "ü\r\nw9 LOGOUT"):
            assert (await call("imap.search", connection, subject=hostile))["count"] == 0
            await failure(call("imap.search", connection, folder=f'a"{hostile}'), "imap_refused")
        assert (await call("imap.search", connection))["count"] == 1


async def test_new_mail_is_noticed_once_from_the_beginning_of_the_trigger_on(
    mailboxes: MailboxServer, user: str
) -> None:
    mailboxes.deliver(user, mail("Before"))
    async with to(mailboxes, user) as connection:
        first = await new_mail(connection, {}, None)
        assert first.items == [] and not first.is_more
        assert (await new_mail(connection, {}, first.cursor)).items == []
        mailboxes.deliver(user, *(mail(f"New{number} x") for number in range(22)))
        second = await new_mail(connection, {}, first.cursor)
        assert [item.payload["subject"] for item in second.items] == [f"New{number} x" for number in range(20)]
        assert second.is_more
        third = await new_mail(connection, {}, second.cursor)
        assert [item.payload["subject"] for item in third.items] == ["New20 x", "New21 x"]
        assert not third.is_more and (await new_mail(connection, {}, third.cursor)).items == []
        # the same look again finds the same things under the same ids
        assert (await new_mail(connection, {}, second.cursor)).items == third.items
        # nobody has seen it by this
        assert (await call("imap.search", connection, unseen=True))["count"] == 23


async def test_a_mailbox_that_is_numbered_anew_begins_anew(mailboxes: MailboxServer, user: str) -> None:
    mailboxes.deliver(user, mail("Old"))
    async with to(mailboxes, user) as connection:
        poll = await new_mail(connection, {}, {"uidValidity": 1, "uid": 0})
        assert poll.items == [] and poll.cursor["uid"] == 1 and poll.cursor["uidValidity"] != 1


async def test_large_mail_is_cut_by_the_trigger_and_refused_by_the_action(mailboxes: MailboxServer, user: str) -> None:
    async with to(mailboxes, user) as connection:
        start = await new_mail(connection, {}, None)
        mailboxes.deliver(user, mail("Huge", text="first words", attached=b"x" * 6_000_000))
        (item,) = (await new_mail(connection, {}, start.cursor)).items
        assert item.payload["isCut"] and item.payload["text"].strip() == "first words"
        await failure(call("imap.fetch", connection, uid=item.payload["uid"]), "answer_too_large")


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
async def test_a_connection_is_tried(mailboxes: MailboxServer, user: str, security: str) -> None:
    port = mailboxes.tls_port if security == "tls" else mailboxes.port
    async with to(mailboxes, user, security=security, port=port) as connection:
        assert await try_imap(connection) == user
    async with to(mailboxes, user, security=security, port=port, password="wrong") as connection:
        error = await failure(try_imap(connection), "connection_unauthorized")
        assert "AUTHENTICATIONFAILED" in error.message


async def test_a_server_that_nobody_vouches_for_gets_no_password(mailboxes: MailboxServer, user: str) -> None:
    for security, port in (("tls", mailboxes.tls_port), ("starttls", mailboxes.port)):
        async with to(mailboxes, user, security=security, port=port, authority=None) as connection:
            await failure(try_imap(connection), "tls_failed")


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def hostile_server(talk: Talk) -> AsyncIterator[OpenedConnection]:
    tasks: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    config = {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "security": "none"}
    credentials = {"username": "a", "password": "b"}
    async with connected(imap, auth="BASIC", config=config, credentials=credentials, timeout=2) as connection:
        yield connection
    server.close()
    await asyncio.gather(*(task for task in tasks if task is not None))


async def test_a_hostile_server_cannot_fill_the_memory() -> None:
    async def literal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK\r\n")
        await reader.readline()
        writer.write(b"* FETCH (BODY[] {99999999999}\r\n")
        await reader.read()

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK\r\n" + b"x" * 3_000_000)
        await reader.read()

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK\r\n")
        while True:
            writer.write(b"* " + b"x" * 100_000 + b"\r\n")
            await writer.drain()

    for talk in (literal, line, answers):
        async with hostile_server(talk) as connection:
            await failure(try_imap(connection), "answer_too_large")


async def test_a_server_that_is_none_or_says_nothing_is_told() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK\r\n")

    for talk, code in ((silent, "timeout"), (other, "unreachable"), (gone, "unreachable")):
        async with hostile_server(talk) as connection:
            assert (await failure(try_imap(connection), code)).retryable


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\0",
        b"Subject: =?no-such-charset?q?x?=\r\nFrom: <<>>@@,;\r\nDate: yesterday\r\n\r\nx",
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff",
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n--x',
        b"Content-Disposition: attachment; filename*0*=bad'''\r\nContent-Type: a/b; x=\r\n\r\n!",
        b"Subject: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_whatever_a_sender_writes_is_read(raw: bytes) -> None:
    message = message_json(raw, with_contents=True)
    assert "\0" not in str(message) and isinstance(message["subject"], str)
