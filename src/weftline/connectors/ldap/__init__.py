"""``ldap``: entries of directories such as OpenLDAP and Active Directory."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Auth, Connection, Integration
from weftline.connectors.hosts import exchange, host_config, reach, server_tls, unreachable
from weftline.connectors.ldap.ber import BOOLEAN, ENUMERATED, SEQUENCE, SET, elements, integer, octets, tlv
from weftline.connectors.ldap.client import LdapClient, LdapError
from weftline.connectors.ldap.filters import filled_name, filter_element
from weftline.connectors.schema import choice, flag, given, listing, mapping, record, text, whole

_PORT = 636
_SCOPES = ("base", "one", "subtree")
_CHANGES = ("add", "delete", "replace")

_PARAMETERS = mapping(
    "The values for `:name` in names and filters. Whatever is in them stays a value.", text("The value.")
)
_DN = given("The entry's name, like `uid=:uid,ou=people,dc=example,dc=com`.", maxLength=4_096)
_VALUES = listing("The values.", text("A value."), maxItems=1_000)
_DONE = record({"dn": text("The entry's name.")}, ["dn"])

ldap = Integration(
    "ldap",
    title="LDAP",
    description="People, groups and other entries of a directory.",
    category="directory",
    icon="book-user",
    auth=(
        Auth(
            type="BASIC",
            title="Name and password",
            credentials=record(
                {
                    "username": {"type": "string", "title": "Bind DN", "minLength": 1, "x-public": True},
                    "password": {"type": "string", "title": "Password", "minLength": 1},
                },
                ["username", "password"],
            ),
        ),
    ),
    config=record(
        {
            **{name: schema for name, schema in host_config(_PORT).items() if name != "tls"},
            "security": choice(
                "How the connection is encrypted: from the first byte on (usual on port 636), after a request (389), or"
                " not at all.",
                "tls",
                "starttls",
                "none",
                title="Encryption",
                default="tls",
            ),
        },
        ["host"],
    ),
    docs_url="https://www.rfc-editor.org/rfc/rfc4511",
)


@ldap.action(
    "search",
    title="Search entries",
    input=record(
        {
            "base": given("The entry below which to look.", maxLength=4_096),
            "filter": given(
                "Which entries (RFC 4515), with `:name` for a value. It is written here, and cannot come out of"
                " `${ … }`.",
                default="(objectClass=*)",
                **{"x-literal": True},
            ),
            "parameters": _PARAMETERS,
            "scope": choice("That entry alone, those right below it, or all below.", *_SCOPES, default="subtree"),
            "attributes": listing("Which attributes; absent: all that users see.", given("Its name."), maxItems=200),
            "limit": whole("The most entries.", minimum=1, maximum=1_000, default=100),
        },
        ["base"],
    ),
    output=record(
        {
            "entries": listing(
                "The entries.",
                record(
                    {
                        "dn": text("Its name."),
                        "attributes": mapping("The values by attribute.", _VALUES),
                        "binary": listing(
                            "Attributes whose values are base64, for they are no text.", {"type": "string"}
                        ),
                    },
                    ["dn", "attributes", "binary"],
                ),
            ),
            "isCut": flag("There are more."),
        },
        ["entries", "isCut"],
    ),
    example={"base": "dc=example,dc=com", "filter": "(mail=:mail)", "parameters": {"mail": "ada@example.com"}},
)
async def search(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Find entries. References to other servers are not followed."""
    wanted = ctx.input
    parameters = wanted.get("parameters", {})
    operation = tlv(
        0x63,
        octets(filled_name(wanted["base"], parameters)),
        integer(_SCOPES.index(wanted.get("scope", "subtree")), ENUMERATED),
        integer(0, ENUMERATED),
        integer(wanted.get("limit", 100)),
        integer(max(int(connection.timeout), 1)),
        tlv(BOOLEAN, b"\x00"),
        filter_element(wanted.get("filter", "(objectClass=*)"), parameters),
        tlv(SEQUENCE, *map(octets, wanted.get("attributes", ()))),
    )
    entries: list[dict[str, Any]] = []
    is_cut = False
    async with _connected(connection) as client:
        try:
            async for content in client.search(operation):
                entries.append(_entry(content))
        except LdapError as error:
            # sizeLimitExceeded: what was found until then is right
            if error.code != 4:
                raise
            is_cut = True
    return {"entries": entries, "isCut": is_cut}


@ldap.action(
    "add",
    title="Add an entry",
    input=record(
        {
            "dn": _DN,
            "parameters": _PARAMETERS,
            "attributes": mapping("The values by attribute.", _VALUES, minProperties=1),
        },
        ["dn", "attributes"],
    ),
    output=_DONE,
    example={
        "dn": "uid=:uid,ou=people,dc=example,dc=com",
        "parameters": {"uid": "ada"},
        "attributes": {"objectClass": ["inetOrgPerson"], "cn": ["Ada Byron"], "sn": ["Byron"]},
    },
    compensate="delete",
)
async def add(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Add an entry. One that is there already fails the step with code `already_exists`."""
    wanted = ctx.input
    name = filled_name(wanted["dn"], wanted.get("parameters", {}))
    attributes = [_attribute(attribute, values) for attribute, values in wanted["attributes"].items()]
    async with _connected(connection) as client:
        await client.change(tlv(0x68, octets(name), tlv(SEQUENCE, *attributes)))
    return {"dn": name}


@ldap.action(
    "modify",
    title="Change an entry",
    input=record(
        {
            "dn": _DN,
            "parameters": _PARAMETERS,
            "changes": listing(
                "What to change, in this order; all of it happens, or nothing.",
                record(
                    {
                        "change": choice(
                            "Add values, delete them (all, where none are given), or replace them.", *_CHANGES
                        ),
                        "attribute": given("Its name."),
                        "values": _VALUES,
                    },
                    ["change", "attribute"],
                ),
                minItems=1,
                maxItems=200,
            ),
        },
        ["dn", "changes"],
    ),
    output=_DONE,
    example={
        "dn": "uid=ada,ou=people,dc=example,dc=com",
        "changes": [{"change": "replace", "attribute": "mail", "values": ["ada@example.com"]}],
    },
)
async def modify(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Change the attributes of an entry."""
    wanted = ctx.input
    name = filled_name(wanted["dn"], wanted.get("parameters", {}))
    changes = [
        tlv(
            SEQUENCE,
            integer(_CHANGES.index(each["change"]), ENUMERATED),
            _attribute(each["attribute"], each.get("values", [])),
        )
        for each in wanted["changes"]
    ]
    async with _connected(connection) as client:
        await client.change(tlv(0x66, octets(name), tlv(SEQUENCE, *changes)))
    return {"dn": name}


@ldap.action(
    "delete",
    title="Delete an entry",
    input=record({"dn": _DN, "parameters": _PARAMETERS}, ["dn"]),
    output=record({"existed": flag("False where there was none.")}, ["existed"]),
    example={"dn": "uid=ada,ou=people,dc=example,dc=com"},
)
async def delete(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete an entry; where there is none, that is fine too."""
    name = filled_name(ctx.input["dn"], ctx.input.get("parameters", {}))
    async with _connected(connection) as client:
        try:
            await client.change(octets(name, 0x4A))
        except LdapError as error:
            if error.code != 32:
                raise
            return {"existed": False}
    return {"existed": True}


@ldap.test
async def try_ldap(connection: Connection) -> str | None:
    """Sign in as the connection says."""
    async with _connected(connection):
        return connection.credentials["username"]


def _attribute(name: str, values: list[str]) -> bytes:
    return tlv(SEQUENCE, octets(name), tlv(SET, *map(octets, values)))


def _entry(content: bytes) -> dict[str, Any]:
    try:
        (_, name), (_, attributes) = elements(content)
        found: dict[str, list[str]] = {}
        binary: list[str] = []
        for _, attribute in elements(attributes):
            (_, title), (_, values) = elements(attribute)
            raw = [value for _, value in elements(values)]
            texts = _texts(raw)
            key = title.decode(errors="replace")
            if texts is None:
                binary.append(key)
            found[key] = [base64.b64encode(value).decode() for value in raw] if texts is None else texts
    except ValueError as error:
        raise LdapError(-1, f"the server does not speak LDAP: {error}") from None
    return {"dn": name.decode(errors="replace"), "attributes": found, "binary": binary}


def _texts(values: list[bytes]) -> list[str] | None:
    try:
        texts = [value.decode() for value in values]
    except UnicodeDecodeError:
        return None
    return None if any("\0" in each for each in texts) else texts


@asynccontextmanager
async def _connected(connection: Connection) -> AsyncGenerator[LdapClient]:
    async with exchange(connection, lambda error: _failure(connection, error)):
        security = connection.config.get("security", "tls")
        host = await reach(connection, _PORT, tls=False)
        tls = None if security == "none" else server_tls(connection)
        client = await LdapClient.connect(host.address, host.port, tls, starttls=security == "starttls")
        try:
            await client.bind(connection.credentials["username"], connection.credentials["password"])
            yield client
        finally:
            await client.close()


_CODES: Mapping[int, tuple[str, bool]] = {
    3: ("timeout", True),
    11: ("answer_too_large", False),
    16: ("not_found", False),
    17: ("invalid_input", False),
    19: ("constraint_violated", False),
    20: ("already_exists", False),
    21: ("invalid_input", False),
    32: ("not_found", False),
    34: ("invalid_input", False),
    50: ("permission_denied", False),
    51: ("unreachable", True),
    52: ("unreachable", True),
    53: ("ldap_refused", False),
    65: ("constraint_violated", False),
    68: ("already_exists", False),
}
"""Result codes (RFC 4511, appendix A)."""


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    if not isinstance(error, LdapError):
        return None
    if error.code in (8, 48, 49):
        return connection.unauthorized(str(error))
    if error.code < 0:
        return unreachable(connection.config["host"], error)
    code, is_retryable = _CODES.get(error.code, ("ldap_refused", False))
    return ActionError(f"the server refuses: {error}", code=code, retryable=is_retryable, details={"code": error.code})
