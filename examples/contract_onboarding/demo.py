"""Onboards a market participant: market operations notice a mistake late, roll back, and do it again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from examples.server import Server, serving

HERE = Path(__file__).parent
PORTFOLIO = {"accessPoints": ["541448912345678908"], "deliveryPoints": ["541448912345678915"]}


def main() -> int:
    """Run it, and print the execution's output."""
    definition: dict[str, Any] = json.loads((HERE / "workflow.json").read_text())
    with serving("examples.contract_onboarding.actions") as server:
        server.publish(definition)
        started = server.post(
            f"/workflows/{definition['id']}/executions", {"input": json.loads((HERE / "input.json").read_text())}
        )
        execution = f"/executions/{started['id']}"
        server.reach(execution, "draft")
        _fill_in(server, execution, vat_number="0403.170.701")
        _show("It is not valid:", server.post(f"{execution}/validate")["errors"])
        _roll_back(server, execution)
        _fill_in(server, execution, vat_number="BE0403170701")
        server.post(f"{execution}/submit")
        server.post(f"{execution}/approve", {"comment": "welcome"})
        print(json.dumps(server.reach(execution, "completed")["output"], indent=2))
    return 0


def _fill_in(server: Server, execution: str, vat_number: str) -> None:
    """Everything that people enter. The first step that is filled in starts the draft."""
    company = {"companyName": "Engie Belgium", "vatNumber": vat_number, "country": "BE"}
    server.post(f"{execution}/steps/company-info", {"data": company})
    server.post(f"{execution}/steps/portfolio", {"data": PORTFOLIO})
    server.post(f"{execution}/steps/approval", {"outcome": "approved"})
    server.reach(execution, "awaiting_validation")


def _roll_back(server: Server, execution: str) -> None:
    """Back to before the company's information, once it is known what that undoes."""
    back = {"toStepId": "company-info", "redo": True, "reason": "the VAT number is wrong"}
    plan = server.post(f"{execution}/rollback", {**back, "dryRun": True})
    _show("It would undo:", [step["stepId"] for step in plan["undone"]])
    server.post(f"{execution}/rollback", back)
    server.reach(execution, "waiting")
    events = server.get(f"{execution}/events?limit=1000")["items"]
    _show("It undid:", [event["stepId"] for event in events if event["type"] == "STEP_COMPENSATED"])


def _show(what: str, value: Any) -> None:
    print(what, json.dumps(value), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
