"""Credentials of consumers: keys, passwords, and what signs tokens.

Kong makes up what is not given, and the step returns it: whoever may read the execution may read it there. Give a
secret of the workflow's own variables, or encrypt the workflow's payloads, where that is too many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.kong.consumers import CONSUMER, DELETED
from weftline.connectors.kong.integration import TAGS, call, delete, kong, own_id
from weftline.connectors.schema import Schema, address, choice, flag, given, lines, listing, optional, record, text

_KINDS = ("key-auth", "basic-auth", "jwt", "oauth2")
_SHARED = ("HS256", "HS384", "HS512")
"""Algorithms by which a shared secret signs."""

_PAIRED = ("RS256", "RS384", "RS512", "ES256", "ES384")
"""Algorithms by which a private key signs, whose public key checks."""

_COMMON: dict[str, Schema] = {
    "id": text("By which Kong knows it."),
    "consumer": text("Id of the consumer."),
    "kind": choice("Which plugin reads it.", *_KINDS),
}


def _output(**more: Schema) -> Schema:
    return record({**_COMMON, **more}, [*_COMMON, *more])


async def _create(ctx: Context, connection: Connection, kind: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    target = path("consumers", ctx.input["consumer"], kind, own_id(ctx, kind))
    given = {name: value for name, value in sent.items() if value is not None}
    found = await call(connection, "PUT", target, json=given)
    return {**found, "told": {"id": found["id"], "consumer": found["consumer"]["id"], "kind": kind}}


@kong.action(
    "createKey",
    title="Create an API key",
    input=record(
        {
            "consumer": CONSUMER,
            "key": given("The key; Kong makes one up, if absent."),
            "tags": TAGS,
        },
        ["consumer"],
    ),
    output=_output(key=text("The key.")),
    example={"consumer": "engie-belgium"},
    compensate="deleteCredential",
)
async def create_key(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Create a key for a consumer, which the plugin ``key-auth`` lets in."""
    wanted = ctx.input
    found = await _create(ctx, connection, "key-auth", {"key": wanted.get("key"), "tags": wanted.get("tags")})
    return {**found["told"], "key": found["key"]}


@kong.action(
    "createBasicAuth",
    title="Create a user name and password",
    input=record(
        {
            "consumer": CONSUMER,
            "username": given("With which the consumer signs in; nobody else has it."),
            "password": given("Kong keeps only its hash."),
            "tags": TAGS,
        },
        ["consumer", "username", "password"],
    ),
    output=_output(username=text("The user name.")),
    example={"consumer": "engie-belgium", "username": "engie", "password": "${ vars.ENGIE_PASSWORD }"},
    compensate="deleteCredential",
)
async def create_basic_auth(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Create a user name and password for a consumer, which the plugin ``basic-auth`` lets in."""
    wanted = ctx.input
    sent = {name: wanted.get(name) for name in ("username", "password", "tags")}
    found = await _create(ctx, connection, "basic-auth", sent)
    return {**found["told"], "username": found["username"]}


@kong.action(
    "createJwt",
    title="Create a key for tokens",
    input=record(
        {
            "consumer": CONSUMER,
            "key": given("The issuer that tokens name; Kong makes one up, if absent."),
            "algorithm": choice(
                "By which tokens are signed.",
                *_SHARED,
                *_PAIRED,
                default="HS256",
            ),
            "secret": given("For HS…: what signs; Kong makes one up, if absent."),
            "publicKey": lines("For RS… and ES…: PEM of the key that checks signatures."),
            "tags": TAGS,
        },
        ["consumer"],
        anyOf=[{"properties": {"algorithm": {"enum": list(_SHARED)}}}, {"required": ["publicKey"]}],
    ),
    output=_output(
        key=text("The issuer."),
        algorithm=text("By which tokens are signed."),
        secret=optional(text("For HS…: what signs.")),
    ),
    example={"consumer": "engie-belgium", "algorithm": "HS256"},
    compensate="deleteCredential",
)
async def create_jwt(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Create what signs or checks a consumer's tokens, which the plugin ``jwt`` lets in."""
    wanted = ctx.input
    sent = {name: wanted.get(name) for name in ("key", "algorithm", "secret", "tags")}
    found = await _create(ctx, connection, "jwt", {**sent, "rsa_public_key": wanted.get("publicKey")})
    is_shared = found["algorithm"] in _SHARED
    told = {"key": found["key"], "algorithm": found["algorithm"], "secret": found.get("secret") if is_shared else None}
    return {**found["told"], **told}


@kong.action(
    "createOAuth2",
    title="Create an OAuth 2.0 client",
    input=record(
        {
            "consumer": CONSUMER,
            "name": given("What people see when they allow access."),
            "clientId": given("Kong makes one up, if absent."),
            "clientSecret": given("Kong makes one up, if absent."),
            "redirectUris": listing("Where people are sent afterwards.", address("Without a fragment.")),
            "clientType": choice("Whether it can keep a secret.", "confidential", "public", default="confidential"),
            "hashSecret": flag("Keep only a hash of the secret.", default=False),
            "tags": TAGS,
        },
        ["consumer", "name"],
    ),
    output=_output(
        name=text("What people see."),
        clientId=text("The client's id."),
        clientSecret=optional(text("The client's secret; where only its hash is kept, what was given, or null.")),
    ),
    example={"consumer": "engie-belgium", "name": "Portal", "redirectUris": ["https://portal.example.com/callback"]},
    compensate="deleteCredential",
)
async def create_oauth2(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Create an OAuth 2.0 client for a consumer, which the plugin ``oauth2`` lets in."""
    wanted = ctx.input
    sent = {
        "name": wanted["name"],
        "client_id": wanted.get("clientId"),
        "client_secret": wanted.get("clientSecret"),
        "redirect_uris": wanted.get("redirectUris"),
        "client_type": wanted.get("clientType"),
        "hash_secret": wanted.get("hashSecret"),
        "tags": wanted.get("tags"),
    }
    found = await _create(ctx, connection, "oauth2", sent)
    secret = wanted.get("clientSecret") if found.get("hash_secret") else found.get("client_secret")
    return {**found["told"], "name": found["name"], "clientId": found["client_id"], "clientSecret": secret}


@kong.action(
    "deleteCredential",
    title="Delete a credential",
    input=record(
        {"consumer": CONSUMER, "kind": choice("Which plugin reads it.", *_KINDS), "id": given("Of the credential.")},
        ["consumer", "kind", "id"],
        is_open=True,
        description="Takes what `createKey`, `createBasicAuth`, `createJwt` or `createOAuth2` returned.",
    ),
    output=DELETED,
    example={"consumer": "engie-belgium", "kind": "key-auth", "id": "4f5c2f6e-51a5-4b0c-9f67-2f3f3f0f2d11"},
)
async def delete_credential(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete a consumer's credential; one that is gone already is fine."""
    wanted = ctx.input
    return await delete(connection, path("consumers", wanted["consumer"], wanted["kind"], wanted["id"]))
