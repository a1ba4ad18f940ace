"""How an integration lets people in: what they enter, and where it goes in a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

AuthType = Literal["NONE", "API_KEY", "BASIC", "BEARER", "OAUTH2", "MUTUAL_TLS", "CUSTOM"]
GrantType = Literal["authorization_code", "client_credentials"]
KeyPlace = Literal["header", "query", "cookie"]

_NOT_SECRET = frozenset({"scope", "expiresIn"})
"""What authorization servers say of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """A way of signing in.

    Attributes:
        type: which kind.
        title: what people call it, where the kind's name says too little.
        credentials: JSON Schema of the object that people enter. Every text in it is a secret, unless the property
            says ``"x-public": true``.
        base_url: in place of the integration's; for addresses that are secret themselves, like those of incoming
            webhooks: ``{webhookUrl}``.
    """

    type: AuthType
    title: str | None = None
    credentials: Mapping[str, Any] = field(default_factory=dict[str, Any])
    base_url: str | None = None

    def secrets(self, credentials: Mapping[str, Any]) -> set[str]:
        """The texts of credentials that nobody may see.

        Args:
            credentials: what was entered, and the tokens that came of it.
        """
        properties: Mapping[str, Any] = self.credentials.get("properties", {})
        found: set[str] = set()
        for name, value in credentials.items():
            said: Mapping[str, Any] = properties.get(name, {})
            if name not in _NOT_SECRET and not said.get("x-public"):
                found |= _texts(value)
        return found


@dataclass(frozen=True, slots=True)
class KeyPart:
    """Another key of a system that wants several, like a key of the application beside that of the account.

    Attributes:
        credential: its name among the credentials.
        place: where it goes.
        name: of the header, the parameter or the cookie.
    """

    credential: str
    place: KeyPlace
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Auth):
    """A key that goes along with each request.

    Attributes:
        place: where it goes.
        name: of the header, the parameter or the cookie.
        prefix: what stands before the key, with its space.
        further: keys that go along with it.

    Where whoever connects chooses, ``name`` and ``place`` among the credentials count before these.
    """

    type: AuthType = "API_KEY"
    place: KeyPlace = "header"
    name: str = "X-API-Key"
    prefix: str = ""
    further: Sequence[KeyPart] = ()
    credentials: Mapping[str, Any] = field(default_factory=lambda: secrets(apiKey="API key"))


OAUTH2_CREDENTIALS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["clientId"],
    "properties": {
        "clientId": {"type": "string", "title": "Client ID", "minLength": 1, "x-public": True},
        "clientSecret": {"type": "string", "title": "Client secret", "minLength": 1},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2(Auth):
    """OAuth 2.0 (RFC 6749): an authorization code with PKCE (RFC 7636), or client credentials.

    Attributes:
        grants: the ways in which a token can be had.
        authorization_url: where people allow access; ``{name}`` stands for a value of the connection's configuration.
        token_url: where tokens come from; likewise.
        scopes: what is asked for unless the connection says otherwise.
        authorization_parameters: what else is sent to ``authorization_url``.
        revocation_url: where a token is given back when its connection is removed (RFC 7009); likewise.
        token_types: what the server calls tokens that go along as bearer tokens (RFC 6750), in small letters.
        is_client_in_body: the token endpoint takes the client's id and secret in the body, not by basic authentication.
    """

    type: AuthType = "OAUTH2"
    grants: Sequence[GrantType] = ("authorization_code",)
    authorization_url: str | None = None
    token_url: str
    scopes: Sequence[str] = ()
    authorization_parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    revocation_url: str | None = None
    token_types: Sequence[str] = ("bearer",)
    is_client_in_body: bool = False
    credentials: Mapping[str, Any] = field(default_factory=lambda: OAUTH2_CREDENTIALS)


def secrets(**titles: str) -> dict[str, Any]:
    """JSON Schema of an object of required texts.

    Args:
        titles: what people call each, by name.
    """
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(titles),
        "properties": {name: {"type": "string", "title": title, "minLength": 1} for name, title in titles.items()},
    }


def with_secret(credentials: Mapping[str, Any], name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of credentials among which there may be one more, like the secret that webhooks are signed with.

    Args:
        credentials: JSON Schema of the others.
        name, schema: of the one.
    """
    return {**credentials, "properties": {**credentials["properties"], name: dict(schema)}}


NO_AUTH = Auth(type="NONE")
BASIC = Auth(
    type="BASIC",
    credentials={
        "type": "object",
        "additionalProperties": False,
        "required": ["username", "password"],
        "properties": {
            "username": {"type": "string", "title": "User name", "minLength": 1, "x-public": True},
            "password": {"type": "string", "title": "Password"},
        },
    },
)
BEARER = Auth(type="BEARER", credentials=secrets(token="Token"))  # noqa: S106 - what people call it
MUTUAL_TLS = Auth(
    type="MUTUAL_TLS",
    credentials={
        "type": "object",
        "additionalProperties": False,
        "required": ["certificate", "privateKey"],
        "properties": {
            "certificate": {
                "type": "string",
                "title": "Client certificate",
                "description": "PEM, with the certificates between it and the authority.",
                "minLength": 1,
                "x-public": True,
                "x-lines": 8,
            },
            "privateKey": {
                "type": "string",
                "title": "Private key",
                "description": "PEM.",
                "minLength": 1,
                "x-lines": 8,
            },
            "authority": {
                "type": "string",
                "title": "Authority of the server",
                "description": "PEM; absent: the authorities that this machine trusts.",
                "x-public": True,
                "x-lines": 8,
            },
        },
    },
)


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value else set()
    if isinstance(value, dict):
        return {text for each in cast("dict[str, Any]", value).values() for text in _texts(each)}
    if isinstance(value, list):
        return {text for each in cast("list[Any]", value) for text in _texts(each)}
    return set()
