"""The outbox over HTTP: the routes and the gate before them, asked by callers who have signed in already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Request

from tests.features.mail.conftest import LINK, Post
from tests.features.mail.smtp_server import MailServer
from tests.features.mail.test_mailer import mailer_for
from weftline.api.problems import add_problem_handlers
from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller, almighty
from weftline.features.access.gate import Gate
from weftline.features.database import Database
from weftline.features.http.routing import PREFIX
from weftline.features.mail.rest import mail_routes
from weftline.features.mail.service import MailService
from weftline.model.ids import DEFAULT_TENANT

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
ADMIN = almighty(DEFAULT_TENANT, "user", "ada@example.com", id=uuid4())
OPERATOR = almighty(DEFAULT_TENANT, "console", "ada")


@pytest.fixture
async def http(database: str, identity: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client; the header ``X-Caller`` says who asks."""
    tenants = Database(database)

    async def identify(request: Request) -> Caller:
        return OPERATOR if request.headers["x-caller"] == "operator" else ADMIN

    app = FastAPI()
    app.state.gate = Gate(identify, AccessCache(tenants, identity), tenants, lambda *_: None)
    add_problem_handlers(app)
    app.include_router(mail_routes(MailService(identity)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://localhost{PREFIX}/platform", headers={"X-Caller": "operator"}
    ) as client:
        yield client
    await tenants.close()


async def test_operators_list_mail_page_by_page(http: httpx.AsyncClient, posted: Post):
    ids = [str(await posted()) for _ in range(3)]
    first = (await http.get("/mail", params={"limit": 2})).json()
    rest = (await http.get("/mail", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [mail["id"] for mail in first["items"] + rest["items"]] == ids[::-1]
    assert rest["nextCursor"] is None
    assert LINK not in str(first)


async def test_operators_find_mail_by_status_and_recipient(
    http: httpx.AsyncClient, identity: Database, server: MailServer, posted: Post
):
    sent = await posted("ada@example.com")
    await mailer_for(identity, server).run_once()
    await posted("grace@example.com")
    [found] = (await http.get("/mail", params={"status": "sent"})).json()["items"]
    assert (found["id"], found["recipient"], found["attempts"]) == (str(sent), "ada@example.com", 1)
    assert (found["status"], found["dueAt"], found["error"]) == ("sent", None, None)
    [found] = (await http.get("/mail", params={"recipient": "grace@example.com"})).json()["items"]
    assert (found["status"], found["sentAt"]) == ("pending", None)


async def test_operators_read_a_message_and_no_cache_keeps_it(http: httpx.AsyncClient, posted: Post):
    answer = await http.get(f"/mail/{await posted()}")
    assert LINK in answer.json()["text"] and LINK in answer.json()["html"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/mail", f"/mail/{UNKNOWN}"])
async def test_a_tenants_administrator_is_no_operator(http: httpx.AsyncClient, posted: Post, path: str):
    await posted()
    answer = await http.get(path, headers={"X-Caller": "admin"})
    assert (answer.status_code, answer.json()["code"]) == (403, "operators_only")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/mail/{UNKNOWN}", 404),
        ("/mail/1", 404),
        ("/mail?status=lost", 422),
        ("/mail?cursor=x", 400),
        ("/mail?cursor=WyJ4IiwgInkiXQ", 400),
        ("/mail?limit=0", 422),
        ("/mail?body=x", 422),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(http: httpx.AsyncClient, path: str, status: int):
    answer = await http.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
