"""A fresh install with two tenants: whoever is in one sees nothing of the other, whichever way they look."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.e2e.site import Site, up
from tests.e2e.test_up import ECHO
from tests.e2e.weft import environment, weft
from weftline.store.embedded import EmbeddedServer

PASSWORD = "a passphrase that nobody guesses"
SLUGS = ("acme", "umbrella")


class Member:
    """Somebody in a tenant, signed in over HTTP and on the command line."""

    def __init__(self, site: Site, home: Path, slug: str, name: str) -> None:
        self.site = site
        self.email = f"{name}@{slug}.example"
        self.env = environment() | {"XDG_CONFIG_HOME": str(home / name)}
        signed_in = weft(
            "login", site.api.removesuffix("/api/v1"), "--email", self.email, "--password-stdin",
            env=self.env, input=PASSWORD,
        )  # fmt: skip
        assert signed_in.code == 0, signed_in.err

    def command(self, *arguments: str) -> Any:
        ended = weft(*arguments, "--json", env=self.env)
        assert ended.code == 0, ended.err
        return ended.json

    def call(self, path: str, body: Any = None) -> Any:
        self.site.sign_in(self.email, PASSWORD)
        return self.site.call(path, body)


@pytest.fixture
def site(server_home: Path):
    with up(server_home) as running:
        yield running
        running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=60)


def test_people_of_two_tenants_see_only_theirs_and_every_act_is_in_the_log(
    site: Site, server_home: Path, tmp_path: Path
):
    for slug in SLUGS:
        admin = {"email": f"admin@{slug}.example", "password": PASSWORD}
        site.call("/tenants", {"name": slug.capitalize(), "slug": slug, "admin": admin})
    started: dict[str, str] = {}
    for slug in SLUGS:
        admin = Member(site, tmp_path, slug, "admin")
        admin.call("/workflows", {**ECHO, "id": f"{slug}-echo"})
        admin.call(f"/workflows/{slug}-echo/publish", {})
        started[slug] = admin.call(f"/workflows/{slug}-echo/executions", {})["id"]

        # over HTTP
        assert [tenant["slug"] for tenant in admin.call("/tenants")] == [slug]
        assert [user["email"] for user in admin.call("/users")["items"]] == [admin.email]
        assert [execution["id"] for execution in admin.call("/executions")["items"]] == [started[slug]]
        # on the command line
        assert [execution["id"] for execution in admin.command("list")] == [started[slug]]
        assert [user["email"] for user in admin.command("user", "list")] == [admin.email]
        # in the log
        actions = {entry["action"] for entry in admin.call("/audit")["items"]}
        assert actions >= {"user.signed_in", "workflow.created", "workflow.published", "execution.started"}

    # in SQL, under the API's role
    seen = asyncio.run(_seen(EmbeddedServer(server_home).url))
    assert seen == {slug: ([slug], [f"{slug}-echo"], [started[slug]], [f"admin@{slug}.example"]) for slug in SLUGS}

    verified = weft("audit", "verify", "--all", env=environment(home=server_home))
    assert verified.code == 0, verified.out + verified.err


async def _seen(url: str) -> dict[str, tuple[list[str], ...]]:
    """What the API's role sees of tenants, workflows, executions and people, by the tenant that it is bound to."""
    owner = await asyncpg.connect(url, server_settings={"role": "weft_operator"})
    tenants = {row["slug"]: row["id"] for row in await owner.fetch("SELECT slug, id FROM tenants")}
    await owner.close()
    seen: dict[str, tuple[list[str], ...]] = {}
    api = await asyncpg.connect(url, server_settings={"role": "weft_api"})
    for slug in SLUGS:
        async with api.transaction():
            await api.execute(f"SET LOCAL app.current_tenant = '{tenants[slug]}'")
            queries = (
                "SELECT slug FROM tenants",
                "SELECT id FROM workflow_templates",
                "SELECT id::text FROM executions",
                "SELECT email FROM users",
            )
            rows = [await api.fetch(query) for query in queries]
            seen[slug] = tuple([row[0] for row in each] for each in rows)
    assert await api.fetchval("SELECT count(*) FROM executions") == 0, "without a tenant there is nothing to see"
    await api.close()
    return seen
