"""A company at work in Weftline: something to see on every page of the web app."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.site import Site
from tests.e2e.weft import ROOT, eventually

EXAMPLES = ("approval", "customer_onboarding", "order_parallel", "travel_booking", "resilient_payment")
ACTIONS = [option for name in EXAMPLES for option in ("--actions", f"examples.{name}.actions")]
"""The options of ``weft up`` with which the sample's workflows run."""

REASON = {"X-Reason": "a visit"}

NIGHTLY: dict[str, Any] = {
    "id": "nightly-report",
    "name": "Nightly report",
    "description": "Sends the day's figures to those who steer.",
    "triggers": [
        {
            "id": "every-night",
            "type": "schedule",
            "name": "Every night",
            "cron": "0 2 * * *",
            "timezone": "Europe/Berlin",
        },
        {"id": "on-demand", "type": "webhook", "name": "On demand"},
    ],
    "nodes": [
        {"id": "collect", "type": "set", "values": {"figures": {"orders": 42}}, "next": "approve"},
        {"id": "approve", "type": "approval", "name": "Release the report", "next": "end"},
        {"id": "end", "type": "end"},
    ],
}


class Sample:
    """What was made, by what pages are about.

    Attributes:
        completed, failed, waiting, undone: ids of executions that stand so.
        task: id of an open task.
        person, group, webhook, trigger, policy, connection: ids.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        inputs = {name: json.loads((ROOT / "examples" / name / "input.json").read_text()) for name in EXAMPLES}
        for name in EXAMPLES:
            site.publish(json.loads((ROOT / "examples" / name / "workflow.json").read_text()))
        site.publish(NIGHTLY)
        self._publish_again()
        start = site.start
        orders = [start("order-parallel", input=inputs["order_parallel"], tags=["web"])["id"] for _ in range(12)]
        self.failed: str = start("travel-booking", input=inputs["travel_booking"])["id"]
        trips = [start("travel-booking", input={**inputs["travel_booking"], "carsLeft": 3})["id"] for _ in range(4)]
        for amount in (480, 1200, 95, 7300):
            start("purchase-approval", input={**inputs["approval"], "amount": amount}, priority=7)
        for country in ("CH", "DE", "FR"):
            given = {**inputs["customer_onboarding"], "country": country, "reminderAfter": "9d"}
            self.waiting: str = start("customer-onboarding", input=given, tags=["signup", country])["id"]
        start("resilient-payment", input=inputs["resilient_payment"])
        self.completed: str = orders[-1]
        for execution in (*orders, *trips):
            self._await(execution, "completed")
        self._await(self.failed, "failed")
        self.undone: str = trips[-1]
        site.call(f"/executions/{self.undone}/rollback", {})
        self._await(self.undone, "rolled_back")
        self._people()
        self._settings()
        tasks = eventually(lambda: site.call("/tasks?status=open")["items"], "tasks are open")
        self.task: str = tasks[0]["id"]
        self.trigger: str = site.call("/triggers")["items"][0]["id"]

    def _await(self, execution: str, status: str) -> None:
        eventually(lambda: self._site.status(execution) == status, f"{execution} is {status}")

    def _publish_again(self) -> None:
        changed = json.loads((ROOT / "examples" / "approval" / "workflow.json").read_text())
        changed["version"] = "2.0.0"
        changed["nodes"][-1]["name"] = "All is done"
        self._site.call("/workflows/purchase-approval", changed, method="PUT")
        self._site.call("/workflows/purchase-approval/publish", {"changeDescription": "The end has a name"})

    def _people(self) -> None:
        site = self._site
        for name, role in (("grace", "author"), ("linus", "operator"), ("barbara", "approver"), ("edsger", "viewer")):
            email = site.join(name, role)
        users: list[dict[str, Any]] = site.call("/users")["items"]
        self.person: str = next(user["id"] for user in users if user["email"] == email)
        finance = {"name": "Finance", "description": "Signs what costs money.", "roles": ["approver"]}
        self.group: str = site.call("/groups", finance)["id"]
        site.call(f"/groups/{self.group}/members/{self.person}", {}, method="PUT")
        lead = {"id": "shift-lead", "name": "Shift lead", "inherits": ["operator"], "permissions": ["workflow:publish"]}
        site.call("/roles", {**lead, "description": "Steers executions, and publishes."})

    def _settings(self) -> None:
        site = self._site
        source = (
            'forbid(principal, action == Action::"task:complete", resource)\n'
            "when { resource has startedBy && resource.startedBy == principal.id };\n"
        )
        four_eyes = {"name": "Four eyes", "description": "Who asked may not approve.", "source": source}
        self.policy: str = site.call("/policies", {**four_eyes, "isEnabled": True})["id"]
        site.call("/api-keys", {"name": "Nightly import", "scopes": ["execution:start"]})
        site.call(
            "/variables",
            {"key": "SHOP_URL", "type": "STRING", "value": "https://shop.example", "description": "The shop"},
        )
        site.call(
            "/variables", {"key": "SHOP_TOKEN", "type": "SECRET", "value": "only an example", "description": "Its key"}
        )
        body = "The order ${data.orderId} was not placed: ${error.message}\n\n${execution.link}"
        template = {"name": "order-failed", "channel": "email", "subject": "Order ${data.orderId} failed", "body": body}
        site.call("/message-templates", template)
        desk = {"url": "https://hooks.example.com/weftline", "name": "Order desk", "kinds": ["execution.failed"]}
        self.webhook: str = site.call("/webhooks", desk)["id"]
        chat = {"integrationId": "slack", "name": "team-chat", "credentials": {"token": "only an example"}}
        # the machine that tests run on reaches nothing outside
        self.connection: str = site.call("/connections", {**chat, "test": False, "isDefault": True})["id"]
