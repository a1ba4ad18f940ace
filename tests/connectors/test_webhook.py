"""Messages to the webhook of another system, which verifies them by the standard's own library."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.connectors.conftest import failure
from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.integrations import Item, OpenedConnection, Reply, WebhookCall
from weftline.connectors.webhook import webhook
from weftline.testing.connectors import call, connected, deliver

SECRET = "whsec_" + b64encode(b"k" * 32).decode()


class Receiver(FakeServer):
    """Takes what is signed, and drops repetitions."""

    secret: str | None = SECRET

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, Any] = {}

    def answer(self, request: Request) -> Answer:
        if self.secret is not None:
            try:
                Webhook(self.secret).verify(request.body, dict(request.headers))
            except WebhookVerificationError as error:
                return Answer(401, {"error": str(error)})
        self.messages.setdefault(request.headers["webhook-id"], request.json)
        return Answer(202, {"accepted": True})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running(Receiver()) as server:
        yield server


@pytest.fixture
async def connection(receiver: Receiver) -> AsyncIterator[OpenedConnection]:
    credentials = {"url": f"{receiver.url}/hooks/weftline?tenant=7", "signingSecret": SECRET}
    async with connected(webhook, auth="CUSTOM", credentials=credentials) as connection:
        yield connection


async def test_a_message_is_signed_as_the_standard_has_it(receiver: Receiver, connection: OpenedConnection):
    sent = await call(
        "webhook.send", connection, type="order.approved", data={"order": "größe"}, headers={"X-Shop": "7"}
    )
    assert (sent["status"], sent["body"]) == (202, {"accepted": True})
    assert receiver.messages == {
        sent["id"]: {"type": "order.approved", "timestamp": sent["sentAt"], "data": {"order": "größe"}}
    }
    [request] = receiver.requests
    assert (request.asked("tenant"), request.headers["x-shop"]) == ("7", "7")


async def test_another_attempt_has_the_same_id(receiver: Receiver, connection: OpenedConnection):
    receiver.failures = [Answer(503, text="down")]
    assert (await refusal("webhook.send", connection, data=[1, 2])).retryable is True
    sent = await call("webhook.send", connection, data=[1, 2])
    assert [request.headers["webhook-id"] for request in receiver.requests] == [sent["id"]] * 2
    assert receiver.messages == {sent["id"]: [1, 2]}


async def test_headers_of_the_step_change_nothing_of_the_signature(receiver: Receiver, connection: OpenedConnection):
    sent = await call("webhook.send", connection, data={}, headers={"Webhook-Id": "mine", "webhook-signature": "v1,x"})
    assert sent["id"] in receiver.messages


async def test_a_wrong_secret_holds_the_step(receiver: Receiver, connection: OpenedConnection):
    receiver.secret = "whsec_" + b64encode(b"o" * 32).decode()
    assert (await refusal("webhook.send", connection, data={})).code == "connection_unauthorized"


async def test_nothing_is_signed_without_a_secret(receiver: Receiver, connection: OpenedConnection):
    receiver.secret = None
    connection.credentials = {"url": receiver.url}
    await call("webhook.send", connection, data={"a": 1})
    [request] = receiver.requests
    assert "webhook-signature" not in request.headers


async def test_a_receiver_that_is_gone_ends_the_step(receiver: Receiver, connection: OpenedConnection):
    receiver.failures = [Answer(410)]
    error = await refusal("webhook.send", connection, data={})
    assert (error.code, error.retryable) == ("webhook_gone", False)


async def test_a_connection_is_tried_without_a_message(receiver: Receiver, connection: OpenedConnection):
    assert webhook.tester is not None
    assert await webhook.tester(connection) is None
    assert receiver.requests == []
    connection.credentials = {"url": receiver.url, "signingSecret": "whsec_not base64!"}
    with pytest.raises(ActionError) as raised:
        await webhook.tester(connection)
    assert raised.value.code == "invalid_connection"


def taken(
    body: bytes = b'{"type": "order.paid", "timestamp": "x", "data": {"order": 7}}', **headers: str
) -> WebhookCall:
    """A call as a sender signs it, by the standard's own library."""
    sent_at = datetime.now(UTC)
    signature = Webhook(SECRET).sign("msg_1", sent_at, body.decode())
    given = {"webhook-id": "msg_1", "webhook-timestamp": str(int(sent_at.timestamp())), "webhook-signature": signature}
    return WebhookCall({**given, **headers}, {}, body)


async def taken_items(connection: OpenedConnection, made: WebhookCall, **config: Any) -> Sequence[Item]:
    """What a call tells."""
    found = await deliver("webhook.message", connection, made, config=config)
    assert not isinstance(found, Reply)
    return found


async def test_a_signed_message_is_taken(connection: OpenedConnection) -> None:
    (item,) = await taken_items(connection, taken())
    assert item.id == "msg_1"
    assert (item.payload["type"], item.payload["data"]) == ("order.paid", {"order": 7})
    assert await taken_items(connection, taken(), types=["order.paid"])
    assert not await taken_items(connection, taken(), types=["order.sent"])
    (plain,) = await taken_items(connection, taken(b"[1, 2]"))
    assert (plain.payload["type"], plain.payload["data"]) == (None, [1, 2])


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: taken(**{"webhook-signature": "v1,AAAA"}), "bad_signature"),
        (lambda: taken(**{"webhook-signature": "ü"}), "bad_signature"),
        (lambda: taken(**{"webhook-id": "msg_2"}), "bad_signature"),
        (lambda: taken(**{"webhook-timestamp": "soon"}), "bad_signature"),
        (lambda: WebhookCall({}, {}, b"{}"), "bad_signature"),
        (lambda: taken(b"no JSON"), "invalid_call"),
    ],
)
async def test_a_call_that_is_not_signed_or_no_message_is_refused(
    connection: OpenedConnection, make: Callable[[], WebhookCall], code: str
) -> None:
    await failure(taken_items(connection, make()), code)


async def test_a_message_that_was_signed_long_ago_is_refused(connection: OpenedConnection) -> None:
    sent_at = datetime.now(UTC) - timedelta(minutes=6)
    stamp = str(int(sent_at.timestamp()))
    headers = {"webhook-timestamp": stamp, "webhook-signature": Webhook(SECRET).sign("msg_1", sent_at, "{}")}
    await failure(taken_items(connection, taken(b"{}", **headers)), "stale_call")


async def test_a_connection_without_a_secret_takes_no_messages(receiver: Receiver) -> None:
    async with connected(webhook, auth="CUSTOM", credentials={"url": receiver.url}) as connection:
        await failure(taken_items(connection, taken()), "invalid_connection")
    async with connected(webhook, auth="CUSTOM", credentials={"signingSecret": SECRET}) as connection:
        assert await taken_items(connection, taken())
        await failure(call("webhook.send", connection, data={}), "invalid_connection")
