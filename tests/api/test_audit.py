"""The audit log over HTTP: searching, exporting, verifying, and who may."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.client import Client, problem
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.access.caller import Authority, Caller, acting_as, almighty
from weftline.features.audit import service
from weftline.features.audit.errors import VerificationRunning
from weftline.features.audit.models import AuditEntry
from weftline.features.audit.permissions import EXPORT, READ, VERIFY
from weftline.features.audit.repository import ORDER, Filter
from weftline.features.audit.service import AuditService
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.origin import Origin, set_origin
from weftline.model.ids import DEFAULT_TENANT, uuid7

ADA = almighty(DEFAULT_TENANT, "user", "ada@example.com", id=uuid7())
GRACE = almighty(DEFAULT_TENANT, "user", "grace@example.com", id=uuid7())
ADMIN = almighty(DEFAULT_TENANT, "console", "root")
OTHER_TENANT = UUID("00000000-0000-7000-8000-0000000000aa")


@pytest.fixture
async def database_of_api(database: str) -> AsyncIterator[Database]:
    opened = Database(database)
    yield opened
    await opened.close()


async def act(database: Database, actor: Caller, action: str, **fields: Any) -> None:
    """An act of somebody's."""
    async with database.transaction(actor.tenant_id) as session:
        await record(session, action, fields.pop("type", "task"), fields.pop("id", "t-1"), actor=actor, **fields)


@pytest.fixture
async def log(database_of_api: Database) -> None:
    """Five entries: 1 and 2 of Ada's, 3 to 5 of Grace's, of which 5 is not about a task."""
    await act(database_of_api, ADA, "task.claimed", before={"status": "open"}, after={"status": "claimed"})
    await act(database_of_api, ADA, "task.completed", after={"outcome": "=1+1"}, reason="=cmd()")
    set_origin(Origin("request-3", "192.0.2.7", "+curl"))
    await act(database_of_api, GRACE, "task.claimed", id="t-2")
    set_origin(Origin())
    await act(database_of_api, GRACE, "task_group.made", id="t_2")
    await act(database_of_api, GRACE, "workflow.published", type="workflow", id="purchase")


@pytest.fixture
async def client_of(application: Application) -> AsyncIterator[Any]:
    """Makes clients that act as somebody."""
    async with AsyncExitStack() as opened:

        async def open_client(caller: Caller) -> Client:
            transport = httpx.ASGITransport(application.acting_as(caller))
            http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
            return Client(await opened.enter_async_context(http))

        yield open_client


@pytest.fixture
async def admin(client_of: Any) -> Client:
    return await client_of(ADMIN)


async def seqs(client: Client, **filters: Any) -> list[int]:
    answer = await client.get("/audit", params=filters)
    assert answer.status_code == 200, answer.text
    return [entry["seq"] for entry in answer.json()["items"]]


async def exported(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/audit/export", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.usefixtures("log")
async def test_an_entry_says_who_did_what_on_which_thing_from_where(admin: Client) -> None:
    first = (await admin.get("/audit/1")).json()
    assert first["actorType"] == "user"
    assert (first["actorId"], first["actorName"]) == (str(ADA.id), "ada@example.com")
    assert (first["action"], first["resourceType"], first["resourceId"]) == ("task.claimed", "task", "t-1")
    assert (first["before"], first["after"]) == ({"status": "open"}, {"status": "claimed"})
    assert len(first["hash"]) == 64
    third = (await admin.get("/audit/3")).json()
    assert (third["requestId"], third["address"], third["userAgent"]) == ("request-3", "192.0.2.7", "+curl")


@pytest.mark.usefixtures("log")
async def test_a_search_lists_the_newest_entries_first(admin: Client) -> None:
    assert await seqs(admin) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"actor": "ada@example.com"}, [2, 1]),
        ({"actor": str(GRACE.id)}, [5, 4, 3]),
        ({"action": "task.claimed"}, [3, 1]),
        ({"action": "task."}, [3, 2, 1]),
        ({"action": "task"}, []),
        ({"action": "task%."}, []),
        ({"resourceType": "workflow"}, [5]),
        ({"resourceId": "t_2"}, [4]),
        ({"requestId": "request-3"}, [3]),
        ({"actor": "grace@example.com", "action": "task.claimed"}, [3]),
        ({"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00+02:00"}, [5, 4, 3, 2, 1]),
        ({"to": "2000-01-01T00:00:00Z"}, []),
        ({"from": "2100-01-01T00:00:00Z"}, []),
        ({"actor": "nobody"}, []),
    ],
)
@pytest.mark.usefixtures("log")
async def test_a_search_finds_what_fits_every_filter(
    admin: Client, filters: dict[str, str], expected: list[int]
) -> None:
    assert await seqs(admin, **filters) == expected
    assert [entry["seq"] for entry in await exported(admin, **filters)] == expected[::-1]


@pytest.mark.usefixtures("log")
async def test_the_times_of_a_search_begin_with_the_first_and_end_before_the_last(admin: Client) -> None:
    second, fourth = [(await admin.get(f"/audit/{seq}")).json()["occurredAt"] for seq in (2, 4)]
    assert await seqs(admin, **{"from": second, "to": fourth}) == [3, 2]


@pytest.mark.usefixtures("log")
async def test_pages_follow_each_other_without_gaps(admin: Client) -> None:
    found: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await admin.get("/audit", params=query)).json()
        found += [entry["seq"] for entry in page["items"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert found == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"cursor": "nonsense"}, 400, "invalid_cursor"),
        ({"cursor": "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMSJd"}, 400, "invalid_cursor"),
        ({"from": "2026-01-01T00:00:00"}, 422, "invalid_request"),
        ({"form": "2026-01-01T00:00:00Z"}, 422, "invalid_request"),
        ({"limit": "0"}, 422, "invalid_request"),
        ({"actor": ""}, 422, "invalid_request"),
        ({"action": "\0"}, 400, "unstorable"),
    ],
)
async def test_a_search_that_cannot_be_read_is_refused(
    admin: Client, query: dict[str, str], status: int, code: str
) -> None:
    problem(await admin.get("/audit", params=query), status, code)


@pytest.mark.parametrize(
    ("seq", "code"),
    [("99", "audit_entry_not_found"), ("0", "not_found"), (str(2**63), "not_found"), ("x", "not_found")],
)
async def test_an_entry_that_is_not_there_is_not_found(admin: Client, seq: str, code: str) -> None:
    problem(await admin.get(f"/audit/{seq}"), 404, code)


async def test_a_tenant_sees_its_own_log_only(admin: Client, database_of_api: Database) -> None:
    stranger = almighty(OTHER_TENANT, "console", "mallory")
    await act(database_of_api, stranger, "task.claimed")
    assert await seqs(admin) == []
    problem(await admin.get("/audit/1"), 404, "audit_entry_not_found")
    assert await exported(admin) == []
    assert (await admin.post("/audit/verify")).json()["entries"] == 1, "the export just made"


@pytest.mark.usefixtures("log")
async def test_an_export_is_recorded_with_what_was_asked(admin: Client) -> None:
    before = await exported(admin, actor="ada@example.com")
    assert [entry["seq"] for entry in before] == [1, 2]
    [entry] = (await admin.get("/audit", params={"action": "audit.exported"})).json()["items"]
    assert entry["actorName"] == "root"
    assert entry["after"] == {"format": "ndjson", "filter": {"actor": "ada@example.com"}}


@pytest.mark.usefixtures("log")
async def test_an_export_holds_every_entry_once_however_many_pieces_it_takes(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EXPORT_BATCH", 2)
    assert [entry["seq"] for entry in await exported(admin)] == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("log")
async def test_a_csv_export_holds_no_formulas(admin: Client) -> None:
    answer = await admin.get("/audit/export", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["seq"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["before"] == '{"status":"open"}' and rows[0]["reason"] == ""
    assert rows[1]["reason"] == "'=cmd()"
    assert rows[2]["userAgent"] == "'+curl"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())


@pytest.mark.usefixtures("log")
async def test_verifying_an_untouched_log_says_that_it_is_whole(admin: Client) -> None:
    found = (await admin.post("/audit/verify")).json()
    last = (await admin.get("/audit/5")).json()
    assert found["whole"] and found["complete"] and found["faults"] == [] and found["entries"] == 5
    assert found["head"] == {"seq": 5, "hash": last["hash"]}
    assert (await admin.post("/audit/verify", {"expect": found["head"]})).json()["whole"]


@pytest.mark.usefixtures("log")
async def test_verifying_a_log_that_was_tampered_with_says_where(
    admin: Client, connect: Connect, logs: list[dict[str, Any]]
) -> None:
    owner = await connect()
    await owner.execute("ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY")
    await owner.execute("DELETE FROM audit_log WHERE seq = 2")
    found = (await admin.post("/audit/verify")).json()
    message = "entry 2 is missing"
    assert not found["whole"]
    assert found["faults"] == [{"kind": "removed", "seq": 2, "lastSeq": 2, "message": message}]
    assert [entry["faults"] for entry in logs if entry["log_level"] == "error"] == [[message]]


@pytest.mark.usefixtures("log")
async def test_verifying_against_a_head_that_the_log_no_longer_has_says_so(admin: Client) -> None:
    found = (await admin.post("/audit/verify", {"expect": {"seq": 3, "hash": "00" * 32}})).json()
    assert [(fault["kind"], fault["seq"]) for fault in found["faults"]] == [("rewritten", 3)]


@pytest.mark.parametrize("expect", [{"seq": 0, "hash": "00" * 32}, {"seq": 1, "hash": "00"}, {"seq": 1}, "1:00"])
async def test_a_head_that_is_none_is_refused(admin: Client, expect: object) -> None:
    problem(await admin.post("/audit/verify", {"expect": expect}), 422, "invalid_request")


async def test_one_verification_of_a_log_runs_at_a_time(database_of_api: Database) -> None:
    audit = AuditService(database_of_api)
    first, second = await asyncio.gather(audit.verify(ADMIN), audit.verify(ADMIN), return_exceptions=True)
    assert not isinstance(first, BaseException) and first.is_whole
    assert isinstance(second, VerificationRunning)
    assert (await audit.verify(ADMIN)).is_whole


@pytest.mark.usefixtures("log")
async def test_what_field_rules_hide_is_hidden_in_lists_entries_and_exports(database_of_api: Database) -> None:
    async def mask_for(caller: Caller, entry: AuditEntry) -> service.Mask | None:
        return (lambda document: document and "hidden") if entry.resource_type == "task" else None

    audit = AuditService(database_of_api, mask_for)
    assert (await audit.get(ADMIN, 1)).after == "hidden"
    assert {entry.before for entry in await audit.list(ADMIN, Filter(), ORDER.window(limit=10))} == {"hidden", None}
    with acting_as(ADMIN):
        pieces = await audit.export(ADMIN, Filter(), service.ExportFormat.NDJSON)
        text = b"".join([piece async for piece in pieces]).decode()
    assert "hidden" in text and "claimed" not in text.replace("task.claimed", "")


CALLS = {READ: ("GET", "/audit"), EXPORT: ("GET", "/audit/export"), VERIFY: ("POST", "/audit/verify")}


@pytest.mark.parametrize("permission", CALLS)
async def test_each_act_needs_its_own_permission(client_of: Any, permission: str) -> None:
    authority = Authority(permissions=frozenset({permission}))
    client = await client_of(Caller(DEFAULT_TENANT, "service", uuid7(), "robot", authority))
    for needed, (method, path) in CALLS.items():
        answer = await client.http.request(method, f"/api/v1{path}")
        if needed == permission:
            assert answer.status_code == 200
        else:
            problem(answer, 403, "permission_denied")


@pytest.mark.parametrize("path", ["/audit", "/audit/1", "/audit/export"])
async def test_whoever_has_not_signed_in_sees_nothing(anonymous: Client, path: str) -> None:
    assert (await anonymous.get(path)).status_code == 401


async def test_signing_in_stands_in_the_log(api: Client) -> None:
    entries = (await api.get("/audit", params={"action": "user."})).json()["items"]
    assert "user.signed_in" in {entry["action"] for entry in entries}
