"""The plugin's part of the API, and its page, as people and programs meet them."""

from __future__ import annotations

from typing import Any

import pytest
from market_server import ROUTES, Market, Person

from weftline.client import ApiError


def refused(person: Person, method: str, path: str, body: Any = None) -> ApiError:
    with pytest.raises(ApiError) as raised:
        if method == "GET":
            person.get(f"{ROUTES}{path}")
        elif method == "PATCH":
            person.patch(f"{ROUTES}{path}", body)
        else:
            person.post(f"{ROUTES}{path}", body)
    return raised.value


@pytest.fixture
def company(market: Market) -> Person:
    """The administrator of a company of its own, which has no role yet."""
    return market.found()


def test_roles_are_assigned_changed_and_ended_by_hand(company: Person):
    assert company.get(f"{ROUTES}/roles") == {"items": [], "nextCursor": None}
    made = company.post(f"{ROUTES}/roles", {"role": "ESP", "contractReference": "ESP-7"})
    assert made == {
        "role": "ESP", "name": "Energy Service Provider", "status": "pending", "contractReference": "ESP-7",
        "companyName": None, "vatNumber": None, "gatewayConsumer": None, "executionId": None, "reason": None,
    }  # fmt: skip
    assert company.post(f"{ROUTES}/roles/ESP/activate")["status"] == "active"
    suspended = company.post(f"{ROUTES}/roles/ESP/suspend", {"reason": "unpaid"})
    assert (suspended["status"], suspended["reason"]) == ("suspended", "unpaid")
    changed = company.patch(f"{ROUTES}/roles/ESP", {"contractReference": "ESP-8"})
    assert (changed["status"], changed["contractReference"]) == ("suspended", "ESP-8")
    assert company.post(f"{ROUTES}/roles/ESP/activate")["contractReference"] == "ESP-8"
    assert company.post(f"{ROUTES}/roles/ESP/end")["status"] == "ended"
    active = company.post(f"{ROUTES}/roles", {"role": "BRP", "status": "active"})
    assert active["contractReference"].startswith("BRP-") and active["contractReference"].endswith("-001")
    assert [each["role"] for each in company.get(f"{ROUTES}/roles")["items"]] == ["BRP", "ESP"]


def test_a_role_goes_only_where_it_may(company: Person):
    company.post(f"{ROUTES}/roles", {"role": "GU"})
    problem = refused(company, "POST", "/roles/GU/suspend")
    assert (problem.status, problem.problem.plugin_code) == (409, "market-roles.wrong_role_status")
    assert "cannot become suspended: it is pending" in problem.problem.detail
    company.post(f"{ROUTES}/roles/GU/end")
    assert refused(company, "PATCH", "/roles/GU", {"contractReference": "X"}).status == 409


def test_what_is_not_there_is_told(company: Person):
    for method, path in (("GET", ""), ("GET", "/portfolio"), ("POST", "/activate"), ("POST", "/end")):
        problem = refused(company, method, f"/roles/DSO{path}")
        assert (problem.status, problem.problem.plugin_code) == (404, "market-roles.role_not_assigned")
        problem = refused(company, method, f"/roles/TSO{path}")
        assert (problem.status, problem.problem.plugin_code) == (404, "market-roles.unknown_role")
        assert "BRP, BSP, GU" in problem.problem.detail


def test_a_body_that_is_wrong_is_told_field_by_field(company: Person):
    problem = refused(company, "POST", "/roles", {"role": "TSO", "status": "ended", "more": 1})
    assert problem.status == 422
    assert {error.pointer for error in problem.problem.errors} == {"/role", "/status", "/more"}
    assert company.get(f"{ROUTES}/roles")["items"] == []


def test_a_company_sees_its_own_roles_only(market: Market, company: Person):
    company.post(f"{ROUTES}/roles", {"role": "ACH", "status": "active"})
    other = market.found()
    assert other.get(f"{ROUTES}/roles")["items"] == []
    assert other.get(f"{ROUTES}/points")["items"] == []
    assert refused(other, "GET", "/roles/ACH").status == 404


def test_who_only_looks_changes_nothing(market: Market):
    assert "items" in market.viewer.get(f"{ROUTES}/roles")
    for path, body in (("/roles", {"role": "GU"}), ("/compose", {"template": "contract-onboarding", "role": "GU"})):
        assert refused(market.viewer, "POST", path, body).code == "permission_denied"


def test_what_happened_to_a_role_is_in_the_audit_log(company: Person):
    company.post(f"{ROUTES}/roles", {"role": "CRM"})
    entries = company.get("/audit?limit=50")["items"]
    assert any("CRM" in str(entry) and "roles" in str(entry) for entry in entries)


def test_a_template_is_composed_with_an_overlay_of_ones_own_and_stored(company: Person):
    overlay = {
        "workflow": {"output": {"guarantee": None}},
        "steps": [
            {"remove": "guarantee"},
            {
                "change": "company-info",
                "fields": {"parent": {"type": "string"}},
                "validators": {"parent": "market-roles.vat"},
            },
            {"add": [{"id": "credit-check", "type": "approval", "assignTo": "credit"}], "before": "approval"},
            {"replace": "tell", "with": {"type": "emit", "event": "company-onboarded"}},
        ],
    }
    asked = {"template": "contract-onboarding", "role": "BRP", "overlay": overlay}
    definition = company.post(f"{ROUTES}/compose", asked)["definition"]
    ids = [node["id"] for node in definition["nodes"]]
    assert "guarantee" not in ids and ids.index("credit-check") == ids.index("approval") - 1
    stored = company.post("/workflows", {**definition, "id": "own-onboarding"})
    assert stored["id"] == "own-onboarding"


def test_an_overlay_that_does_not_fit_is_told_with_every_place(company: Person):
    overlay = {"steps": [{"remove": "garantee"}, {"change": "approval", "requried": []}]}
    asked = {"template": "contract-onboarding", "role": "BRP", "overlay": overlay}
    problem = refused(company, "POST", "/compose", asked)
    assert (problem.status, problem.problem.plugin_code) == (422, "market-roles.invalid_overlay")
    assert [error.pointer for error in problem.problem.errors] == ["/overlay/steps/1/requried"]
    asked["overlay"] = {"steps": [{"remove": "garantee"}, {"remove": "refused"}]}
    problem = refused(company, "POST", "/compose", asked)
    assert [error.pointer for error in problem.problem.errors] == ["/overlay/steps/0/remove", "/overlay/steps/1/remove"]
    assert "did you mean `guarantee`?" in problem.problem.errors[0].message


def test_the_templates_are_listed_and_are_in_the_library(company: Person):
    listed = [each["id"] for each in company.get(f"{ROUTES}/templates")["items"]]
    assert len(listed) == 14
    there = {each["id"] for each in company.get("/library?limit=200&category=energy")["items"]}
    assert set(listed) <= there


def test_the_page_is_there_for_everybody_and_its_buttons_for_administrators(market: Market, company: Person):
    [panel] = [each for each in company.get("/plugins/panels")["items"] if each["pluginId"] == "market-roles"]
    assert panel["title"] == {"en": "Market roles", "de": "Marktrollen"}
    tables = [section for section in panel["sections"] if section["type"] == "table"]
    assert [table["source"] for table in tables] == ["/roles", "/points", "/templates"]
    assert len(tables[0]["actions"]) == 1 and len(tables[0]["rowActions"]) == 4
    [seen] = [each for each in market.viewer.get("/plugins/panels")["items"] if each["pluginId"] == "market-roles"]
    shown = [section for section in seen["sections"] if section["type"] == "table"]
    assert shown[0]["actions"] == [] and shown[0]["rowActions"] == []


def test_a_company_that_has_disabled_the_plugin_has_none_of_it(company: Person):
    company.post(f"{ROUTES}/roles", {"role": "BSP", "status": "active"})
    company.post("/plugins/market-roles/disable")
    assert refused(company, "GET", "/roles").code == "plugin_disabled"
    assert all(each["pluginId"] != "market-roles" for each in company.get("/plugins/panels")["items"])
    assert all(each["id"][:12] != "market-roles" for each in company.get("/library?limit=200")["items"])
    company.post("/plugins/market-roles/enable")
    assert company.get(f"{ROUTES}/roles/BSP")["status"] == "active", "nothing was lost"
