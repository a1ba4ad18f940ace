"""Every setting of Weftline: ``WEFT_*`` environment variables, then ``weft.toml``, then the defaults below.

Read once, at the top (``bootstrap``); everything below is handed the values it needs.
"""

from __future__ import annotations

import base64
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ENV_PREFIX = "WEFT_"
CONFIG_FILE = Path("weft.toml")

Source = Literal["env", "file", "default"]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting, as ``weft config`` shows it; secrets are masked in ``value``."""

    name: str
    value: str
    source: Source
    description: str


class Settings(BaseSettings):
    """The settings of one process. An invalid value is a ``pydantic.ValidationError`` that names the setting."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        toml_file=CONFIG_FILE,
        env_ignore_empty=True,
        frozen=True,
        # a database URL with a typing error still holds a password
        hide_input_in_errors=True,
        # unknown names are warned about (``unknown_settings``), not fatal: an older program may meet newer settings
        extra="ignore",
    )

    home: Path = Field(Path(".weft"), description="Directory of all local state: the embedded database, its logs.")
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the HTTP server; 0 picks a free one.")
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15 or later to use instead of the embedded server: postgresql://user@host/name."
    )
    actions: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Python modules that define actions, separated by commas."
    )
    plugin_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Base64 of the public keys (Ed25519) that packages of plugins may be signed with, separated by "
        "commas; see 'weft plugin key'.",
    )
    plugin_index: str | None = Field(
        None,
        description="Index of the plugins that can be installed by name, signed with one of WEFT_PLUGIN_KEYS: a path, "
        "or an https address; see 'weft plugin index build'.",
    )
    admin_email: str | None = Field(None, description="Email address of the first administrator.")
    admin_password: SecretStr | None = Field(
        None, description="Password of the first administrator; generated and printed once where unset."
    )
    master_key: SecretStr | None = Field(
        None,
        description="Base64 of the 32 bytes under which secrets are sealed; else the file master.key in WEFT_HOME, "
        "made where missing. Every process of one platform needs the same.",
    )
    master_key_command: str | None = Field(
        None,
        description="Command that writes the master key's base64 to its standard output, such as one of a key "
        "management service; run without a shell, at the start.",
    )
    master_keys_retired: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Other master keys, separated by commas: they open what was sealed under them, and seal nothing.",
    )
    public_url: str | None = Field(
        None, description="Where people reach this platform, for links in mails: https://weft.example.com."
    )
    tls_certificate: Path | None = Field(
        None, description="PEM file of the HTTP server's certificate and those between: it then serves https only."
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key.")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="Networks of reverse proxies, separated by commas; their X-Forwarded-For tells clients' addresses.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Other sites whose pages may call the API, separated by commas: https://app.example.com. * is any, "
        "and does without cookies.",
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey, where several servers share what they need at once, such as the counts of rate "
        "limits: redis://user:password@host:6379/0, rediss:// for TLS.",
    )
    rate_limit_address: int = Field(
        600_000, ge=0, description="Requests a minute from one address, by whomever; 0 for any number, here and below."
    )
    rate_limit_sign_in: int = Field(
        600, ge=0, description="Of these, what tries to prove who somebody is: signing in, resetting a password."
    )
    rate_limit_hooks: int = Field(60_000, ge=0, description="Of these, calls of webhooks.")
    rate_limit_caller: int = Field(600_000, ge=0, description="Requests a minute of one person or API key.")
    rate_limit_tenant: int = Field(
        600_000, ge=0, description="Requests a minute of one tenant, unless its limits say otherwise."
    )
    graphql_introspection: bool = Field(True, description="Whether callers may ask for the schema by GraphQL.")
    graphql_explorer: bool = Field(
        False,
        description="Whether there is a page to write GraphQL on, at /graphql/explorer; it loads GraphiQL from a CDN.",
    )
    graphql_allow_list: Path | None = Field(
        None, description="JSON file with the only operations that are answered by GraphQL: their texts, by any names."
    )
    graphql_max_depth: int = Field(15, gt=0, description="Levels of fields that an operation by GraphQL may have.")
    graphql_max_cost: int = Field(30_000, gt=0, description="Objects and documents that one may answer with at most.")
    graphql_max_answer: int = Field(16_777_216, gt=0, description="Bytes of an answer by GraphQL.")
    request_timeout: float = Field(
        60, gt=0, description="Seconds after which a request that has no answer is given up; what waits gets more."
    )
    body_timeout: float = Field(30, gt=0, description="Seconds within which the body of a request must come in.")
    server_shutdown_delay: float = Field(
        0,
        ge=0,
        description="Seconds for which a stopping server goes on taking requests, and says that it is not ready: "
        "until those who send them have noticed.",
    )
    server_shutdown_timeout: float = Field(
        30, ge=0, description="Seconds that a stopping server gives the requests under way."
    )
    access_token_seconds: int = Field(600, ge=60, le=3600, description="How long an access token lives.")
    idempotency_hours: float = Field(
        24, gt=0, description="How long a request with an Idempotency-Key is remembered with its answer, hours."
    )
    signing_key_days: int = Field(90, ge=1, description="Age at which the key that signs access tokens is replaced.")
    password_hash_memory: int = Field(
        19_456, ge=8_192, description="Memory of one password hash (Argon2id), KiB; with two passes."
    )
    tenant_resolution: Annotated[tuple[Literal["subdomain", "path", "header", "token"], ...], NoDecode] = Field(
        ("subdomain", "path", "header", "token"),
        description="The ways in which a request may name its tenant, separated by commas.",
    )
    base_domain: str | None = Field(
        None, description="Domain whose subdomains are tenants: acme.example.com with example.com."
    )
    smtp_host: str | None = Field(
        None, description="Server that sends mail; without one, messages stay in the outbox: 'weft mail list'."
    )
    smtp_port: int | None = Field(None, ge=1, le=65535, description="Its port; else 25, 587 or 465, by security.")
    smtp_user: str | None = Field(None, description="User to sign in to it with.")
    smtp_password: SecretStr | None = Field(None, description="Password to sign in to it with.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="starttls and tls insist on encryption and a valid certificate; none does without."
    )
    mail_sender: str = Field("Weftline <weftline@localhost>", description="Sender of mail: a name and an address.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level that is logged: debug, info, warning or error."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="console for people, json for machines; auto chooses console at a terminal."
    )
    allow_private_addresses: bool = Field(
        False, description="Whether the http action may call private, loopback and link-local addresses."
    )
    http_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="The only hosts that the http action may call, separated by commas; .example.com is every host "
        "below example.com. Any where unset.",
    )
    worker_capacity: int = Field(1000, ge=1, description="Executions that one worker holds in memory at a time.")
    worker_slots: int = Field(200, ge=1, description="Actions that one worker runs at a time.")
    worker_threads: int = Field(16, ge=1, description="Threads of one worker for actions that are plain functions.")
    worker_lease_seconds: float = Field(
        30, ge=1, description="Time without a sign of life after which a worker's executions go to another."
    )
    statistics_days: int = Field(400, ge=1, description="Days for which statistics are kept.")
    worker_poll_interval: float = Field(
        1, gt=0, description="Seconds between looks for work that no notification has announced."
    )
    worker_shutdown_timeout: float = Field(
        20, ge=0, description="Seconds a stopping worker gives its running actions before it hands them back."
    )

    @property
    def site(self) -> str:
        """Where the HTTP server of this process answers."""
        scheme = "http" if self.tls_certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        return self

    @field_validator(
        "actions",
        "tenant_resolution",
        "trusted_proxies",
        "cors_origins",
        "http_allowed_hosts",
        "master_keys_retired",
        "plugin_keys",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("master_key", "master_keys_retired")
    @classmethod
    def _check_master_key(
        cls, value: SecretStr | tuple[SecretStr, ...] | None
    ) -> SecretStr | tuple[SecretStr, ...] | None:
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None and not _is_key(each.get_secret_value()):
                raise ValueError("must be the base64 of 32 bytes: openssl rand -base64 32")
        return value

    @field_validator("plugin_keys")
    @classmethod
    def _check_plugin_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_is_key, value)):
            raise ValueError("must each be the base64 of 32 bytes, as 'weft plugin key' prints it")
        return value

    @field_validator("plugin_index")
    @classmethod
    def _check_plugin_index(cls, value: str | None) -> str | None:
        if value is not None and "://" in value and not (value.startswith("https://") and urlsplit(value).hostname):
            raise ValueError("must be a path, or an address that begins with https://")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
            raise ValueError("must be a URL that begins with https:// or http://")
        return None if value is None else value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _check_cors_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if origin != "*" and (
                parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError("must be origins, such as https://app.example.com, or *")
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            url = make_url(value.get_secret_value())
        except ArgumentError:
            raise ValueError("is not a database URL: postgresql://user:password@host:port/name") from None
        if url.drivername not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql://")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment before ``weft.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def describe(settings: Settings) -> list[SettingRow]:
    """Every setting with its value, where that came from, and what it is for."""
    from_env = EnvSettingsSource(Settings)()
    from_file = TomlConfigSettingsSource(Settings)()

    def source(name: str) -> Source:
        return "env" if name in from_env else "file" if name in from_file else "default"

    return [
        SettingRow(_variable(name), _shown(getattr(settings, name)), source(name), field.description or "")
        for name, field in _fields().items()
    ]


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """A warning for every ``WEFT_*`` variable and every name in ``weft.toml`` that is no setting.

    Args:
        environment: the variables to look at; the process's own where not given.
    """
    variables = os.environ if environment is None else environment
    known = [_variable(name) for name in _fields()]
    in_environment = [name for name in variables if name.startswith(ENV_PREFIX) and name not in known]
    in_file = [name for name in TomlConfigSettingsSource(Settings)() if name not in _fields()]
    return [
        *(_warning(name, known, "environment variable") for name in sorted(in_environment)),
        *(_warning(name, list(_fields()), f"name in {CONFIG_FILE}") for name in sorted(in_file)),
    ]


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except ValueError:
        return False


def _fields() -> dict[str, FieldInfo]:
    return Settings.model_fields


def _variable(name: str) -> str:
    return f"{ENV_PREFIX}{name.upper()}"


def _shown(value: str | float | Path | SecretStr | tuple[object, ...] | None) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return "********"
        case tuple():
            return ",".join(map(str, value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _warning(name: str, known: list[str], kind: str) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"unknown {kind} {name} is ignored{hint}"
