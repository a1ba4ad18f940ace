"""Integrations and connections in a browser: found, connected, tested, authorised, limited, imported and removed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.authorization_server import CLIENT_ID, CLIENT_SECRET, AuthorizationServer, authorization_server
from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.shop_server import TOKEN, Shop, in_thread, open_shop
from tests.e2e.site import Site, up


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline that may call addresses inside the network."""
    with throwaway_home(memory_disk()) as home, up(home, allow_private_addresses="true") as site:
        yield site


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        yield shop


@pytest.fixture
def authorization() -> Iterator[AuthorizationServer]:
    with in_thread(authorization_server) as server:
        yield server


def to_shop(shop: Shop, name: str, **fields: Any) -> dict[str, Any]:
    """A connection to the shop that works."""
    config = {"baseUrl": shop.url, "testPath": "me"}
    body = {"integrationId": "http", "name": name, "authType": "BEARER", "config": config, **fields}
    return {"credentials": {"token": TOKEN}, **body}


def connect(page: Page) -> Locator:
    """The dialog in which one connects to the system that a page is about."""
    page.get_by_role("button", name="Connect", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    # its form is there once its schemas are
    expect(dialog.get_by_role("textbox", name="Base URL")).to_be_visible()
    return dialog


def test_a_system_is_found_and_what_it_can_do_is_read(site: Site, open_page: OpenPage):
    page = open_page(site, "/")
    page.get_by_role("link", name="Integrations").click()
    cards = page.get_by_role("main").get_by_role("listitem")
    expect(cards.filter(has_text="GitHub")).to_be_visible()
    page.get_by_role("searchbox", name="Find a system").fill("slack")
    expect(cards).to_have_count(1)
    page.get_by_role("searchbox", name="Find a system").fill("")
    page.get_by_label("Category").select_option(label="Databases")
    expect(cards.filter(has_text="PostgreSQL")).to_be_visible()
    expect(cards.filter(has_text="GitHub")).to_have_count(0)
    page.get_by_label("Category").select_option(label="All categories")
    cards.filter(has_text="GitHub").get_by_role("link").click()
    expect(page.get_by_role("heading", name="GitHub", level=1)).to_be_visible()
    page.get_by_role("searchbox", name="Find an action").fill("close")
    page.get_by_role("button", name=re.compile("Close an issue")).click()
    fields = page.get_by_role("listitem").filter(has_text="github.closeIssue")
    expect(fields.get_by_text("whole number").first).to_be_visible()
    expect(fields.get_by_text("completed, not_planned")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("tab", name="Triggers").click()
    expect(page.get_by_role("heading", name="New issue")).to_be_visible()
    assert_accessible(page)


def test_a_connection_is_tested_as_it_is_saved_and_mended_where_it_is_refused(
    site: Site, shop: Shop, open_page: OpenPage
):
    page = open_page(site, "/integrations/http")
    dialog = connect(page)
    dialog.get_by_role("textbox", name="Name").fill("web shop")
    dialog.get_by_role("textbox", name="Path for tests").fill("me")
    dialog.get_by_role("button", name="Save and test").click()
    # what is missing is told where it is missing
    expect(dialog.get_by_role("textbox", name="Base URL")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_role("textbox", name="Token")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_role("textbox", name="Base URL").fill(shop.url)
    token = dialog.get_by_role("textbox", name="Token")
    expect(token).to_have_attribute("type", "password")
    token.fill("a wrong one")
    dialog.get_by_role("button", name="Save and test").click()
    # the server does not know names with spaces
    expect(dialog.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_role("textbox", name="Name").fill("web-shop")
    dialog.get_by_role("button", name="Save and test").click()
    expect(dialog.get_by_role("alert")).to_contain_text("401 Unauthorized")
    assert_accessible(page)
    dialog.get_by_role("textbox", name="Token").fill(TOKEN)
    dialog.get_by_role("button", name="Save and test").click()
    expect(dialog).to_have_count(0)
    row = page.get_by_role("listitem").filter(has_text="web-shop")
    expect(row.get_by_text("Ready")).to_be_visible()
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="web-shop")).to_be_visible()
    assert TOKEN not in page.content()
    shop.is_broken = True
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Failing")).to_contain_text("503")
    shop.is_broken = False
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("Failing", exact=True)).to_have_count(0)
    assert_accessible(page)


def test_limits_are_set_and_a_connection_rests(site: Site, shop: Shop, open_page: OpenPage):
    made = site.call("/connections", to_shop(shop, "limited"))
    page = open_page(site, f"/connections/{made['id']}")
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Steps a minute").fill("120")
    dialog.get_by_label("Attempts").fill("4")
    dialog.get_by_label("Time limit in seconds").fill("700")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Must be 600 or less.")).to_be_visible()
    dialog.get_by_label("Time limit in seconds").fill("12")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    page.reload()
    expect(page.get_by_text("120", exact=True)).to_be_visible()
    limits = site.call(f"/connections/{made['id']}")["limits"]
    assert (limits["timeoutSeconds"], limits["ratePerMinute"], limits["retry"]["maxAttempts"]) == (12, 120, 4)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("This connection is disabled")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Enable").click()
    expect(page.get_by_text("This connection is disabled")).to_have_count(0)
    assert site.call(f"/connections/{made['id']}")["isActive"] is True


def test_an_open_breaker_is_shown_and_closed(site: Site, shop: Shop, open_page: OpenPage):
    made = site.call("/connections", to_shop(shop, "broken", limits={"breakerFailures": 1, "breakerSeconds": 3600}))
    node = {"id": "ask", "type": "action", "action": "http.request", "connection": "broken", "input": {"path": "me"}}
    site.publish(
        {"id": "asks", "nodes": [{**node, "retry": {"maxAttempts": 2, "initialInterval": "1h", "maxInterval": "1h"}}]}
    )
    shop.is_broken = True
    site.start("asks")
    page = open_page(site, f"/connections/{made['id']}")
    while site.call(f"/connections/{made['id']}")["breaker"]["state"] != "OPEN":
        page.reload()
    page.reload()
    expect(page.get_by_text("Circuit breaker open").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    assert site.call(f"/connections/{made['id']}")["breaker"]["state"] == "CLOSED"


def test_access_is_allowed_in_the_browser_and_the_way_back_says_so(
    site: Site, authorization: AuthorizationServer, open_page: OpenPage
):
    authorization.redirects.add(f"{site.url}/oauth/callback")
    page = open_page(site, "/integrations/http")
    dialog = connect(page)
    dialog.get_by_role("textbox", name="Name").fill("by-oauth")
    dialog.get_by_label("Sign in by").select_option(label="OAuth 2.0")
    expect(dialog.get_by_text(f"{site.url}/oauth/callback")).to_be_visible()
    dialog.get_by_role("textbox", name="Client ID").fill(CLIENT_ID)
    dialog.get_by_role("textbox", name="Client secret").fill(CLIENT_SECRET)
    dialog.get_by_role("textbox", name="Base URL").fill(f"{authorization.url}/api")
    dialog.get_by_role("textbox", name="Path for tests").fill("me")
    dialog.get_by_role("textbox", name="Token URL").fill(f"{authorization.url}/token")
    dialog.get_by_role("textbox", name="Authorization URL").fill(f"{authorization.url}/authorize")
    dialog.get_by_role("button", name="Save and test").click()
    expect(dialog.get_by_text("Now allow access at HTTP")).to_be_visible()
    dialog.get_by_role("button", name="Allow access").click()
    page.wait_for_url("**/connections/*?authorized=1")
    expect(page.get_by_text("Access is allowed: the connection is ready")).to_be_visible()
    assert_accessible(page)
    assert authorization.grants == ["authorization_code"]
    # given back, nobody gets in until it is allowed anew; the other system refuses this time
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Give access back").click()
    page.get_by_role("dialog").get_by_role("button", name="Give access back").click()
    expect(page.get_by_text("Needs authorisation")).to_be_visible()
    authorization.redirects.clear()
    page.get_by_role("button", name="Allow access").click()
    page.wait_for_url(f"{authorization.url}/**")
    page.go_back()
    expect(page.get_by_text("Needs authorisation")).to_be_visible()


def test_who_declines_is_told_that_access_was_not_allowed(
    site: Site, authorization: AuthorizationServer, open_page: OpenPage
):
    urls = {"tokenUrl": f"{authorization.url}/token", "authorizationUrl": f"{authorization.url}/authorize"}
    body = {
        "integrationId": "http",
        "name": "declined",
        "authType": "OAUTH2",
        "config": {"baseUrl": f"{authorization.url}/api", **urls},
        "credentials": {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET},
    }
    made = site.call("/connections", body)
    page = open_page(site, f"/connections/{made['id']}")
    # in place of the other system's page, on which somebody declines
    state: list[str] = []

    def decline(route: Any) -> None:
        state.append(re.search("state=([^&]+)", route.request.url)[1])  # type: ignore[index]
        back = f"{site.url}/oauth/callback?error=access_denied&state={state[0]}"
        route.fulfill(status=302, headers={"Location": back})

    page.route(f"{authorization.url}/authorize**", decline)
    page.get_by_role("button", name="Allow access").click()
    page.wait_for_url("**/connections/*?authorized=1")
    notice = page.get_by_role("status").filter(has_text="Access was not allowed")
    expect(notice).to_contain_text("access_denied")


def test_a_document_is_imported_brought_up_to_date_and_removed(site: Site, shop: Shop, open_page: OpenPage):
    page = open_page(site, "/integrations")
    page.get_by_role("button", name="Import OpenAPI").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Address of the document").fill(f"{shop.url}/nothing")
    dialog.get_by_role("button", name="Look at it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("textbox", name="Address of the document").fill(f"{shop.url}/openapi.json")
    dialog.get_by_role("button", name="Look at it").click()
    expect(dialog.get_by_text("1 added")).to_be_visible()
    expect(dialog.get_by_text("/paths/~1stock/get")).to_be_visible()
    assert_accessible(page)
    assert not [each for each in site.call("/integrations?query=shop")["items"] if each["id"] == "web-shop"]
    dialog.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/integrations/web-shop")
    page.get_by_role("button", name=re.compile("Place an order")).click()
    expect(page.get_by_text("POST /orders")).to_be_visible()
    shop.document["paths"]["/orders"]["get"] = {"operationId": "listOrders", "summary": "List orders", "responses": {}}
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Import again").click()
    dialog.get_by_label("Where the document is").select_option(label="In a file, or pasted")
    dialog.get_by_label("Choose a file").set_input_files(
        {"name": "shop.json", "mimeType": "application/json", "buffer": json.dumps(shop.document).encode()}
    )
    expect(dialog.get_by_text("shop.json")).to_be_visible()
    dialog.get_by_role("textbox", name="Base URL").fill(shop.url)
    dialog.get_by_role("button", name="Look at it").click()
    expect(dialog.get_by_text("1 kept")).to_be_visible()
    dialog.get_by_role("button", name="Update").click()
    expect(page.get_by_role("button", name=re.compile("List orders"))).to_be_visible()
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/integrations")
    assert not [each for each in site.call("/integrations?query=shop")["items"] if each["id"] == "web-shop"]


def test_what_workflows_name_is_removed_only_by_who_knows(site: Site, shop: Shop, open_page: OpenPage):
    made = site.call("/connections", to_shop(shop, "named"))
    node = {"id": "ask", "type": "action", "action": "http.request", "connection": "named", "input": {"path": "me"}}
    site.publish({"id": "names-it", "nodes": [node]})
    page = open_page(site, f"/connections/{made['id']}")
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    question = page.get_by_role("dialog")
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(question.get_by_text("'names-it'")).to_be_visible()
    question.get_by_role("textbox").fill("named")
    question.get_by_role("button", name="Delete anyway").click()
    page.wait_for_url("**/connections")
    assert "named" not in [each["name"] for each in site.call("/connections?limit=200")["items"]]


def test_the_dashboard_tells_which_connections_steps_wait_for(site: Site, shop: Shop, open_page: OpenPage):
    made = site.call("/connections", to_shop(shop, "expired", credentials={"token": "of yesterday"}))
    page = open_page(site, "/")
    notice = page.get_by_role("status").filter(has_text="access renewed")
    notice.get_by_role("link", name="expired").click()
    page.wait_for_url(f"**/connections/{made['id']}")
    page.get_by_role("button", name="Change credentials").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Token").fill(TOKEN)
    dialog.get_by_role("button", name="Save and test").click()
    expect(dialog).to_have_count(0)
    assert site.call(f"/connections/{made['id']}")["status"] == "READY"


def test_who_may_only_look_is_offered_nothing_else(site: Site, shop: Shop, open_page: OpenPage):
    made = site.call("/connections", to_shop(shop, "of-the-tenant"))
    viewer, operator = site.join("vera", "viewer"), site.join("otto", "operator")
    page = open_page(site, "/integrations/http", email=viewer)
    expect(page.get_by_role("button", name=re.compile("Send a request"))).to_be_visible()
    expect(page.get_by_role("button", name="Connect", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Connections")).to_have_count(0)
    page.goto("/integrations")
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text="GitHub")).to_be_visible()
    expect(page.get_by_role("button", name="Import OpenAPI")).to_have_count(0)
    page.goto("/connections")
    expect(page.get_by_text("connection:read")).to_be_visible()
    page = open_page(site, f"/connections/{made['id']}", email=operator)
    expect(page.get_by_role("heading", name="of-the-tenant")).to_be_visible()
    expect(page.get_by_role("button", name="Test", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)
    # connections of their own they may have
    page.goto("/integrations/http")
    dialog = connect(page)
    expect(dialog.get_by_label("The tenant’s")).to_be_disabled()
    dialog.get_by_role("textbox", name="Base URL").fill(shop.url)
    dialog.get_by_role("textbox", name="Path for tests").fill("me")
    dialog.get_by_role("textbox", name="Token").fill(TOKEN)
    dialog.get_by_role("textbox", name="Name").fill("ottos-own")
    dialog.get_by_role("button", name="Save and test").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="ottos-own").click()
    expect(page.get_by_role("button", name="Test", exact=True)).to_be_visible()
