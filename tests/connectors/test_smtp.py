"""Mail is sent through a server of the tenant's, and what the server refuses is told."""

from __future__ import annotations

import base64
from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.connectors.conftest import failure
from tests.connectors.servers import Certificate, free_port, make_certificate
from tests.features.mail.smtp_server import MailServer, mail_server
from weftline.authoring.builtin.http import HttpSettings
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.smtp import smtp, try_smtp
from weftline.testing.connectors import call, connected

MAIL: dict[str, Any] = {"to": ["ada@example.com"], "subject": "Order", "text": "On its way."}
PASSWORD = {"username": "weft", "password": "s3cret"}


def to(
    server: MailServer, *, auth: str = "NONE", credentials: dict[str, str] | None = None, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    defaults = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "Shop <shop@example.com>"}
    return connected(smtp, auth=auth, config={**defaults, **config}, credentials=credentials)


async def test_a_mail_arrives_with_text_html_and_attachments() -> None:
    async with mail_server() as server, to(server) as connection:
        answer = await call(
            "smtp.send",
            connection,
            to=["Ada Byron <ada@example.com>"],
            cc=["bob@example.com"],
            bcc=["eve@example.com", "ada@example.com"],
            replyTo="desk@example.com",
            subject="Größe",
            text="hello",
            html="<p>hello</p>",
            attachments=[
                {"name": "a.txt", "content": "ä", "contentType": "text/plain"},
                {"name": "b.bin", "content": base64.b64encode(b"\0\xff").decode(), "encoding": "base64"},
            ],
        )
        (received,) = server.received
    assert received.sender == "shop@example.com"
    assert received.recipients == ["ada@example.com", "bob@example.com", "eve@example.com"]
    assert answer["accepted"] == received.recipients and answer["refused"] == []
    message = received.message
    assert message["Message-ID"] == answer["messageId"]
    assert (message["To"], message["Cc"], message["Bcc"]) == ("Ada Byron <ada@example.com>", "bob@example.com", None)
    assert (message["From"], message["Subject"]) == ("Shop <shop@example.com>", "Größe")
    assert received.body("plain").strip() == "hello" and received.body("html").strip() == "<p>hello</p>"
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type()) == ("a.txt", "text/plain")
    assert (second.get_filename(), second.get_content()) == ("b.bin", b"\0\xff")


async def test_each_attempt_of_a_step_bears_the_same_message_id() -> None:
    async with mail_server() as server, to(server) as connection:
        first = await call("smtp.send", connection, **MAIL)
        assert (await call("smtp.send", connection, **MAIL))["messageId"] == first["messageId"]


async def test_starttls_encrypts_and_the_password_is_checked(certificate: Certificate) -> None:
    async with mail_server(starttls=certificate.context, password=PASSWORD["password"]) as server:
        config = {"security": "starttls", "authority": certificate.pem}
        async with to(server, auth="BASIC", credentials=PASSWORD, **config) as connection:
            await call("smtp.send", connection, **MAIL)
            assert await try_smtp(connection) == "weft"
        assert [(each.was_encrypted, each.user) for each in server.received] == [(True, "weft")]
        async with to(server, auth="BASIC", credentials={**PASSWORD, "password": "wrong"}, **config) as connection:
            error = await failure(call("smtp.send", connection, **MAIL), "connection_unauthorized")
            assert "535" in error.message and "wrong" not in error.message


async def test_tls_encrypts_from_the_first_byte_on(certificate: Certificate) -> None:
    async with (
        mail_server(tls=certificate.context) as server,
        to(server, security="tls", authority=certificate.pem) as connection,
    ):
        await call("smtp.send", connection, **MAIL)
        assert len(server.received) == 1


async def test_a_server_that_nobody_vouches_for_gets_nothing(certificate: Certificate) -> None:
    async with mail_server(tls=certificate.context) as server, to(server, security="tls") as connection:
        assert not (await failure(call("smtp.send", connection, **MAIL), "tls_failed")).retryable


async def test_a_server_under_anothers_name_gets_nothing(certificate: Certificate) -> None:
    other = make_certificate(certificate.key.parent / "other", "mail.example.com")
    async with (
        mail_server(starttls=other.context) as server,
        to(server, security="starttls", authority=other.pem) as connection,
    ):
        await failure(call("smtp.send", connection, **MAIL), "tls_failed")
        assert server.received == []


async def test_a_server_that_cannot_encrypt_gets_no_password() -> None:
    async with (
        mail_server() as server,
        to(server, security="starttls", auth="BASIC", credentials=PASSWORD) as connection,
    ):
        await failure(call("smtp.send", connection, **MAIL), "tls_failed")


async def test_refused_recipients_are_told_and_the_others_get_it() -> None:
    async with mail_server() as server, to(server) as connection:
        server.answer_recipient = lambda address: "550 nobody here" if address.startswith("eve") else "250 OK"
        answer = await call("smtp.send", connection, **{**MAIL, "to": ["ada@example.com", "eve@example.com"]})
        assert answer["accepted"] == ["ada@example.com"]
        assert answer["refused"] == [{"address": "eve@example.com", "code": 550, "message": "nobody here"}]
        error = await failure(
            call("smtp.send", connection, **{**MAIL, "to": ["eve@example.com"]}), "recipients_refused"
        )
        assert not error.retryable and "nobody here" in error.message


async def test_what_the_server_refuses_for_now_is_tried_again() -> None:
    async with mail_server() as server, to(server) as connection:
        server.answer_data = lambda _: "451 try later"
        assert (await failure(call("smtp.send", connection, **MAIL), "smtp_451")).retryable
        server.answer_data = lambda _: "554 spam"
        assert not (await failure(call("smtp.send", connection, **MAIL), "smtp_554")).retryable


async def test_inputs_cannot_add_headers_or_recipients() -> None:
    async with mail_server() as server, to(server) as connection:
        for hostile in (
            {"subject": "x\r\nBcc: eve@example.com"},
            {"to": ["ada@example.com\r\nRCPT TO:<eve@example.com>"]},
            {"to": ["no address"]},
            {"from": "shop@example.com\nBcc: eve@example.com"},
            {"inReplyTo": "<1@x>\r\nBcc: eve@example.com"},
            {"attachments": [{"name": "a", "content": "", "contentType": "text/plain\r\nX: y"}]},
        ):
            await failure(call("smtp.send", connection, **{**MAIL, **hostile}), "invalid_input")
        assert server.received == []


async def test_an_attachments_name_stays_in_its_header() -> None:
    async with mail_server() as server, to(server) as connection:
        attachment = {"name": 'a"\r\nBcc: eve@example.com', "content": "x"}
        try:
            await call("smtp.send", connection, **{**MAIL, "attachments": [attachment]})
        except Exception as error:
            assert getattr(error, "code", None) == "invalid_input"
        for received in server.received:
            (part,) = received.message.iter_attachments()
            assert part["Bcc"] is None and received.message["Bcc"] is None


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    server = MailServer()
    server.port = free_port()
    async with to(server) as connection:
        assert (await failure(call("smtp.send", connection, **MAIL), "unreachable")).retryable


async def test_private_addresses_are_refused_unless_allowed() -> None:
    config = {"host": "127.0.0.1", "port": 25, "security": "none", "from": "shop@example.com"}
    async with connected(smtp, config=config, settings=HttpSettings()) as connection:
        await failure(call("smtp.send", connection, **MAIL), "address_refused")
