"""Webhooks, triggers, variables and message templates in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.site import Site, up


class Receiver(BaseHTTPRequestHandler):
    """Takes whatever is sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"thank you")

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def receiver() -> Iterator[str]:
    """The address of a receiver on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def open_site() -> Iterator[Site]:
    """Weftline that may call addresses inside the network."""
    with throwaway_home(memory_disk()) as home, up(home, allow_private_addresses="true") as site:
        yield site


def test_a_webhook_is_made_tested_and_its_delivery_seen(open_site: Site, receiver: str, open_page: OpenPage):
    page = open_page(open_site, "/webhooks")
    page.get_by_role("button", name="New webhook").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Address").fill(receiver)
    dialog.get_by_label("Name").fill("desk")
    assert_accessible(page)
    dialog.get_by_role("button", name="Create the webhook").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("heading", name="desk")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("row", name="webhook.test").get_by_text("Delivered")).to_be_visible()
    page.get_by_role("button", name="webhook.test").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("Attempt 1")).to_be_visible()
    expect(panel.get_by_text("thank you")).to_be_visible()
    assert_accessible(page)


def test_a_webhook_rests_gets_another_secret_and_a_message_is_delivered_again(
    open_site: Site, receiver: str, open_page: OpenPage
):
    made = open_site.call("/webhooks", {"url": receiver, "name": "till", "kinds": ["execution.failed"]})
    page = open_page(open_site, f"/webhooks/{made['id']}")
    page.get_by_role("button", name="Send a test").click()
    page.get_by_role("button", name="webhook.test").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("Attempt 1")).to_be_visible()
    panel.get_by_role("button", name="Deliver again").click()
    expect(panel.get_by_text("Attempt 2")).to_be_visible()
    panel.get_by_role("button", name="Close").first.click()

    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog", name="Disable till?").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Somebody disabled it.")).to_be_visible()
    expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Somebody disabled it.")).to_have_count(0)
    expect(page.get_by_role("button", name="Send a test")).to_be_enabled()

    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Replace the secret").click()
    dialog = page.get_by_role("dialog", name="Replace the secret")
    dialog.get_by_label("Hours that the old one counts, too").fill("2")
    dialog.get_by_role("button", name="Replace").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    assert made["secret"] not in page.get_by_role("dialog").inner_text()
    assert_accessible(page)
    page.get_by_role("button", name="I have kept it").click()

    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Deliver again what was given up").click()
    dialog = page.get_by_role("dialog", name="Deliver again")
    dialog.get_by_label("Since").fill("2026-01-01T00:00")
    dialog.get_by_role("button", name="Deliver again").click()
    expect(page.get_by_text("0 deliveries are tried again")).to_be_visible()


def test_a_trigger_is_paused_with_a_reason_and_resumed_and_fired(site: Site, open_page: OpenPage):
    site.publish(
        {
            "id": "nightly",
            "triggers": [{"id": "at-two", "type": "schedule", "cron": "0 2 * * *", "timezone": "Europe/Berlin"}],
            "nodes": [{"id": "report", "type": "action", "action": "echo", "input": {}}],
        }
    )
    page = open_page(site, "/triggers")
    page.get_by_role("row").filter(has_text="nightly").get_by_role("link", name="at-two").first.click()
    times = page.get_by_role("listitem").filter(has=page.locator("time"))
    expect(times).to_have_count(5)
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("maintenance")
    dialog.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("maintenance")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="Fire now").click()
    page.get_by_role("dialog").get_by_role("button", name="Fire").click()
    expect(page.get_by_role("link", name="Its last execution")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Backfill").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("would be started")).to_be_visible()


def test_a_workflow_has_variables_of_its_own_that_stand_before_the_tenants(site: Site, open_page: OpenPage):
    site.publish({"id": "shipping", "name": "Shipping", "nodes": [{"id": "end", "type": "end"}]})
    site.call("/variables", {"key": "DEPOT", "type": "STRING", "value": "harbour"})
    page = open_page(site, "/workflows/shipping")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Its variables").click()
    expect(page.get_by_label("Whose")).to_have_value("shipping")
    expect(page.get_by_text("harbour")).to_have_count(0)
    page.get_by_role("button", name="New variable").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("DEPOT")
    dialog.get_by_label("Value").fill("airport")
    dialog.get_by_role("button", name="Create the variable").click()
    expect(page.get_by_role("row", name="DEPOT")).to_contain_text("airport")
    page.get_by_label("Whose").select_option("")
    expect(page.get_by_role("row", name="DEPOT")).to_contain_text("harbour")
    assert site.call("/workflows/shipping/variables/DEPOT")["value"] == "airport"


def test_variables_are_imported_and_a_secret_is_never_shown(site: Site, open_page: OpenPage):
    page = open_page(site, "/variables")
    page.get_by_role("button", name="Import…").click()
    page.get_by_label("Lines").fill('REGION="north"\nREGION_TOKEN=hush\nnonsense')
    expect(page.get_by_text("Line 3")).to_be_visible()
    page.get_by_role("button", name="Import 2 variables").click()
    expect(page.get_by_text("2 variables imported")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("row", name="REGION_TOKEN").get_by_text("kept sealed")).to_be_visible()
    expect(page.get_by_text("north")).to_be_visible()
    expect(page.get_by_text("hush")).to_have_count(0)
    page.get_by_role("button", name="Edit: REGION", exact=True).click()
    page.get_by_role("dialog").get_by_label("Value").fill("south")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("south")).to_be_visible()


def test_a_message_template_is_written_with_a_preview(site: Site, open_page: OpenPage):
    page = open_page(site, "/message-templates")
    page.get_by_role("button", name="New template").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("order-late")
    dialog.get_by_role("textbox", name="Message").fill("Dear ${data.customer.name}, ${nothing.")
    expect(dialog.get_by_text("Ada Lovelace", exact=True)).to_be_visible()
    expect(dialog.get_by_text("does not end")).to_be_visible()
    dialog.get_by_role("textbox", name="Message").fill("Dear ${data.customer.name}")
    dialog.get_by_role("button", name="Create the template").click()
    expect(page.get_by_role("button", name="order-late", exact=True)).to_be_visible()
