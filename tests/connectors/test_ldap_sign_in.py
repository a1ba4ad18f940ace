"""People of a real OpenLDAP sign in by a plugin."""

from __future__ import annotations

import ssl
from typing import Any

from tests.connectors.test_ldap import Server, people, server, to  # noqa: F401 - fixtures
from weftline.authoring.integrations import OpenedConnection
from weftline.authoring.plugin import AuthProvider, Identity, PasswordAttempt, Plugin, PluginApp
from weftline.connectors.ldap.client import LdapClient, LdapError
from weftline.testing.connectors import call
from weftline.testing.plugins import started

WRONG = 49
"""invalidCredentials (RFC 4511, appendix A); also where there is no such entry."""

IN_NAMES = str.maketrans({each: f"\\{ord(each):02x}" for each in ',+"\\<>;=# \0'})


class Directory(Plugin):
    """Asks a directory by binding to it, as whoever signs in."""

    id = "directory"
    name = "Directory"
    version = "1.0.0"

    def __init__(self, place: Server, base: str) -> None:
        self._server = place
        self._base = base

    async def initialize(self, app: PluginApp) -> None:
        app.auth_provider(
            AuthProvider(name="directory.bind", title={"en": "Directory"}, authenticate=self.authenticate)
        )

    async def authenticate(self, attempt: PasswordAttempt) -> Identity | None:
        dn = f"uid={attempt.login.translate(IN_NAMES)},{self._base}"
        # binding without a password succeeds, and proves nothing (RFC 4513, section 5.1.2)
        if not attempt.password or not await self._binds(dn, attempt.password):
            return None
        async with to(self._server, credentials={"username": dn, "password": attempt.password}) as own:
            found = await call(
                "ldap.search", own, base=dn, filter="(uid=*)", scope="base", attributes=["entryUUID", "*"]
            )
        facts: dict[str, Any] = found["entries"][0]["attributes"]
        roles = [each for each in facts.get("title", ()) if each == "author"]
        return Identity(subject=facts["entryUUID"][0], email=facts["mail"][0], name=facts["cn"][0], joins_with=roles)

    async def _binds(self, dn: str, password: str) -> bool:
        context = ssl.create_default_context(cadata=self._server[2].pem)
        client = await LdapClient.connect("127.0.0.1", self._server[1], context, starttls=False)
        try:
            await client.bind(dn, password)
        except LdapError as error:
            if error.code != WRONG:
                raise
            return False
        finally:
            await client.close()
        return True


async def test_the_directory_says_who_somebody_is(
    server: Server,  # noqa: F811
    people: tuple[OpenedConnection, str],  # noqa: F811
) -> None:
    admin, unit = people
    for uid, title in (("ada", "author"), ("bob", "guest")):
        facts = {"cn": [f"{uid} Ü"], "sn": ["B"], "mail": [f"{uid}@shop.example"], "title": [title]}
        attributes = {"objectClass": ["inetOrgPerson"], "userPassword": [f"{uid}'s"], **facts}
        await call("ldap.add", admin, dn=f"uid=:uid,{unit}", parameters={"uid": uid}, attributes=attributes)
    async with started(Directory(server, unit)) as running:
        ada = await running.authenticate("directory.bind", "ada", "ada's")
        assert ada is not None and (ada.email, ada.name, ada.joins_with) == ("ada@shop.example", "ada Ü", ["author"])
        bob = await running.authenticate("directory.bind", "bob", "bob's")
        assert bob is not None and not bob.joins_with and bob.subject != ada.subject
        wrong = (("ada", "bob's"), ("ada", ""), ("eve", "eve's"), ("ada,ou=x", "ada's"), ("*", "ada's"))
        for login, password in wrong:
            assert await running.authenticate("directory.bind", login, password) is None, login
