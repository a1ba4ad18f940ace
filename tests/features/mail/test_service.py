"""Reading the outbox."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.conftest import Connect
from tests.features.mail.conftest import LINK, Post
from tests.features.mail.smtp_server import MailServer
from tests.features.mail.test_mailer import mailer_for
from weftline.features.access.caller import acting_as, almighty
from weftline.features.audit.trail import PLATFORM
from weftline.features.database import Database
from weftline.features.mail.errors import MailNotFound
from weftline.features.mail.repository import ORDER, Filter
from weftline.features.mail.service import MailService
from weftline.features.mail.status import MailStatus

ALL = ORDER.window(limit=50)


@pytest.fixture
def service(identity: Database) -> MailService:
    return MailService(identity)


async def test_messages_are_listed_page_by_page_the_newest_first(service: MailService, posted: Post):
    ids = [await posted() for _ in range(5)]
    window = ORDER.window(limit=3)
    found = await service.list(Filter(), window)
    following = window.next(found)
    assert following is not None
    rest = await service.list(Filter(), following)
    assert [mail.id for mail in [*window.cut(found), *rest]] == ids[::-1]


async def test_messages_are_found_by_status_and_recipient(
    service: MailService, identity: Database, server: MailServer, posted: Post
):
    sent, failed = await posted("ada@example.com"), await posted("nobody@example.com")
    server.answer_recipient = lambda address: "250 OK" if address.startswith("ada") else "550 no such user"
    await mailer_for(identity, server).run_once()
    pending = await posted("ada@example.com")

    async def found(**wanted: object) -> set[object]:
        return {mail.id for mail in await service.list(Filter(**wanted), ALL)}  # type: ignore[arg-type]

    assert await found(status=MailStatus.SENT) == {sent}
    assert await found(status=MailStatus.FAILED) == {failed}
    assert await found(status=MailStatus.PENDING) == {pending}
    assert await found(recipient="ADA@example.com") == {sent, pending}
    assert await found(status=MailStatus.SENT, recipient="nobody@example.com") == set()
    assert {mail.status for mail in await service.list(Filter(), ALL)} == set(MailStatus)


async def test_reading_a_message_is_recorded(service: MailService, posted: Post, connect: Connect):
    mail_id = await posted()
    with acting_as(almighty(PLATFORM, "console", "grace")):
        mail = await service.get(mail_id)
    assert LINK in mail.body_text
    auditor = await connect("weft_identity")
    [entry] = await auditor.fetch("SELECT * FROM audit_log")
    assert (entry["tenant_id"], entry["action"], entry["resource_id"]) == (PLATFORM, "mail.read", str(mail_id))
    assert (entry["actor_type"], entry["actor_name"]) == ("console", "grace")
    assert LINK not in str(dict(entry))


async def test_a_message_that_is_not_there_is_not_found(service: MailService):
    with pytest.raises(MailNotFound):
        await service.get(uuid4())
