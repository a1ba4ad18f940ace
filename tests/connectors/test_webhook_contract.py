"""What any integration can declare of its webhook: how calls are verified, told from each other and answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from weftline.authoring import ActionError
from weftline.authoring.integrations import (
    BodyField,
    Handshake,
    Header,
    HmacSignature,
    Integration,
    QueryParameter,
    Reply,
    SharedToken,
    Webhook,
    WebhookCall,
    integrations,
)
from weftline.authoring.ownership import owned_by

NOW = 1_700_000_000.0
SECRET = {"secret": "top"}


def refusal(webhook: Webhook, call: WebhookCall, credentials: dict[str, Any] = SECRET) -> str:
    with pytest.raises(ActionError) as raised:
        webhook.receive(credentials, call, NOW)
    assert not raised.value.retryable
    return raised.value.code


def test_a_shared_token_has_to_be_the_secret() -> None:
    webhook = Webhook(verify=SharedToken(credential="secret", header="X-Token", prefix="Bearer "))
    assert webhook.receive(SECRET, WebhookCall({"x-token": "Bearer top"}, {}, b""), NOW) is None
    for headers in ({}, {"x-token": ""}, {"x-token": "top"}, {"x-token": "Bearer tøp"}):
        assert refusal(webhook, WebhookCall(headers, {}, b"")) == "bad_signature"


@pytest.mark.parametrize("credentials", [{}, {"secret": ""}, {"secret": None}])
def test_nothing_is_verified_by_a_secret_that_is_not_there(credentials: dict[str, Any]) -> None:
    empty = hmac.new(b"", b"{}", "sha256").hexdigest()
    webhook = Webhook(verify=HmacSignature(credential="secret", header="X-Signature"))
    assert refusal(webhook, WebhookCall({"x-signature": empty}, {}, b"{}"), credentials) == "invalid_connection"


def test_a_signature_covers_headers_and_the_body_as_it_came() -> None:
    rule = HmacSignature(
        credential="secret",
        header="X-Signature",
        prefix="v2=",
        separator=",",
        encoding="base64",
        algorithm="sha512",
        signed="{X-Id}|{body}|{X-Time}",
        timestamp="X-Time",
        tolerance=60,
    )
    # what looks like a place in the body is none
    body = b'{"a": "{X-Id}\xff"}'

    def call(stamp: str, **changed: str) -> WebhookCall:
        digest = hmac.new(b"top", b"7|" + body + b"|" + stamp.encode(), hashlib.sha512).digest()
        good = f"v2={base64.b64encode(digest).decode()}"
        return WebhookCall({"x-id": "7", "x-time": stamp, "x-signature": f"v1=abc,v2=!,{good}"} | changed, {}, body)

    webhook = Webhook(verify=rule)
    assert webhook.receive(SECRET, call(f"{NOW:.0f}"), NOW) is None
    assert webhook.receive(SECRET, call(f"{NOW - 60:.0f}"), NOW) is None
    assert refusal(webhook, call(f"{NOW - 61:.0f}")) == "stale_call"
    assert refusal(webhook, call(f"{NOW + 61:.0f}")) == "stale_call"
    assert refusal(webhook, call("1e9")) == "bad_signature"
    assert refusal(webhook, call(f"{NOW:.0f}", **{"x-id": "8"})) == "bad_signature"
    assert refusal(webhook, call(f"{NOW:.0f}", **{"x-id": ""})) == "bad_signature"
    # of many signatures, the first ones are looked at
    many = "v2=AAAA," * 5 + call(f"{NOW:.0f}").headers["x-signature"]
    assert refusal(webhook, call(f"{NOW:.0f}", **{"x-signature": many})) == "bad_signature"


def test_a_handshake_by_the_address_is_answered_before_anything_is_signed() -> None:
    webhook = Webhook(
        verify=SharedToken(credential="secret", header="X-Token"),
        handshake=Handshake(
            QueryParameter("mode"),
            equals="subscribe",
            answer=QueryParameter("challenge"),
            is_signed=False,
            method="GET",
        ),
    )
    assert webhook.methods == ("POST", "GET")
    asked = {"mode": "subscribe", "challenge": "1158201444"}
    assert webhook.receive({}, WebhookCall({}, asked, b"", "GET"), NOW) == Reply("1158201444")
    # whatever else comes so is verified as any call is
    assert refusal(webhook, WebhookCall({}, asked, b"", "POST")) == "bad_signature"
    assert refusal(webhook, WebhookCall({}, {**asked, "mode": "other"}, b"", "GET")) == "bad_signature"
    assert refusal(webhook, WebhookCall({}, {"mode": "subscribe"}, b"", "GET")) == "invalid_call"
    assert refusal(webhook, WebhookCall({}, {**asked, "challenge": ["a", "b"]}, b"", "GET")) == "invalid_call"


def test_nothing_but_a_handshake_comes_by_another_method() -> None:
    webhook = Webhook(verify=None, handshake=Handshake(QueryParameter("validation"), method="GET"))
    assert webhook.receive({}, WebhookCall({}, {"validation": "x"}, b"", "GET"), NOW) == Reply(None)
    assert refusal(webhook, WebhookCall({}, {}, b"", "GET")) == "invalid_call"


def test_deliveries_are_told_from_each_other_by_a_header_or_a_field() -> None:
    body = b'{"event": {"id": 7}, "flag": true, "list": [1]}'
    for place, delivery in (
        (Header("X-Delivery"), "d-1"),
        (Header("X-Other"), ""),
        (BodyField("event.id"), "7"),
        (BodyField("event"), ""),
        (BodyField("event.id.more"), ""),
        (BodyField("flag"), ""),
        (BodyField("list.0"), ""),
    ):
        call = WebhookCall({"x-delivery": "d-1"}, {}, body)
        assert Webhook(verify=None, delivery=place).receive({}, call, NOW) is None
        assert call.delivery == delivery
    assert refusal(Webhook(verify=None, delivery=BodyField("id")), WebhookCall({}, {}, b"no JSON")) == "invalid_call"


@pytest.fixture
def probe() -> Iterator[Integration]:
    owner = "webhook contract"
    with owned_by(owner):
        made = Integration("hooked", title="Hooked", description="A system.", category="developer")
    try:
        yield made
    finally:
        integrations.withhold(owner)


def test_a_webhook_that_says_nothing_of_its_calls_cannot_be_declared(probe: Integration) -> None:
    anything: dict[str, Any] = {"title": "T", "config": {}, "output": {}}
    with pytest.raises(ValueError, match="'webhook' goes with the type WEBHOOK"):
        probe.trigger("called", type="WEBHOOK", **anything)
    with pytest.raises(ValueError, match="'webhook' goes with the type WEBHOOK"):
        probe.trigger("polled", type="POLLING", webhook=Webhook(verify=None), **anything)
