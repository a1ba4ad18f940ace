"""Onboards a customer whom compliance clears, and one whom it refuses, so that what was made for her is taken back."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import asyncpg
import httpx

from examples.local.mail import Mailbox, mail_server
from examples.local.postgres import Database, database
from examples.local.web import serving_app
from examples.server import Server, serving

HERE = Path(__file__).parent
ACCOUNTS = """
CREATE TABLE accounts (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer text NOT NULL UNIQUE,
    login    text NOT NULL,
    active   boolean NOT NULL DEFAULT false
)
"""


def main() -> int:
    """Run it, and print what the executions came to, and what the systems hold afterwards."""
    definition: dict[str, Any] = json.loads((HERE / "workflow.json").read_text())
    ada: dict[str, Any] = json.loads((HERE / "input.json").read_text())
    eve = {**ada, "name": "Eve", "email": "eve@example.com"}
    token = token_urlsafe()
    with (
        serving_app("examples.connected_onboarding.crm:app", CRM_TOKEN=token) as crm,
        mail_server() as mailbox,
        database() as accounts,
        # the systems are on this machine, where workers call nobody unless they may
        serving(WEFT_ALLOW_PRIVATE_ADDRESSES="true") as server,
    ):
        _ask(accounts, ACCOUNTS)
        _connect(server, crm, token, mailbox, accounts)
        server.publish(definition)
        welcomed = _onboard(server, mailbox, ada, "cleared", "completed")
        refused = _onboard(server, mailbox, eve, "refused", "failed")
        answer = httpx.get(f"{crm}/customers", headers={"Authorization": f"Bearer {token}"})
        steps = server.get(f"/executions/{welcomed['id']}/steps")["items"]
        told = {
            "welcomed": welcomed["output"],
            "triedAgain": [step["stepId"] for step in steps if step["retryCount"]],
            # on a slow machine there is more than one reminder
            "mails": list(dict.fromkeys(mailbox.sent_to(ada["email"]))),
            "refused": refused["error"]["code"],
            "customers": [customer["name"] for customer in answer.json()],
            "accounts": _ask(accounts, "SELECT login, active FROM accounts"),
        }
    print(json.dumps(told, indent=2))
    return 0


def _connect(server: Server, crm: str, token: str, mailbox: Mailbox, accounts: Database) -> None:
    """Import the CRM, and set up the three connections. Each is tried where there is a way to."""
    imported = server.post("/integrations/import", {"url": f"{crm}/openapi.json", "name": "crm"})
    print("The CRM can do:", ", ".join(each["name"] for each in imported["actions"]), file=sys.stderr)
    for connection in (
        {"integrationId": "crm", "name": "customers", "credentials": {"token": token}},
        {"integrationId": "smtp", "name": "mail", "config": mailbox.config, "credentials": mailbox.credentials},
        {
            "integrationId": "postgres",
            "name": "accounts",
            "config": accounts.config,
            "credentials": accounts.credentials,
        },
    ):
        made = server.post("/connections", connection, is_secret=True)
        print(f"{made['name']}: {made['status']}", made["statusDetail"] or "", file=sys.stderr)


def _onboard(server: Server, mailbox: Mailbox, customer: dict[str, Any], outcome: str, status: str) -> dict[str, Any]:
    """An execution for a customer who confirms the address once reminded, when compliance has decided."""
    started = server.post("/workflows/connected-onboarding/executions", {"input": customer})
    execution = f"/executions/{started['id']}"
    mailbox.until(customer["email"], "Please confirm your address")
    server.post(f"{execution}/signals", {"name": "email-verified"})
    server.when(f"/tasks?executionId={started['id']}", lambda tasks: tasks["items"])
    server.post(f"{execution}/steps/perform-kyc", {"outcome": outcome})
    return server.reach(execution, status)


def _ask(accounts: Database, statement: str) -> list[dict[str, Any]]:
    """The rows that a statement gives, looked up without Weftline."""

    async def ask() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(accounts.url)
        try:
            return [dict(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


if __name__ == "__main__":
    sys.exit(main())
