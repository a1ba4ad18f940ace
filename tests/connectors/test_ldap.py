"""Entries of a real OpenLDAP are found and changed, and no input becomes part of a filter or a name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.servers import Certificate, directory, free_port, make_certificate, program, running
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.ldap import ldap, try_ldap
from weftline.connectors.ldap.filters import filter_element
from weftline.testing.connectors import call, connected

ADMIN = {"username": "cn=admin,dc=shop", "password": "s3crét"}
Server = tuple[int, int, Certificate]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Its port, its port for TLS, and its certificate."""
    slapd = program("slapd", "slapd")
    with directory() as home:
        port, tls_port, certificate = free_port(), free_port(), make_certificate(home / "tls")
        (home / "db").mkdir()
        schemas = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson"))
        (home / "slapd.conf").write_text(f"""{schemas}
pidfile {home}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {certificate.certificate}
TLSCertificateKeyFile {certificate.key}
database mdb
suffix "dc=shop"
rootdn "{ADMIN["username"]}"
rootpw {ADMIN["password"]}
directory {home}/db
""")
        urls = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
        with running([slapd, "-f", home / "slapd.conf", "-h", urls, "-d", "0"], home, tls_port):
            yield port, tls_port, certificate


def to(
    server: Server, *, credentials: dict[str, str] = ADMIN, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    given = {"host": "127.0.0.1", "port": server[1], "authority": server[2].pem, **config}
    return connected(ldap, auth="BASIC", config=given, credentials=credentials)


@pytest.fixture
async def people(server: Server) -> AsyncIterator[tuple[OpenedConnection, str]]:
    """A connection, and a unit of its own."""
    async with to(server) as connection:
        root = {"objectClass": ["dcObject", "organization"], "o": ["Shop"]}
        try:
            await call("ldap.add", connection, dn="dc=shop", attributes=root)
        except Exception as error:
            assert getattr(error, "code", "") == "already_exists"
        unit = f"ou={uuid4().hex},dc=shop"
        await call("ldap.add", connection, dn=unit, attributes={"objectClass": ["organizationalUnit"]})
        yield connection, unit


async def person(connection: OpenedConnection, unit: str, uid: str) -> str:
    attributes = {"objectClass": ["inetOrgPerson"], "cn": [f"{uid} Ü"], "sn": ["Byron"]}
    added = await call("ldap.add", connection, dn=f"uid=:uid,{unit}", parameters={"uid": uid}, attributes=attributes)
    return added["dn"]


async def found(connection: OpenedConnection, unit: str, filter: str, **parameters: str) -> list[str]:
    answer = await call(
        "ldap.search", connection, base=unit, filter=filter, parameters=parameters, scope="one", attributes=["uid"]
    )
    return sorted(entry["attributes"]["uid"][0] for entry in answer["entries"])


async def test_entries_are_added_found_changed_and_deleted(people: tuple[OpenedConnection, str]) -> None:
    connection, unit = people
    dn = await person(connection, unit, "ada")
    await failure(person(connection, unit, "ada"), "already_exists")
    changes = [
        {"change": "add", "attribute": "mail", "values": ["a@x.y", "b@x.y"]},
        {"change": "delete", "attribute": "mail", "values": ["a@x.y"]},
        {"change": "replace", "attribute": "sn", "values": ["Lovelace"]},
    ]
    await call("ldap.modify", connection, dn=dn, changes=changes)
    answer = await call("ldap.search", connection, base=dn, scope="base")
    (entry,) = answer["entries"]
    assert (entry["dn"], entry["binary"], answer["isCut"]) == (dn, [], False)
    assert (entry["attributes"]["mail"], entry["attributes"]["sn"]) == (["b@x.y"], ["Lovelace"])
    assert await call("ldap.delete", connection, dn=dn) == {"existed": True}
    assert await call("ldap.delete", connection, dn=dn) == {"existed": False}
    await failure(call("ldap.modify", connection, dn=dn, changes=changes), "not_found")


async def test_filters_find_what_they_say(people: tuple[OpenedConnection, str]) -> None:
    connection, unit = people
    for uid in ("ada", "adam", "bob"):
        await person(connection, unit, uid)
    assert await found(connection, unit, "(uid=ada)") == ["ada"]
    assert await found(connection, unit, "(uid=ad*)") == ["ada", "adam"]
    assert await found(connection, unit, "(uid=*:part*)", part="o") == ["bob"]
    assert await found(connection, unit, "(&(objectClass=inetOrgPerson)(!(|(uid=:a)(uid=bob))))", a="ada") == ["adam"]
    assert await found(connection, unit, "(cn=bob \\c3\\9c)") == ["bob"]
    assert await found(connection, unit, "(mail=*)") == []
    cut = await call("ldap.search", connection, base=unit, limit=1)
    assert len(cut["entries"]) == 1 and cut["isCut"]


@pytest.mark.parametrize("hostile", ["*", "ada)(uid=*", "*)(|(uid=*", "\\2a", "ada\0", "a" * 10_000, 'ü,+"\\<>;=# '])
async def test_a_parameter_stays_a_value(people: tuple[OpenedConnection, str], hostile: str) -> None:
    connection, unit = people
    await person(connection, unit, "ada")
    assert await found(connection, unit, "(uid=:uid)", uid=hostile) == []
    assert await found(connection, unit, "(|(uid=ada)(uid=:uid))", uid=hostile) == ["ada"]
    if len(hostile) < 100 and "\0" not in hostile:
        dn = await person(connection, unit, hostile)
        assert dn.endswith(unit)
        assert hostile.strip() in [uid.strip() for uid in await found(connection, unit, "(uid=:uid)", uid=hostile)]
        await call("ldap.delete", connection, dn=dn)


async def test_a_name_cannot_lead_elsewhere(people: tuple[OpenedConnection, str]) -> None:
    connection, unit = people
    await person(connection, unit, "ada")
    for hostile in (f"x,{unit}", f"ada,{unit}", "ada+cn=x", f"x\\,uid=ada,{unit}"):
        answer = await call("ldap.delete", connection, dn=f"uid=:uid,{unit}", parameters={"uid": hostile})
        assert answer == {"existed": False}
    assert await found(connection, unit, "(uid=*)") == ["ada"]


@pytest.mark.parametrize("filter", ["", "uid=a", "(uid=a", "(uid=a))", "(!(a=b)(c=d))", "(a=:missing)", "(" * 5_000])
def test_what_is_no_filter_is_refused(filter: str) -> None:
    with pytest.raises(Exception) as caught:
        filter_element(filter, {})
    assert getattr(caught.value, "code", None) == "invalid_input"


async def test_a_connection_is_tried(server: Server) -> None:
    async with to(server) as connection:
        assert await try_ldap(connection) == ADMIN["username"]
    for security in ("starttls", "none"):
        async with to(server, security=security, port=server[0]) as connection:
            await try_ldap(connection)
    async with to(server, credentials={**ADMIN, "password": "wrong"}) as connection:
        await failure(try_ldap(connection), "connection_unauthorized")
    for security, port in (("tls", server[1]), ("starttls", server[0])):
        async with to(server, security=security, port=port, authority=None) as connection:
            await failure(try_ldap(connection), "tls_failed")
    async with to(server, port=free_port()) as connection:
        assert (await failure(try_ldap(connection), "unreachable")).retryable
