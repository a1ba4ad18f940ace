"""Plays a lead's way: a server takes the template, its variables are set, and its webhook starts it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from secrets import token_urlsafe

import httpx

from examples.server import PATIENCE, serving

HERE = Path(__file__).parent


def main() -> int:
    """Publish the template, call its webhook, and print what became of the lead."""
    with serving("examples.designer_template.actions") as server:
        workflow = server.publish(json.loads((HERE / "template.json").read_text()), dialect="designer")
        for note in workflow["dialectNotes"]:
            print(note["fate"], note["pointer"], note["message"], sep="\t", file=sys.stderr)
        variables = f"/workflows/{workflow['id']}/variables"
        server.post(variables, {"key": "SALES_CHANNEL", "value": "#sales"})
        server.post(variables, {"key": "CRM_TOKEN", "type": "SECRET", "value": token_urlsafe()}, is_secret=True)
        listed = server.get(f"/workflows/{workflow['id']}/triggers")["items"]
        triggers = {trigger["key"]: trigger for trigger in listed}
        print("Starts by:", ", ".join(f"{key} ({triggers[key]['type']})" for key in sorted(triggers)), file=sys.stderr)
        print("Next times:", *triggers["check"]["nextTimes"][:2], file=sys.stderr)
        webhook = server.get(f"/triggers/{triggers['form']['id']}")["url"]
        answer = httpx.post(webhook, json={"email": "ada@example.com"}, timeout=PATIENCE)
        answer.raise_for_status()
        execution = server.reach(f"/executions/{answer.json()['executionId']}", "completed")
    print(json.dumps(execution["output"], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
