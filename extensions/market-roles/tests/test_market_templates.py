"""The templates: two common ones for seven roles, each valid, told in both languages, and gone through."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from scenarios import SCENARIOS

from weftline.authoring import ActionError, load_actions
from weftline.language.validate import validate
from weftline.library import connections_of, read_entry
from weftline.testing import WorkflowRun, WorkflowTest
from weftline_market_roles.entries import BASES, composed, entries
from weftline_market_roles.overlay import read_overlay
from weftline_market_roles.overlay_errors import OverlayError
from weftline_market_roles.roles import MarketRole

pytestmark = pytest.mark.usefixtures("plugin")

ENTRIES = {entry["id"]: entry for entry in entries()}
every_entry = pytest.mark.parametrize("id", ENTRIES)
every_role = pytest.mark.parametrize("role", MarketRole)


def definition(base: str, role: str) -> dict[str, Any]:
    made: dict[str, Any] = ENTRIES[f"market-roles-{base}-{role.lower()}"]["definition"]
    return made


def nodes(base: str, role: str) -> list[str]:
    return [node["id"] for node in definition(base, role)["nodes"]]


def test_there_is_one_of_each_for_every_role():
    assert len(ENTRIES) == len(BASES) * len(MarketRole) == 14


@every_entry
def test_a_template_is_an_entry_of_the_library_that_calls_what_there_is(id: str):
    entry = read_entry(ENTRIES[id])
    problems = validate(dict(entry.definition), load_actions().names()).problems
    assert not problems, "\n".join(map(str, problems))
    assert connections_of(entry.definition).keys() == entry.connections.keys()
    jsonschema_rs.validate(entry.definition["input"], entry.sample_input)
    texts = [entry.name, entry.description, *(each.purpose for each in entry.connections.values())]
    texts += [each.title for each in entry.variables]
    assert all(set(each) == {"en", "de"} for each in texts)


@every_role
def test_another_role_than_the_templates_is_refused_when_it_is_started(role: MarketRole):
    schema = definition("contract-onboarding", role)["input"]
    for other in MarketRole:
        assert jsonschema_rs.is_valid(schema, {"marketRole": other}) is (other is role)


def test_roles_differ_where_they_have_to():
    def step(role: str, id: str) -> dict[str, Any]:
        return next(node for node in definition("contract-onboarding", role)["nodes"] if node["id"] == id)

    onboarding = {role: set(nodes("contract-onboarding", role)) for role in MarketRole}
    common = set.intersection(*onboarding.values())
    assert common == {
        "begin", "company-info", "approval", "refused", "create-consumer", "add-to-group", "activate", "tell"
    }  # fmt: skip
    assert {role: sorted(its - common - {"portfolio", "keep-portfolio", "create-credential"})
            for role, its in onboarding.items()} == {
        "BRP": ["guarantee"], "BSP": ["prequalification"], "GU": [], "ACH": ["balance-consent"],
        "CRM": ["data-processing"], "ESP": ["mandates"], "DSO": [],
    }  # fmt: skip
    assert {role for role in MarketRole if "portfolio" not in onboarding[role]} == {"CRM"}
    assert {role for role in MarketRole if "create-credential" not in onboarding[role]} == {"GU"}
    made = {role: step(role, "create-credential")["action"] for role in ("BRP", "ESP", "DSO")}
    assert made == {"BRP": "kong.createKey", "ESP": "kong.createOAuth2", "DSO": "kong.createJwt"}
    assert [step(role, "approval").get("approvals") for role in ("BRP", "DSO")] == [None, 2]
    fields = step("BRP", "company-info")["form"]
    assert fields["properties"]["eic"]["x-validator"] == "market-roles.eic-party" and "eic" in fields["required"]
    assert "approval" not in nodes("portfolio-management", "DSO")


def market(base: str, role: str) -> WorkflowTest:
    """A test of a template, in which other systems do what they should."""
    told = {"role": role, "status": "active", "contractReference": f"{role}-1", "undo": {}}
    test = WorkflowTest(definition(base, role), variables={"MARKET_OPS": "ops", "CONTACT": "c@example.com"})
    for name in ("begin", "activate"):
        test = test.mock(f"market-roles.{name}", returns=told)
    for name in ("undo", "undo-portfolio", "withdraw"):
        test = test.mock(f"market-roles.{name}", returns={})
    test = test.mock("market-roles.require", returns={**told, "gatewayConsumer": "c1", "portfolio": {}})
    test = test.mock("market-roles.keep-portfolio", returns={"added": ["1"], "removed": [], "undo": {}})
    test = test.mock("kong.createConsumer", returns={"id": "c1"}).mock("kong.deleteConsumer", returns={"deleted": True})
    test = test.mock("kong.addToGroup", returns={"consumer": "c1", "group": "g"})
    test = test.mock("kong.removeFromGroup", returns={"deleted": True}).mock("kong.deleteCredential", returns={})
    for name, kind in (("createKey", "key-auth"), ("createJwt", "jwt"), ("createOAuth2", "oauth2")):
        test = test.mock(f"kong.{name}", returns={"id": "k1", "consumer": "c1", "kind": kind})
    return test


def prepared(role: str) -> WorkflowTest:
    """An onboarding up to its approval."""
    scenario = SCENARIOS[role]
    company = {"companyName": "Engie", "vatNumber": scenario.vat, "contactEmail": "a@b.example", **scenario.company}
    test = market("contract-onboarding", role).answer("company-info", data=company, by="ops")
    if scenario.portfolio is not None:
        test = test.answer("portfolio", data=scenario.portfolio, by="ops")
    for step, body in scenario.steps.items():
        test = test.answer(step, by="ops", **body)
    return test


@every_role
def test_a_company_that_is_refused_leaves_nothing_behind(role: str):
    run = prepared(role).answer("approval", outcome="rejected", by="ann").run({"marketRole": role})
    run.assert_failed("refused").assert_not_visited("create-consumer", "activate")
    run.assert_called("market-roles.undo", times=1)


@every_role
def test_a_gateway_that_refuses_the_credential_gives_the_consumer_back(role: str):
    scenario = SCENARIOS[role]
    last = {"key-auth": "kong.createKey", "jwt": "kong.createJwt", "oauth2": "kong.createOAuth2"}
    action = "kong.addToGroup" if scenario.credential is None else last[scenario.credential]
    test = prepared(role)
    for name in ("ann", "ben")[: scenario.approvers]:
        test = test.answer("approval", outcome="approved", by=name)
    run = test.mock(action, raises=ActionError("no", code="http_400", retryable=False)).run({"marketRole": role})
    run.assert_failed("http_400").assert_not_visited("activate")
    run.assert_called("kong.deleteConsumer", times=1, input={"id": "c1"})


@pytest.mark.parametrize(
    ("role", "step", "outcome"), [("BSP", "prequalification", "failed"), ("ACH", "balance-consent", "rejected")]
)
def test_others_than_market_operations_may_refuse_too(role: str, step: str, outcome: str):
    scenario = SCENARIOS[role]
    company = {"companyName": "Engie", "vatNumber": scenario.vat, "contactEmail": "a@b.example", **scenario.company}
    test = market("contract-onboarding", role).answer("company-info", data=company, by="ops")
    test = test.answer("portfolio", data=scenario.portfolio, by="ops").answer(step, outcome=outcome, by="ops")
    test.run({"marketRole": role}).assert_failed("refused").assert_not_visited("approval", "create-consumer")
    test = market("portfolio-management", role).answer("portfolio", data=scenario.more, by="ops")
    run = test.answer(step, outcome=outcome, by="ops").run({"marketRole": role})
    run.assert_failed("refused").assert_not_visited("keep-portfolio")


def changing(role: str, outcome: str) -> WorkflowRun:
    """A change of a portfolio that market operations approve or reject, where anybody asks them."""
    scenario = SCENARIOS[role]
    test = market("portfolio-management", role).answer("portfolio", data=scenario.more, by="ops")
    for step, body in (scenario.more_steps or {}).items():
        test = test.answer(step, by="ops", **body)
    if scenario.more_steps is not None:
        test = test.answer("approval", outcome=outcome, by="ann")
    return test.run({"marketRole": role})


@every_role
def test_a_changed_portfolio_is_kept_once_it_is_approved(role: str):
    run = changing(role, "approved").assert_completed({"marketRole": role, "added": ["1"], "removed": []})
    if SCENARIOS[role].metering:
        run.assert_called("kong.addToGroup", times=1, input={"consumer": "c1", "group": f"metering-{role}"})
    else:
        run.assert_not_called("kong.addToGroup")
    if role == "DSO":
        run.assert_emitted("market-roles.portfolio-changed", correlation="DSO-1")
    else:
        changing(role, "rejected").assert_failed("refused").assert_not_called("market-roles.keep-portfolio")


def test_a_tenants_own_overlay_stands_on_top_of_the_roles():
    own = read_overlay({"steps": [{"remove": "guarantee"}, {"change": "approval", "set": {"dueIn": "1d"}}],
                        "workflow": {"output": {"guarantee": None}}})  # fmt: skip
    made = composed("contract-onboarding", MarketRole.BRP, own)["definition"]
    assert "guarantee" not in [node["id"] for node in made["nodes"]]
    assert not validate(made, load_actions().names()).problems
    with pytest.raises(OverlayError, match="did you mean `guarantee`"):
        composed("contract-onboarding", MarketRole.BRP, read_overlay({"steps": [{"remove": "garantee"}]}))


def test_what_an_overlay_took_away_is_not_asked_for():
    own = read_overlay({"steps": [{"remove": "grant-metering"}]})
    assert composed("portfolio-management", MarketRole.BRP)["connections"].keys() == {"gateway"}
    assert composed("portfolio-management", MarketRole.BRP, own)["connections"] == {}
