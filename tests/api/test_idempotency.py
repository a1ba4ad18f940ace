"""Requests with an idempotency key are carried out once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from tests.api.client import PASSWORD, PATIENCE, Client, problem
from tests.api.definitions import GREETING, PAYMENT
from tests.api.people import People
from tests.api.world import World
from tests.conftest import Connect
from tests.security.routes import declared, every_route
from weftline.api.app import Application
from weftline.engine.worker import Worker
from weftline.features.access.caller import almighty
from weftline.features.audit.trail import PLATFORM
from weftline.features.idempotency import keys as idempotency_keys
from weftline.features.idempotency.errors import IdempotencyInProgress, IdempotencyOutcomeUnknown
from weftline.features.idempotency.keys import Answer, IdempotencyKeys
from weftline.features.services import Services
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.errors import Superseded
from weftline.store.idempotency import Act, set_act

KEY = {"Idempotency-Key": "7f3c"}
ANN = almighty(DEFAULT_TENANT, "user", "ann", id=UUID(int=1))
REQUEST = b"what is asked for"
INSERT = text("INSERT INTO groups (tenant_id, id, name) VALUES (:tenant, :id, :name)")
LAPSE = "UPDATE idempotency_keys SET alive_until = now()"

WITHOUT_KEYS = {
    # they give tokens, and no token is to be kept; a code or a password counts once
    "POST /api/v1/auth/": "nobody has signed in yet, or a secret is proved",
    "POST /api/v1/task-links/{token}": "public; a task is completed once",
    "POST /hooks/{token}": "public; deliveries have ids of their own",
    "POST /oauth/callback": "public; somebody comes back once",
    "POST /api/v1/connections/{connection_id}/authorize": "it gives a way in, which works once",
    "POST /api/v1/audit/verify": "only looks, and for so long that nobody would wait for its answer",
    "POST /api/v1/workflows/scope": "only looks",
    "POST /api/v1/expressions/check": "only looks",
    "POST /api/v1/workflows/trial": "only looks",
    # an execution remembers the key that it was started under
    "POST /api/v1/workflows/{workflow_id}/executions": "the execution remembers the key",
    "POST /api/v1/executions/{execution_id}/restart": "the execution remembers the key",
    # an answer counts for one token; jobs that were fetched and lost come back by themselves
    "POST /api/v1/task-queues/{queue}/fetch": "jobs have locks",
    "POST /api/v1/jobs/complete": "jobs have tokens",
    "POST /api/v1/jobs/{job_id}/extend": "jobs have tokens",
    "POST /api/v1/jobs/{job_id}/complete": "jobs have tokens",
    "POST /api/v1/jobs/{job_id}/fail": "jobs have tokens",
}


@pytest.fixture
def services(application: Application) -> Services:
    assert application.services is not None
    return application.services


@pytest.fixture
def keys(services: Services) -> IdempotencyKeys:
    return services.idempotency


async def names(api: Client) -> list[str]:
    """The names of the tenant's groups."""
    return sorted(group["name"] for group in (await api.get("/groups")).json()["items"])


async def begun(keys: IdempotencyKeys, key: str = "7f3c") -> Act:
    """An act of Ann's."""
    act = await keys.begin(ANN, key, REQUEST)
    assert isinstance(act, Act)
    return act


# --- the same request again ------------------------------------------------------------------------------------------


async def test_the_same_request_again_gets_the_first_ones_answer(api: Client) -> None:
    first = await api.post("/groups", {"name": "Clerks"}, headers=KEY)
    second = await api.post("/groups", {"name": "Clerks"}, headers={"Idempotency-Key": '"7f3c"'})
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert await names(api) == ["Clerks"]


async def test_of_many_duplicates_at_once_one_acts_and_all_get_its_answer(api: Client) -> None:
    answers = await asyncio.gather(*(api.post("/groups", {"name": "Clerks"}, headers=KEY) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await names(api) == ["Clerks"]


async def test_a_batch_is_started_once(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(GREETING)
    headers = {**KEY, "Content-Type": "application/x-ndjson"}
    lines = b'{"input": {"name": "Ada"}}\n{"input": {"name": "Grace"}}\n'
    sent = [api.post("/workflows/greeting/executions/batch", content=lines, headers=headers) for _ in range(5)]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {202}
    assert len({tuple(answer.json()["ids"]) for answer in answers}) == 1
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 2


async def test_a_secret_that_is_shown_once_is_shown_again_and_kept_sealed(api: Client, connect: Connect) -> None:
    body = {"name": "laptop"}
    first = await api.post("/api-keys", body, headers=KEY)
    assert first.status_code == 201, first.text
    assert (await api.post("/api-keys", body, headers=KEY)).json() == first.json()
    kept = await (await connect("weft_identity")).fetchrow("SELECT request, answer FROM idempotency_keys")
    assert kept is not None
    secret = next(value for value in first.json().values() if isinstance(value, str) and len(value) > 40)
    assert secret.encode() not in kept["answer"]


async def test_what_belongs_to_no_tenant_has_keys_too(keys: IdempotencyKeys) -> None:
    nobody = almighty(PLATFORM, "user", "nobody", id=UUID(int=2))
    act = await keys.begin(nobody, "7f3c", REQUEST)
    assert isinstance(act, Act)
    answer = Answer(201, (("location", "/there"),), b"{}")
    await keys.close(act, answer)
    assert await keys.begin(nobody, "7f3c", REQUEST) == answer


async def test_a_start_under_a_key_tells_that_it_is_one_again(api: Client) -> None:
    await api.publish(GREETING)
    path, body = "/workflows/greeting/executions", {"input": {"name": "Ada"}}
    first, second = [await api.post(path, body, headers=KEY) for _ in range(2)]
    assert second.json()["id"] == first.json()["id"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    other = await api.post(path, {"input": {"name": "Grace"}}, headers=KEY)
    problem(other, 422, "idempotency_key_reused")
    restart = f"/executions/{first.json()['id']}/restart"
    again, twice = [await api.post(restart, {"data": {"name": "Eve"}}, headers={"Idempotency-Key": "r"}) for _ in "12"]
    assert (again.status_code, twice.json()["id"]) == (201, again.json()["id"])
    assert twice.headers["idempotency-replayed"] == "true"
    problem(await api.post(restart, headers={"Idempotency-Key": "r"}), 422, "idempotency_key_reused")


# --- another request -------------------------------------------------------------------------------------------------


async def test_a_key_is_for_one_request(api: Client) -> None:
    assert (await api.post("/groups", {"name": "Clerks"}, headers=KEY)).status_code == 201
    problem(await api.post("/groups", {"name": "Owners"}, headers=KEY), 422, "idempotency_key_reused")
    problem(await api.post("/groups", {"name": "Clerks"}, params={"a": 1}, headers=KEY), 422, "idempotency_key_reused")
    problem(await api.post("/roles", {"name": "Clerks"}, headers=KEY), 422, "idempotency_key_reused")
    assert await names(api) == ["Clerks"]


@pytest.mark.parametrize("key", ["", '""', "k" * 256, "clé"])
async def test_what_cannot_be_a_key_is_refused(api: Client, key: str) -> None:
    answer = await api.post("/groups", {"name": "Clerks"}, headers={"Idempotency-Key": key.encode("latin-1")})
    problem(answer, 400, "invalid_idempotency_key")
    assert await names(api) == []


async def test_everybody_has_keys_of_their_own(api: Client, people: People) -> None:
    ann = await people.join("ann", "admin")
    assert (await api.post("/groups", {"name": "Clerks"}, headers=KEY)).status_code == 201
    problem(await ann.post("/groups", {"name": "Clerks"}, headers=KEY), 409, "group_name_taken")
    assert (await ann.post("/groups", {"name": "Owners"}, headers=KEY)).status_code == 201


async def test_every_tenant_has_keys_of_its_own(world: World) -> None:
    acme, orbit = await world.found("acme"), await world.found("orbit")
    for person in (acme, orbit):
        answer = await person.post("/groups", {"name": "Clerks"}, headers=KEY)
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers
    # an operator's key is remembered with the tenant in which they are, whatever they change
    body = {"name": "Third", "slug": "third", "admin": {"email": "a@third.example", "name": "A", "password": PASSWORD}}
    first, second = [await world.operator.post("/tenants", body, headers=KEY) for _ in range(2)]
    assert (first.status_code, second.content) == (201, first.content)


async def test_only_who_may_still_do_it_gets_the_answer_again(api: Client, people: People) -> None:
    ann = await people.join("ann", "admin")
    assert (await ann.post("/groups", {"name": "Clerks"}, headers=KEY)).status_code == 201
    await people.change(ann, "roles = '{viewer}'")
    problem(await ann.post("/groups", {"name": "Clerks"}, headers=KEY), 403, "permission_denied")


# --- refusals and failures -------------------------------------------------------------------------------------------


async def test_a_refusal_that_changed_nothing_leaves_the_key_free(api: Client, connect: Connect) -> None:
    await api.post("/groups", {"name": "Clerks"})
    problem(await api.post("/groups", {"name": "Clerks"}, headers=KEY), 409, "group_name_taken")
    problem(await api.post("/groups", {"nam": "Clerks"}, headers=KEY), 422, "invalid_request")
    problem(await api.post("/groups", content=b"{", headers=KEY), 400, "malformed_json")
    assert await (await connect("weft_identity")).fetchval("SELECT count(*) FROM idempotency_keys") == 0
    assert (await api.post("/groups", {"name": "Owners"}, headers=KEY)).status_code == 201


async def test_a_refusal_after_something_has_changed_is_answered_again(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "o"})
    await api.when_status(id, "waiting")
    await api.post(f"/executions/{id}/rollback")
    await api.when_status(id, "rolled_back")
    # the execution itself refuses it, which its log tells
    first, second = [await api.post(f"/executions/{id}/pause", headers=KEY) for _ in range(2)]
    problem(first, 409, "wrong_status")
    assert second.content == first.content
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("answer", [None, Answer(500, (), b""), Answer(429, (), b"")], ids=["none", "fault", "later"])
async def test_what_took_effect_and_has_no_answer_is_not_done_again(
    keys: IdempotencyKeys, services: Services, answer: Answer | None
) -> None:
    act = await begun(keys)
    set_act(act)
    await make_group(services, "Clerks")
    set_act(None)
    await keys.close(act, answer)
    with pytest.raises(IdempotencyOutcomeUnknown):
        await keys.begin(ANN, "7f3c", REQUEST)
    act = await begun(keys, "other")
    await keys.close(act, answer)
    assert await begun(keys, "other") is not act


# --- lost processes --------------------------------------------------------------------------------------------------


async def test_an_act_that_was_taken_for_dead_cannot_take_effect_any_more(
    api: Client, keys: IdempotencyKeys, services: Services, connect: Connect
) -> None:
    identity = await connect("weft_identity")
    slow = await begun(keys)
    await identity.execute(LAPSE)
    quick = await begun(keys)
    assert quick is not slow
    set_act(slow)
    with pytest.raises(Superseded):
        await make_group(services, "Clerks")
    set_act(quick)
    await make_group(services, "Owners")
    set_act(None)
    await keys.close(slow, None)
    assert await names(api) == ["Owners"]
    assert await identity.fetchval("SELECT took_effect_at IS NOT NULL FROM idempotency_keys")


async def test_an_act_that_takes_long_is_under_way_until_it_ends(
    keys: IdempotencyKeys, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency_keys, "PATIENCE", 0.0)
    act = await begun(keys)
    identity = await connect("weft_identity")
    await identity.execute(LAPSE)
    async with asyncio.timeout(PATIENCE):
        while not await identity.fetchval("SELECT alive_until > now() FROM idempotency_keys"):
            pass
    with pytest.raises(IdempotencyInProgress):
        await keys.begin(ANN, "7f3c", REQUEST)
    await keys.close(act, None)
    await begun(keys)


async def test_a_duplicate_waits_no_longer_than_anybody_should(
    api: Client, application: Application, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency_keys, "PATIENCE", 0.05)
    owner = await connect()
    async with owner.transaction():
        await owner.execute("LOCK TABLE groups IN EXCLUSIVE MODE")
        first = asyncio.create_task(api.post("/groups", {"name": "Clerks"}, headers=KEY))
        identity = await connect("weft_identity")
        async with asyncio.timeout(PATIENCE):
            while not await identity.fetchval("SELECT count(*) FROM idempotency_keys"):
                pass
        second = await api.post("/groups", {"name": "Clerks"}, headers=KEY)
    problem(second, 409, "idempotency_in_progress")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201


async def test_a_transaction_that_writes_nothing_marks_nothing(
    keys: IdempotencyKeys, services: Services, connect: Connect
) -> None:
    act = await begun(keys)
    set_act(act)
    for snapshot in (False, True):
        async with services.database.transaction(DEFAULT_TENANT, snapshot=snapshot) as session:
            await session.execute(text("SELECT 1"))
    # what another task does under way is not this act's
    await asyncio.create_task(make_group(services, "Clerks"))
    set_act(None)
    assert not await (await connect("weft_identity")).fetchval("SELECT count(took_effect_at) FROM idempotency_keys")


async def test_an_act_is_marked_from_every_transaction(services: Services, keys: IdempotencyKeys) -> None:
    """By whichever role, and whichever tenant the transaction is bound to."""
    other = UUID(int=7)
    for number, transaction in enumerate(
        (
            services.database.transaction(other),
            services.identity.unbound(),
            services.operators.unbound(),
            services.database.transaction(DEFAULT_TENANT),
        )
    ):
        act = await begun(keys, f"k{number}")
        set_act(act)
        async with transaction as session:
            # an id for the transaction, as writing would give it one
            await session.execute(text("SELECT pg_current_xact_id()"))
        set_act(None)
        await keys.close(act, None)
        with pytest.raises(IdempotencyOutcomeUnknown):
            await keys.begin(ANN, f"k{number}", REQUEST)


# --- forgetting ------------------------------------------------------------------------------------------------------


async def test_a_key_that_has_expired_is_new_again(api: Client, keys: IdempotencyKeys, connect: Connect) -> None:
    identity = await connect("weft_identity")
    assert (await api.post("/groups", {"name": "Clerks"}, headers=KEY)).status_code == 201
    left = await identity.fetchval("SELECT expires_at - now() FROM idempotency_keys")
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert await keys.remove_expired() == 0
    await identity.execute("UPDATE idempotency_keys SET expires_at = now()")
    assert (await api.post("/groups", {"name": "Owners"}, headers=KEY)).status_code == 201
    await identity.execute("UPDATE idempotency_keys SET expires_at = now()")
    assert await keys.remove_expired() == 1
    assert await names(api) == ["Clerks", "Owners"]


# --- every route -----------------------------------------------------------------------------------------------------


async def test_every_post_takes_a_key_or_is_known_not_to(application: Application) -> None:
    without: set[str] = set()
    for name, route in every_route(application):
        if name.startswith("POST ") and not any(access.takes_key for access in declared(route)):
            without.add("POST /api/v1/auth/" if name.startswith("POST /api/v1/auth/") else name)
    assert without == set(WITHOUT_KEYS)


async def make_group(services: Services, name: str) -> None:
    """Write something, in a transaction of the API's."""
    async with services.database.transaction(DEFAULT_TENANT) as session:
        await session.execute(INSERT, {"tenant": DEFAULT_TENANT, "id": uuid7(), "name": name})
