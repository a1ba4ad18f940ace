"""Gives a market participant access to a gateway, and takes it back where nobody can be told of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from examples.market_access.systems import stand_ins
from examples.server import Server, serving

HERE = Path(__file__).parent


def main() -> int:
    """Run it, and print what the executions came to."""
    definition: dict[str, Any] = json.loads((HERE / "workflow.json").read_text())
    input: dict[str, Any] = json.loads((HERE / "input.json").read_text())
    # the gateway and Slack are on this machine, where workers call nobody unless they may
    with stand_ins() as systems, serving(WEFT_ALLOW_PRIVATE_ADDRESSES="true") as server:
        gateway = {"integrationId": "kong", "name": "gateway", "config": {"adminUrl": systems.url}}
        chat = {"integrationId": "slack", "name": "market-ops-chat", "config": {"baseUrl": f"{systems.url}/api"}}
        for connection, credentials in (
            (gateway, {"apiKey": systems.admin_token}),
            (chat, {"token": systems.bot_token}),
        ):
            made = server.post("/connections", {**connection, "credentials": credentials}, is_secret=True)
            print(f"{made['name']}: {made['status']}, {made['statusDetail']}", file=sys.stderr)
        server.publish(definition)
        let_in = _approved(server, input, "completed")
        steps = server.get(f"/executions/{let_in['id']}/steps")["items"]
        undone = _approved(server, {**input, "channel": "#nowhere"}, "failed")
        print(
            json.dumps(
                {
                    "access": let_in["output"],
                    "triedAgain": [step["stepId"] for step in steps if step["retryCount"]],
                    "told": [message["text"] for message in systems.messages],
                    "failed": undone["error"]["code"],
                    "left": sorted(systems.rows),
                },
                indent=2,
            )
        )
    return 0


def _approved(server: Server, input: dict[str, Any], status: str) -> dict[str, Any]:
    """An execution that is approved, once it has a status."""
    started = server.post("/workflows/market-access/executions", {"input": input})
    execution = f"/executions/{started['id']}"
    server.reach(execution, "waiting")
    server.post(f"{execution}/steps/approve", {"outcome": "approved"})
    return server.reach(execution, status)


if __name__ == "__main__":
    sys.exit(main())
