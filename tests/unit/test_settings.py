"""Settings as they are written in the environment."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from weftline.settings import Settings, describe


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WEFT_")]:
        monkeypatch.delenv(name)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8,192.0.2.1")
    monkeypatch.setenv("WEFT_HTTP_ALLOWED_HOSTS", "api.example.com, .example.org")
    settings = Settings()
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.1/32"))
    assert settings.http_allowed_hosts == ("api.example.com", ".example.org")
    shown = {row.name: row.value for row in describe(settings)}
    assert shown["WEFT_TRUSTED_PROXIES"] == "10.0.0.0/8,fd00::/8,192.0.2.1/32"


@pytest.mark.parametrize("networks", ["proxy.example.com", "10.0.0.1/8", "10.0.0.0/33"])
def test_a_proxy_is_named_by_its_network(monkeypatch: pytest.MonkeyPatch, networks: str) -> None:
    monkeypatch.setenv("WEFT_TRUSTED_PROXIES", networks)
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings()


@pytest.mark.parametrize("given", ["WEFT_TLS_CERTIFICATE", "WEFT_TLS_KEY"])
def test_certificate_and_key_belong_together(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(given, "server.pem")
    with pytest.raises(ValidationError, match="belong together"):
        Settings()


def test_the_site_is_where_the_server_answers() -> None:
    assert Settings().site == "http://127.0.0.1:8080"
    assert Settings(host="::1", port=80).site == "http://[::1]:80"
    assert Settings(tls_certificate=Path("a"), tls_key=Path("b")).site == "https://127.0.0.1:8080"


def test_older_master_keys_are_a_list_that_nobody_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "A" * 43 + "="
    monkeypatch.setenv("WEFT_MASTER_KEYS_RETIRED", f"{key},{key}")
    settings = Settings()
    assert [each.get_secret_value() for each in settings.master_keys_retired] == [key, key]
    assert not [row for row in describe(settings) if "AAAA" in row.value]
    monkeypatch.setenv("WEFT_MASTER_KEYS_RETIRED", f"{key},short")
    with pytest.raises(ValidationError, match="32 bytes") as raised:
        Settings()
    assert "AAAA" not in str(raised.value)
