"""Sending the outbox to a real SMTP server."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog
from structlog.typing import EventDict

from tests.features.mail.certificates import Certificate, make_certificate
from tests.features.mail.conftest import LINK, Post
from tests.features.mail.smtp_server import OK, PATIENCE, MailServer, mail_server
from weftline.features.database import Database
from weftline.features.mail import repository
from weftline.features.mail.mailer import BATCH, Mailer
from weftline.features.mail.settings import MailSettings, Security


def mailer_for(
    identity: Database,
    server: MailServer,
    *,
    security: Security = "none",
    tls_context: ssl.SSLContext | None = None,
    **changes: Any,
) -> Mailer:
    """A mailer that sends to a server."""
    settings = MailSettings(
        host="127.0.0.1", port=server.port, security=security, sender="Weftline <weft@weftline.example>", **changes
    )
    return Mailer(identity, settings, tls_context)


async def row_of(outbox: asyncpg.Connection, mail_id: UUID) -> asyncpg.Record:
    row = await outbox.fetchrow("SELECT * FROM mail_outbox WHERE id = $1", mail_id)
    assert row is not None
    return row


async def make_due(outbox: asyncpg.Connection) -> None:
    """Let the time of every message's next attempt come."""
    await outbox.execute("UPDATE mail_outbox SET due_at = now() WHERE due_at IS NOT NULL")


async def age(outbox: asyncpg.Connection, mail_id: UUID, days: int) -> None:
    """Let a message be older."""
    await outbox.execute(
        "UPDATE mail_outbox SET created_at = created_at - $2::interval WHERE id = $1", mail_id, timedelta(days=days)
    )


async def test_a_message_arrives_as_text_and_html(identity: Database, server: MailServer, posted: Post):
    mail_id = await posted("ada@example.com", name="Ada Löf")
    assert await mailer_for(identity, server).run_once() == 1
    [received] = server.received
    assert (received.sender, received.recipients) == ("weft@weftline.example", ["ada@example.com"])
    message = received.message
    assert message.get_content_type() == "multipart/alternative"
    assert message["From"] == "Weftline <weft@weftline.example>"
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Confirm your e-mail address"
    assert message["Message-ID"] == f"<{mail_id}@weftline.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert datetime.now(UTC) - message["Date"].datetime < timedelta(hours=1)
    assert "Hello Ada Löf," in received.body("plain") and LINK in received.body("plain")
    assert "Hello Ada Löf," in received.body("html") and LINK in received.body("html")


async def test_a_sent_message_is_kept_without_its_secrets(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    mailer = mailer_for(identity, server)
    await mailer.run_once()
    row = await row_of(outbox, mail_id)
    assert (row["body_text"], row["body_html"], row["due_at"], row["error"]) == ("", "", None, None)
    assert row["sent_at"] is not None
    assert await mailer.run_once() == 0
    assert len(server.received) == 1


async def test_one_connection_carries_many_messages(identity: Database, server: MailServer, posted: Post):
    for number in range(5):
        await posted(f"user{number}@example.com")
    assert await mailer_for(identity, server).run_once() == 5
    assert (len(server.received), server.connections) == (5, 1)


async def test_a_turn_is_bounded(identity: Database, server: MailServer, posted: Post):
    for number in range(BATCH + 1):
        await posted(f"user{number}@example.com")
    mailer = mailer_for(identity, server)
    assert [await mailer.run_once() for _ in range(3)] == [BATCH, 1, 0]


async def test_a_server_that_asks_to_come_again_is_asked_again_later(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    server.answer_recipient = lambda _: "451 greylisted, try later"
    mailer = mailer_for(identity, server)
    assert await mailer.run_once() == 0
    row = await row_of(outbox, mail_id)
    assert (row["attempts"], row["error"]) == (1, "451 greylisted, try later")
    assert row["due_at"] > await outbox.fetchval("SELECT now()")
    assert LINK in row["body_text"]

    server.answer_recipient = lambda _: OK
    assert await mailer.run_once() == 0
    await make_due(outbox)
    assert await mailer.run_once() == 1
    row = await row_of(outbox, mail_id)
    assert (row["attempts"], row["error"], len(server.received)) == (2, None, 1)


async def test_every_attempt_bears_the_same_message_id(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    await posted()
    seen: list[bytes] = []

    def lose_first(envelope: Any) -> str:
        [line] = [line for line in envelope.content.splitlines() if line.lower().startswith(b"message-id:")]
        seen.append(line)
        return "451 disk full" if len(seen) == 1 else OK

    server.answer_data = lose_first
    mailer = mailer_for(identity, server)
    await mailer.run_once()
    await make_due(outbox)
    await mailer.run_once()
    assert len(seen) == 2 and len(set(seen)) == 1


async def test_the_last_attempt_that_fails_gives_a_message_up(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    server.answer_data = lambda _: "452 disk full"
    mailer = mailer_for(identity, server)
    for attempt in range(1, repository.MAX_ATTEMPTS + 1):
        await mailer.run_once()
        row = await row_of(outbox, mail_id)
        assert (row["attempts"], row["due_at"] is None) == (attempt, attempt == repository.MAX_ATTEMPTS)
        await make_due(outbox)
    server.answer_data = lambda _: OK
    assert await mailer.run_once() == 0
    assert server.received == []
    assert (await row_of(outbox, mail_id))["error"] == "452 disk full"


@pytest.mark.parametrize("place", ["answer_recipient", "answer_data"])
async def test_what_the_server_refuses_for_good_is_not_tried_again_and_holds_nobody_up(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection, place: str
):
    refused = await posted("nobody@example.com")
    await posted("ada@example.com")
    answers = iter(["550 no such user", OK])
    setattr(server, place, lambda _: next(answers))
    assert await mailer_for(identity, server).run_once() == 2
    assert server.recipients == ["ada@example.com"]
    row = await row_of(outbox, refused)
    assert (row["due_at"], row["sent_at"], row["error"]) == (None, None, "550 no such user")


async def test_an_answer_of_the_server_is_kept_in_one_line_of_bounded_length(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    server.answer_recipient = lambda _: f"550-one\r\n550-\x01two\r\n550 {'x' * 450}"
    await mailer_for(identity, server).run_once()
    error = (await row_of(outbox, mail_id))["error"]
    assert error.startswith("550 one two xxx") and error.isprintable()


async def test_a_server_that_is_not_there_costs_one_message_one_attempt_a_turn(
    identity: Database, posted: Post, outbox: asyncpg.Connection
):
    async with mail_server() as gone:
        pass
    for _ in range(3):
        await posted()
    assert await mailer_for(identity, gone).run_once() == 0
    rows = await outbox.fetch("SELECT attempts, error, sent_at FROM mail_outbox ORDER BY attempts")
    assert [row["attempts"] for row in rows] == [0, 0, 1]
    assert "Error connecting to 127.0.0.1" in rows[-1]["error"]


async def test_a_server_that_hangs_up_is_connected_to_anew(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    await posted()
    answers = iter(["421 going down", OK])
    server.answer_data = lambda _: next(answers)
    mailer = mailer_for(identity, server)
    await mailer.run_once()
    await make_due(outbox)
    await mailer.run_once()
    assert (len(server.received), server.connections) == (1, 2)


async def test_an_address_beyond_ascii_reaches_a_server_that_knows_such(identity: Database, posted: Post):
    await posted("müller@example.com")
    async with mail_server(enable_SMTPUTF8=True) as server:
        await mailer_for(identity, server).run_once()
        assert server.recipients == ["müller@example.com"]


async def test_starttls_encrypts(identity: Database, certificate: Certificate, posted: Post):
    await posted()
    async with mail_server(starttls=certificate.server) as server:
        await mailer_for(identity, server, security="starttls", tls_context=certificate.trusting).run_once()
    assert [received.was_encrypted for received in server.received] == [True]


async def test_tls_encrypts_from_the_first_byte_on(identity: Database, certificate: Certificate, posted: Post):
    await posted()
    async with mail_server(tls=certificate.server) as server:
        await mailer_for(identity, server, security="tls", tls_context=certificate.trusting).run_once()
    assert len(server.received) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    identity: Database, certificate: Certificate, posted: Post, outbox: asyncpg.Connection, security: Security
):
    mail_id = await posted()
    async with mail_server(**{security: certificate.server}) as server:
        assert await mailer_for(identity, server, security=security).run_once() == 0
    row = await row_of(outbox, mail_id)
    assert server.received == []
    assert "certificate" in row["error"].lower()
    assert row["due_at"] is not None


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_another_host_is_refused(
    identity: Database, tmp_path: Path, posted: Post, security: Security
):
    await posted()
    other = make_certificate(tmp_path, "127.0.0.2")
    async with mail_server(**{security: other.server}) as server:
        mailer = mailer_for(identity, server, security=security, tls_context=other.trusting)
        assert await mailer.run_once() == 0
    assert server.received == []


async def test_a_server_without_starttls_gets_nothing_where_encryption_is_asked_for(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    assert await mailer_for(identity, server, security="starttls").run_once() == 0
    assert server.received == []
    assert "STARTTLS" in (await row_of(outbox, mail_id))["error"]


async def test_the_mailer_signs_in(identity: Database, certificate: Certificate, posted: Post):
    await posted()
    async with mail_server(starttls=certificate.server, password="s3cret") as server:
        mailer = mailer_for(
            identity,
            server,
            security="starttls",
            tls_context=certificate.trusting,
            user="weftline",
            password="s3cret",
        )
        await mailer.run_once()
    assert [received.user for received in server.received] == ["weftline"]


async def test_a_wrong_password_is_our_fault_and_not_the_messages(
    identity: Database, certificate: Certificate, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    async with mail_server(starttls=certificate.server, password="s3cret") as server:
        mailer = mailer_for(
            identity,
            server,
            security="starttls",
            tls_context=certificate.trusting,
            user="weftline",
            password="hunter2",
        )
        assert await mailer.run_once() == 0
    row = await row_of(outbox, mail_id)
    assert row["due_at"] is not None and row["error"].startswith("535")
    assert "hunter2" not in row["error"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("recipient", "ada@example.com\r\nBcc: eve@example.com"),
        ("recipient", "ada@example.com> SIZE=1\r\nRCPT TO:<eve@example.com"),
        ("recipient", "ada@example.com, eve@example.com"),
        ("subject", "Hello\r\nBcc: eve@example.com"),
        ("subject", "Hello\n\nbody"),
    ],
)
async def test_a_row_that_would_break_out_of_its_header_is_never_sent(
    identity: Database,
    server: MailServer,
    posted: Post,
    outbox: asyncpg.Connection,
    column: str,
    value: str,
):
    mail_id = await posted()
    await outbox.execute(f"UPDATE mail_outbox SET {column} = $1", value)
    await mailer_for(identity, server).run_once()
    row = await row_of(outbox, mail_id)
    assert (server.received, row["due_at"], row["sent_at"]) == ([], None, None)
    assert row["error"]


async def test_a_body_cannot_end_the_message_early(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    await posted()
    smuggled = "Hello\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nboo\r\n.\r\n"
    await outbox.execute("UPDATE mail_outbox SET body_text = $1", smuggled)
    await mailer_for(identity, server).run_once()
    [received] = server.received
    assert received.recipients == ["ada@example.com"]
    assert "MAIL FROM:<eve@example.com>" in received.body("plain")


async def test_several_mailers_send_each_message_once(database: str, server: MailServer, posted: Post):
    wanted = [f"user{number}@example.com" for number in range(60)]
    for recipient in wanted:
        await posted(recipient)
    databases = [Database(database, "weft_identity", size=2) for _ in range(4)]
    done = await asyncio.gather(*(mailer_for(opened, server).run_once() for opened in databases))
    for opened in databases:
        await opened.close()
    assert sum(done) == 60
    assert Counter(server.recipients) == Counter(wanted)


async def test_a_message_whose_mailer_died_goes_to_another_and_the_dead_ones_word_is_void(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    async with identity.unbound() as session:
        abandoned = await repository.claim(session)
    assert abandoned is not None
    mailer = mailer_for(identity, server)
    assert await mailer.run_once() == 0
    await make_due(outbox)
    assert await mailer.run_once() == 1
    async with identity.unbound() as session:
        assert not await repository.mark_failed(session, abandoned, "too late", for_good=True)
        assert not await repository.mark_sent(session, abandoned)
    row = await row_of(outbox, mail_id)
    assert (row["attempts"], row["error"], row["sent_at"] is not None) == (2, None, True)


async def test_a_message_whose_mailer_died_in_the_last_attempt_is_given_up(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_id = await posted()
    for _ in range(repository.MAX_ATTEMPTS):
        async with identity.unbound() as session:
            assert await repository.claim(session) is not None
        await make_due(outbox)
    assert await mailer_for(identity, server).run_once() == 0
    row = await row_of(outbox, mail_id)
    assert (row["due_at"], row["sent_at"], server.received) == (None, None, [])
    assert "ended before the server answered" in row["error"]


async def test_without_a_server_messages_stay_readable_until_they_are_old(
    identity: Database, posted: Post, outbox: asyncpg.Connection
):
    kept, old = await posted(), await posted()
    await age(outbox, kept, 6)
    await age(outbox, old, 8)
    assert await Mailer(identity, MailSettings()).run_once() == 0
    [row] = await outbox.fetch("SELECT * FROM mail_outbox")
    assert (row["id"], row["attempts"], row["sent_at"]) == (kept, 0, None)
    assert LINK in row["body_text"]


async def test_sent_messages_are_kept_longer(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    kept, old = await posted(), await posted()
    await mailer_for(identity, server).run_once()
    await age(outbox, kept, 80)
    await age(outbox, old, 100)
    await Mailer(identity, MailSettings()).run_once()
    assert await outbox.fetchval("SELECT array_agg(id) FROM mail_outbox") == [kept]


async def test_in_the_background_a_wake_up_sends_at_once(identity: Database, server: MailServer, posted: Post):
    mailer = mailer_for(identity, server)
    await mailer.stop()
    mailer.start()
    mailer.start()
    for count in (1, 2):
        await posted()
        mailer.wake()
        await server.until(count)
    await mailer.stop()
    await mailer.stop()
    assert len(server.received) == 2


async def test_stopping_lets_the_message_that_is_being_sent_arrive(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    mail_ids = [await posted() for _ in range(3)]
    is_sending, may_go_on = asyncio.Event(), asyncio.Event()
    accept = server.handle_DATA

    async def accept_slowly(*arguments: Any) -> str:
        is_sending.set()
        await may_go_on.wait()
        return await accept(*arguments)

    server.handle_DATA = accept_slowly
    mailer = mailer_for(identity, server)
    mailer.start()
    async with asyncio.timeout(PATIENCE):
        await is_sending.wait()
        stopping = asyncio.create_task(mailer.stop())
        await asyncio.sleep(0)
        may_go_on.set()
        await stopping
    rows = [await row_of(outbox, mail_id) for mail_id in mail_ids]
    assert sum(row["sent_at"] is not None for row in rows) == len(server.received) == 1
    assert [row["attempts"] for row in rows] == [1, 0, 0]


async def test_a_turn_that_fails_does_not_end_the_mailer(
    identity: Database, server: MailServer, posted: Post, outbox: asyncpg.Connection
):
    await posted()
    await outbox.execute("ALTER TABLE mail_outbox RENAME TO mail_elsewhere")
    failed = asyncio.Event()

    def watch(_: Any, __: str, event: EventDict) -> EventDict:
        if event["event"] == "loop failed":
            failed.set()
        return event

    mailer = mailer_for(identity, server)
    with structlog.testing.capture_logs(processors=[watch]):
        mailer.start()
        async with asyncio.timeout(PATIENCE):
            await failed.wait()
        await outbox.execute("ALTER TABLE mail_elsewhere RENAME TO mail_outbox")
        mailer.wake()
        await server.until(1)
    await mailer.stop()
