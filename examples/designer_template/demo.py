"""Plays a lead's way: a server takes the template, its systems are connected, and its webhook starts it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx

from examples.designer_template.systems import BUCKET, REGION
from examples.local.mail import Mailbox, mail_server
from examples.local.web import serving_app
from examples.server import PATIENCE, Server, serving

HERE = Path(__file__).parent
SECRETS = {name: token_urlsafe() for name in ("CRM_TOKEN", "SLACK_TOKEN", "S3_KEY", "S3_SECRET")}


def main() -> int:
    """Publish the template, call its webhook, and print what became of two leads."""
    with (
        serving_app("examples.designer_template.systems:app", **SECRETS) as systems,
        mail_server() as mailbox,
        # the systems are on this machine, where workers call nobody unless they may
        serving(WEFT_ALLOW_PRIVATE_ADDRESSES="true") as server,
    ):
        _connect(server, systems, mailbox)
        workflow = server.publish(json.loads((HERE / "template.json").read_text()), dialect="designer")
        for note in workflow["dialectNotes"]:
            print(note["fate"], note["pointer"], note["message"], sep="\t", file=sys.stderr)
        server.post(f"/workflows/{workflow['id']}/variables", {"key": "SALES_CHANNEL", "value": "#sales"})
        listed = server.get(f"/workflows/{workflow['id']}/triggers")["items"]
        triggers = {trigger["key"]: trigger for trigger in listed}
        print("Starts by:", ", ".join(f"{key} ({triggers[key]['type']})" for key in sorted(triggers)), file=sys.stderr)
        print("Next times:", *triggers["check"]["nextTimes"][:2], file=sys.stderr)
        webhook = server.get(f"/triggers/{triggers['form']['id']}")["url"]
        told = {name: _lead(server, webhook, mailbox, f"{name}@example.com") for name in ("ada", "nobody")}
    print(json.dumps(told, indent=2))
    return 0


def _connect(server: Server, systems: str, mailbox: Mailbox) -> None:
    """Set up a connection to each integration of the template, which is tried at once.

    The template's steps name none, so that they take the only one that there is.
    """
    storage = {"endpoint": f"{systems}/s3", "bucket": BUCKET, "region": REGION}
    key = {"accessKeyId": SECRETS["S3_KEY"], "secretAccessKey": SECRETS["S3_SECRET"]}
    for integration, config, credentials in (
        ("graphql", {"url": f"{systems}/graphql"}, {"token": SECRETS["CRM_TOKEN"]}),
        ("slack", {"baseUrl": f"{systems}/slack"}, {"token": SECRETS["SLACK_TOKEN"]}),
        ("s3", storage, key),
        ("smtp", mailbox.config, mailbox.credentials),
    ):
        connection = {"integrationId": integration, "name": integration, "config": config, "credentials": credentials}
        made = server.post("/connections", connection, is_secret=True)
        print(f"{integration}: {made['status']}", made["statusDetail"] or "", file=sys.stderr)


def _lead(server: Server, webhook: str, mailbox: Mailbox, email: str) -> dict[str, Any]:
    """What becomes of somebody who fills in the website's form."""
    answer = httpx.post(webhook, json={"email": email}, timeout=PATIENCE)
    answer.raise_for_status()
    execution = f"/executions/{answer.json()['executionId']}"
    server.reach(execution, "completed")
    steps = server.get(f"{execution}/steps")["items"]
    tried = [step["stepId"] for step in steps if step["retryCount"]]
    return {"mails": mailbox.sent_to(email), "steps": [step["stepId"] for step in steps], "triedAgain": tried}


if __name__ == "__main__":
    sys.exit(main())
