"""Triggers of integrations in a browser: chosen in the designer, seen failing, and begun anew."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import expect

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.drawing import Drawing
from tests.e2e.site import Site

SECRET = "it's a Secret to Everybody"
LARGE = {"width": 1600, "height": 1000}
MAIL: dict[str, Any] = {
    "id": "mail",
    "type": "integration",
    "integration": "imap",
    "trigger": "newMail",
    "connection": "office",
    "every": "1h",
}


def test_an_event_of_another_system_is_chosen_in_the_designer_and_published(site: Site, open_page: OpenPage):
    page = open_page(site, "/workflows", viewport=LARGE)
    drawing = Drawing(page)
    drawing.begin("Orders by message", "orders-by-message")
    drawing.put("Set data", "note", 200, 120)
    # beside the canvas stands the workflow itself, once no node is chosen
    drawing.canvas.click(position={"x": 700, "y": 600})
    panel = drawing.panel
    panel.get_by_role("button", name="Triggers").click()
    panel.get_by_role("button", name="Add trigger").click()
    page.get_by_role("menuitem", name="Another system").click()
    panel.get_by_label("Integration", exact=True).select_option(label="RabbitMQ")
    panel.get_by_label("What happens there", exact=True).select_option(index=1)
    expect(panel.get_by_text("A message has come into a queue.")).to_be_visible()
    panel.get_by_role("textbox", name="Queue").fill("orders")
    assert_accessible(page)
    drawing.publish("It takes orders")
    (trigger,) = site.call("/workflows/orders-by-message/triggers")["items"]
    assert trigger["declaration"] == {
        "type": "integration",
        "integration": "amqp",
        "trigger": "message",
        "config": {"queue": "orders"},
    }


def test_a_trigger_tells_what_comes_of_its_looks_and_begins_anew(site: Site, open_page: OpenPage):
    site.publish({"id": "by-mail", "triggers": [MAIL], "nodes": [{"id": "end", "type": "end"}]})
    page = open_page(site, "/triggers")
    page.get_by_role("row").filter(has_text="by-mail").get_by_role("link", name="mail").first.click()
    expect(page.get_by_role("heading", name="The other system")).to_be_visible()

    def is_told() -> bool:
        page.reload()
        expect(page.get_by_role("heading", name="The other system")).to_be_visible()
        return page.get_by_text("there is no connection 'office'").count() > 0

    # the first look may still be under way
    while not is_told():
        pass
    expect(page.get_by_text("Failing").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Begin anew").click()
    with page.expect_response("**/reset") as answer:
        page.get_by_role("dialog").get_by_role("button", name="Begin anew").click()
    assert answer.value.ok
    phone = open_page(site, page.url.removeprefix(site.url), viewport={"width": 390, "height": 800}, locale="de-DE")
    expect(phone.get_by_role("heading", name="Das andere System")).to_be_visible()
    assert_accessible(phone)


def test_a_trigger_tells_what_to_set_at_github_and_its_connection_when_it_was_used(site: Site, open_page: OpenPage):
    credentials = {"webhookSecret": SECRET}
    body = {"integrationId": "github", "name": "code", "authType": "CUSTOM", "credentials": credentials}
    connection = site.call("/connections", body=body)
    trigger = {"id": "issues", "type": "integration", "integration": "github", "trigger": "event", "connection": "code"}
    site.publish({"id": "triage", "triggers": [trigger], "nodes": [{"id": "end", "type": "end"}]})
    (found,) = site.call("/workflows/triage/triggers")["items"]
    url = site.call(f"/triggers/{found['id']}")["url"]
    page = open_page(site, f"/triggers/{found['id']}")
    expect(page.get_by_role("heading", name="Set up at GitHub")).to_be_visible()
    expect(page.get_by_text("Settings › Webhooks › Add webhook")).to_be_visible()
    expect(page.get_by_text("The same as “Webhook secret” of the connection")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{site.url}/connections/{connection['id']}")
    expect(page.get_by_text("Never", exact=True)).to_be_visible()
    assert SECRET not in page.content()

    execution = delivered(site.url + urlsplit(url).path, b'{"action": "opened"}')
    page.reload()
    expect(page.get_by_role("link", name="triage")).to_be_visible()
    expect(page.get_by_role("link", name="Execution", exact=True)).to_have_attribute("href", f"/executions/{execution}")
    assert_accessible(page)
    phone = open_page(
        site, f"/triggers/{found['id']}", viewport={"width": 390, "height": 800}, locale="de-DE", color_scheme="dark"
    )
    expect(phone.get_by_role("heading", name="Einrichten bei GitHub")).to_be_visible()
    assert_accessible(phone)


def delivered(url: str, body: bytes) -> str:
    """What a delivery that GitHub signs has started."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    with urlopen(Request(url, body, headers)) as answer:
        return json.load(answer)["executionId"]
