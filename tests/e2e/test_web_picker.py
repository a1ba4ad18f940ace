"""Actions of integrations in the designer: found, drawn, connected, filled in, and run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.drawing import Drawing
from tests.e2e.shop_server import TOKEN, Shop, open_shop
from tests.e2e.site import Site, up

LARGE = {"width": 1600, "height": 1000}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline that may call addresses inside the network."""
    with throwaway_home(memory_disk()) as home, up(home, allow_private_addresses="true") as site:
        yield site


@pytest.fixture(scope="module")
def shop(site: Site) -> Iterator[Shop]:
    """A shop whose document is imported."""
    with open_shop() as shop:
        site.call("/integrations/import", {"url": f"{shop.url}/openapi.json"})
        yield shop


def test_a_workflow_with_an_imported_action_is_drawn_connected_published_and_run(
    site: Site, shop: Shop, open_page: OpenPage
):
    page = open_page(site, "/workflows", viewport=LARGE)
    drawing = Drawing(page)
    drawing.begin("Order pens", "order-pens")
    search = drawing.palette.get_by_role("searchbox")
    search.fill("order")
    drawing.put("Place an order", "place", 200, 120)
    assert_accessible(page)
    panel = drawing.panel
    expect(panel.get_by_text("There is no connection to Web shop yet.")).to_be_visible()
    panel.get_by_role("button", name="Connect a new one").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("till")
    dialog.get_by_role("textbox", name="Token").fill(TOKEN)
    dialog.get_by_role("button", name="Save and test").click()
    expect(dialog).to_have_count(0)
    expect(panel.get_by_role("combobox", name="Connection", exact=True)).to_have_value("till")
    expect(panel.get_by_text("What is ordered.").first).to_be_visible()
    panel.get_by_label("Kind of “article”").select_option("expression")
    editor = panel.get_by_role("textbox", name="article")
    editor.click()
    # between the braces
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type("input.what ")
    panel.get_by_role("button", name="What it gives").click()
    expect(panel.get_by_text("steps.place.output", exact=True)).to_be_visible()
    search.fill("")
    drawing.put("Set data", "note", 200, 320)
    drawing.join("place", "next", "note")
    drawing.publish("It orders")
    assert shop.orders == []
    ran = site.start("order-pens", wait=30, input={"what": "pens"})
    assert ran["status"] == "completed", ran
    assert shop.orders == [{"article": "pens"}]
    page.goto(f"/executions/{ran['id']}")
    expect(page.get_by_text("Place an order").first).to_be_visible()


def test_an_action_is_chosen_among_all_and_its_system_is_told(site: Site, shop: Shop, open_page: OpenPage):
    site.call("/workflows", {"id": "chosen", "nodes": [{"id": "do", "type": "action", "action": "echo"}]})
    page = open_page(site, "/workflows/chosen", viewport=LARGE)
    drawing = Drawing(page)
    drawing.select("do")
    drawing.panel.get_by_role("button", name="Choose an action").click()
    picker = page.get_by_role("dialog", name="Choose an action")
    picker.get_by_role("combobox").fill("send message")
    group = picker.get_by_role("group", name="Slack")
    expect(group.get_by_role("option", name=re.compile("Send a message"))).to_be_visible()
    assert_accessible(page)
    group.get_by_role("option", name=re.compile("Send a message")).click()
    expect(drawing.panel.get_by_role("textbox", name="Action")).to_have_value("slack.sendMessage")
    expect(drawing.panel.get_by_role("link", name="Slack")).to_be_visible()
    # its own words on what it takes
    expect(drawing.panel.get_by_role("textbox", name="channel")).to_be_visible()
    expect(drawing.panel.get_by_text("What it says, in Slack's mrkdwn.")).to_be_visible()
    assert_accessible(page)


def test_the_palette_leads_into_a_system_and_back(site: Site, shop: Shop, open_page: OpenPage):
    site.call("/workflows", {"id": "leads", "nodes": [{"id": "end", "type": "end"}]})
    drawing = Drawing(open_page(site, "/workflows/leads", viewport=LARGE))
    drawing.palette.get_by_role("button", name="PostgreSQL").click()
    expect(drawing.palette.get_by_role("heading", name="PostgreSQL")).to_be_visible()
    expect(drawing.palette.get_by_role("button", name="Decision", exact=True)).to_have_count(0)
    drawing.palette.get_by_role("button", name="Everything").click()
    expect(drawing.palette.get_by_role("button", name="Decision", exact=True)).to_be_visible()
