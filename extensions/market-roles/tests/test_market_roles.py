"""All seven roles from end to end, seen from outside: a server, its API, and a gateway that answers as Kong does."""

from __future__ import annotations

from typing import Any

import pytest
from market_server import ROUTES, Market, Person
from scenarios import EANS, SCENARIOS, Scenario

from weftline.client import ApiError

ALL = pytest.mark.parametrize("role", SCENARIOS)


def entered(scenario: Scenario) -> dict[str, Any]:
    return {
        "companyName": "Engie Belgium",
        "vatNumber": scenario.vat,
        "contactEmail": "contracts@engie.example",
        **scenario.company,
    }


def fill_in(market: Market, execution: str, steps: dict[str, Any], *, approval: str, approvers: int = 1) -> None:
    """Everything that people do, each step as soon as it is there."""
    for step, body in steps.items():
        market.ops.reach(execution, step=step)
        market.ops.post(f"/executions/{execution}/steps/{step}", body)
    market.ops.reach(execution, step=approval)
    for approver in market.approvers[:approvers]:
        approver.post(f"/executions/{execution}/steps/{approval}", {"outcome": "approved"})


def steps_of(scenario: Scenario) -> dict[str, Any]:
    portfolio = {} if scenario.portfolio is None else {"portfolio": {"data": scenario.portfolio}}
    return {"company-info": {"data": entered(scenario)}, **portfolio, **scenario.steps}


def consumers(market: Market, role: str) -> list[dict[str, Any]]:
    return [row for row in market.gateway.tables["consumers"].values() if role in row["tags"]]


def owned(market: Market, table: str, consumer: str) -> list[dict[str, Any]]:
    return [row for row in market.gateway.tables[table].values() if row["consumer"]["id"] == consumer]


def onboard(market: Market, role: str) -> str:
    """An execution of the role's onboarding that has completed."""
    workflow = market.install(f"market-roles-contract-onboarding-{role.lower()}")
    execution = market.start(workflow, role)
    scenario = SCENARIOS[role]
    fill_in(market, execution, steps_of(scenario), approval="approval", approvers=scenario.approvers)
    market.ops.reach(execution, status="completed")
    return execution


def status_of(market: Market, role: str) -> str | None:
    """How a role stands; None where nobody has it."""
    return next((each["status"] for each in market.ops.get(f"{ROUTES}/roles")["items"] if each["role"] == role), None)


def compensated(person: Person, execution: str) -> list[str]:
    events = person.get(f"/executions/{execution}/events?limit=1000")["items"]
    return [event["stepId"] for event in events if event["type"] == "STEP_COMPENSATED"]


@ALL
def test_a_role_is_onboarded_rolled_back_and_its_portfolio_kept(market: Market, role: str):
    scenario, before_all = SCENARIOS[role], status_of(market, role)
    execution = onboard(market, role)

    # the company has its role, its contract and its access
    told = market.ops.get(f"/executions/{execution}")["output"]
    found = market.ops.get(f"{ROUTES}/roles/{role}")
    assert (found["status"], found["contractReference"]) == ("active", told["contractReference"])
    assert found["contractReference"].startswith(f"{role}-")
    assert (found["executionId"], found["companyName"], found["vatNumber"]) == (
        execution,
        "Engie Belgium",
        scenario.number,
    )
    [consumer] = consumers(market, role)
    assert consumer["id"] == told["gatewayConsumer"] == found["gatewayConsumer"]
    assert consumer["username"] == f"{role}-{scenario.number}"
    assert [row["group"] for row in owned(market, "acls", consumer["id"])] == [f"market-{role}"]
    credentials = {table for table in ("key-auth", "jwt", "oauth2") if owned(market, table, consumer["id"])}
    assert credentials == ({scenario.credential} if scenario.credential else set())
    points = [] if scenario.portfolio is None else [each["ean"] for each in scenario.portfolio["accessPoints"]]
    assert [each["ean"] for each in market.ops.get(f"{ROUTES}/roles/{role}/portfolio")["accessPoints"]] == points

    # rolled back to the company's information: what came after it is undone, the newest first
    back = {"toStepId": "company-info", "reason": "the portfolio is wrong"}
    plan = market.ops.post(f"/executions/{execution}/rollback", {**back, "dryRun": True})
    undone = [step["stepId"] for step in plan["undone"]]
    provisioning = ["create-credential"] if scenario.credential else []
    kept = [] if scenario.portfolio is None else ["keep-portfolio", "portfolio"]
    between = [step for step in scenario.steps if step != "data-processing"]
    assert undone[: 3 + len(provisioning)] == ["activate", *provisioning, "add-to-group", "create-consumer"]
    assert undone[3 + len(provisioning)] == "approval"
    assert undone[4 + len(provisioning) :] == ([*between, *kept] if kept else ["data-processing"])
    market.ops.post(f"/executions/{execution}/rollback", back)
    following = "portfolio" if kept else "data-processing"
    market.ops.reach(execution, step=following)
    assert compensated(market.ops, execution) == undone
    assert consumers(market, role) == []
    assert owned(market, "acls", consumer["id"]) == []
    pending = market.ops.get(f"{ROUTES}/roles/{role}")
    assert (pending["status"], pending["contractReference"]) == ("pending", None)
    assert market.ops.get(f"{ROUTES}/roles/{role}/portfolio") == {"accessPoints": [], "deliveryPoints": []}
    withdrawn = market.ops.get("/audit?action=market-role.withdrawn&limit=100")["items"]
    ours = [each["after"]["details"]["step"] for each in withdrawn if each["resourceId"] == execution]
    assert set(ours) == {step for step in undone if step in {"approval", "portfolio", *scenario.steps}}

    # and done again; the company's information is still known
    steps = {step: body for step, body in steps_of(scenario).items() if step != "company-info"}
    fill_in(market, execution, steps, approval="approval", approvers=scenario.approvers)
    market.ops.reach(execution, status="completed")
    assert len(consumers(market, role)) == 1
    again = market.ops.get(f"{ROUTES}/roles/{role}")
    assert again["status"] == "active" and again["contractReference"] != found["contractReference"]

    # its portfolio is changed by the other template
    workflow = market.install(f"market-roles-portfolio-management-{role.lower()}")
    change = market.start(workflow, role)
    market.ops.reach(change, step="portfolio")
    market.ops.post(f"/executions/{change}/steps/portfolio", {"data": scenario.more})
    if scenario.more_steps is not None:
        fill_in(market, change, scenario.more_steps, approval="approval")
    done = market.ops.reach(change, status="completed")
    numbers = {point["ean"] for name in ("accessPoints", "deliveryPoints") for point in scenario.more.get(name, [])}
    before = set() if scenario.portfolio is None else {
        point["ean"] for name in ("accessPoints", "deliveryPoints") for point in scenario.portfolio.get(name, [])
    }  # fmt: skip
    assert (set(done["output"]["added"]), set(done["output"]["removed"])) == (numbers - before, before - numbers)
    listed = market.viewer.get(f"{ROUTES}/points")["items"]
    assert {each["ean"] for each in listed if each["role"] == role} == numbers
    [consumer] = consumers(market, role)
    groups = {row["group"] for row in owned(market, "acls", consumer["id"])}
    assert groups == {f"market-{role}", *([f"metering-{role}"] if scenario.metering else [])}

    # and put back by a rollback
    market.ops.post(f"/executions/{change}/rollback", {"toStepId": "require-role", "pause": True})
    market.ops.reach(change, status="rolled_back")
    kept_points = market.ops.get(f"{ROUTES}/roles/{role}/portfolio")
    assert {point["ean"] for points in kept_points.values() for point in points} == before
    assert [row["group"] for row in owned(market, "acls", consumer["id"])] == [f"market-{role}"]

    # rolled back wholly, the onboarding leaves nothing
    market.ops.post(f"/executions/{execution}/rollback")
    market.ops.reach(execution, status="rolled_back")
    assert consumers(market, role) == []
    assert status_of(market, role) == before_all


def test_numbers_that_are_none_are_refused_at_their_fields(market: Market):
    before = status_of(market, "BSP")
    workflow = market.install("market-roles-contract-onboarding-bsp")
    execution = market.start(workflow, "BSP")
    market.ops.reach(execution, step="company-info")
    wrong = {**entered(SCENARIOS["BSP"]), "vatNumber": "BE0403170702", "eic": "22YGRID-AREA---U"}
    with pytest.raises(ApiError) as refused:
        market.ops.post(f"/executions/{execution}/steps/company-info", {"data": wrong})
    assert refused.value.status == 422
    assert {error.pointer for error in refused.value.problem.errors} == {"/data/vatNumber", "/data/eic"}
    market.ops.post(f"/executions/{execution}/steps/company-info", {"data": entered(SCENARIOS["BSP"])})
    market.ops.reach(execution, step="portfolio")
    points = {
        "accessPoints": [{"ean": EANS[0]}, {"ean": "541448912345678901"}],
        "deliveryPoints": [{"ean": EANS[2], "accessPoint": EANS[0]}],
        "services": ["FCR"],
    }
    with pytest.raises(ApiError) as refused:
        market.ops.post(f"/executions/{execution}/steps/portfolio", {"data": points})
    assert [error.pointer for error in refused.value.problem.errors] == ["/data/accessPoints/1/ean"]
    elsewhere = {**points, "accessPoints": [{"ean": EANS[1]}]}
    with pytest.raises(ApiError) as refused:
        market.ops.post(f"/executions/{execution}/steps/portfolio", {"data": elsewhere})
    [error] = refused.value.problem.errors
    assert error.pointer == "/data" and "not in the portfolio" in error.message
    market.ops.post(f"/executions/{execution}/cancel", {"compensate": True})
    market.ops.reach(execution, status="cancelled")
    assert status_of(market, "BSP") == before


def test_whoever_begins_an_onboarding_does_not_approve_it(market: Market):
    workflow = market.install("market-roles-contract-onboarding-gu")
    execution = market.start(workflow, "GU")
    for step, body in steps_of(SCENARIOS["GU"]).items():
        market.ops.reach(execution, step=step)
        market.ops.post(f"/executions/{execution}/steps/{step}", body)
    market.ops.reach(execution, step="approval")
    with pytest.raises(ApiError) as refused:
        market.ops.post(f"/executions/{execution}/steps/approval", {"outcome": "approved"})
    assert refused.value.code == "four_eyes"
    market.approvers[0].post(f"/executions/{execution}/steps/approval", {"outcome": "rejected"})
    failed = market.ops.reach(execution, status="failed")
    assert failed["error"]["code"] == "refused"
    assert consumers(market, "GU") == []


def test_what_was_changed_by_hand_since_is_not_overwritten_by_a_rollback(market: Market):
    execution = onboard(market, "GU")
    market.ops.post(f"{ROUTES}/roles/GU/suspend", {"reason": "unpaid"})
    market.ops.post(f"/executions/{execution}/rollback", {"toStepId": "company-info", "pause": True})
    stuck = market.ops.when(execution, lambda found: found["error"] is not None)
    assert (stuck["status"], stuck["error"]["code"]) == ("compensating", "market_role_changed")
    assert len(consumers(market, "GU")) == 1, "nothing is undone out of order"
    assert market.ops.get(f"{ROUTES}/roles/GU")["status"] == "suspended"
    market.ops.post(f"/executions/{execution}/skip", {"stepId": "activate", "reason": "it stays suspended"})
    market.ops.reach(execution, status="rolled_back")
    assert consumers(market, "GU") == []
    assert market.ops.get(f"{ROUTES}/roles/GU")["status"] == "suspended"
    assert market.ops.post(f"{ROUTES}/roles/GU/end", {"reason": "unpaid"})["status"] == "ended"
