"""Settings of mail."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.features.mail.settings import MailSettings


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@example.com\r\nBcc: b@example.com"}, "sender"),
        ({"public_url": "weftline.example"}, "public URL"),
        ({"public_url": "javascript://weftline.example"}, "public URL"),
        ({"public_url": "https://weftline.example?x=1"}, "public URL"),
        ({"user": "weftline"}, "password"),
        ({"password": "s3cret"}, "password"),
        ({"user": "weftline", "password": "s3cret", "security": "none"}, "unencrypted"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(changes: dict[str, Any], complaint: str):
    with pytest.raises(ValueError, match=complaint) as raised:
        MailSettings(**changes)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_port_follows_from_the_security(security: Any, port: int):
    assert MailSettings(security=security).server_port == port
    assert MailSettings(security=security, port=2525).server_port == 2525


def test_settings_do_not_show_the_password():
    assert "s3cret" not in repr(MailSettings(user="weftline", password="s3cret"))


def test_links_lead_to_the_public_address():
    settings = MailSettings(public_url="https://weftline.example/app/")
    assert settings.link("/tasks") == "https://weftline.example/app/tasks"
    assert settings.link("/verify", token="a&b") == "https://weftline.example/app/verify?token=a%26b"


def test_a_sender_may_have_a_name():
    settings = MailSettings(sender="Acme Workflows <weft@acme.example>")
    assert settings.sender_address == "weft@acme.example"
    assert settings.sender_header == "Acme Workflows <weft@acme.example>"
