"""Types of nodes that plugins add, in the designer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.drawing import Drawing
from tests.e2e.gadgets import installed
from tests.e2e.site import Site, up
from tests.e2e.stamps import STAMPS
from weftline.api.web_app import BUILT

LARGE = {"width": 1600, "height": 1000}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline with a plugin that adds a type of node."""
    assert (BUILT / "index.html").is_file(), "the web app is not built: make app"
    with throwaway_home(memory_disk()) as home, installed(home / "installed", STAMPS), up(home) as site:
        yield site


def stored(site: Site, workflow_id: str) -> dict[str, dict[str, Any]]:
    """The nodes of a workflow as they are stored, by id."""
    return {each["id"]: each for each in site.call(f"/workflows/{workflow_id}")["definition"]["nodes"]}


def test_a_plugins_node_is_put_on_the_canvas_filled_in_copied_published_and_runs(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(site, "/workflows", viewport=LARGE)
    drawing = Drawing(page)
    drawing.begin("Stamping", "stamping")
    expect(drawing.palette.get_by_role("heading", name="Stamps")).to_be_visible()
    drawing.put("Press a stamp", "first", 200, 120)
    expect(drawing.node("first")).to_contain_text("Press a stamp")
    drawing.canvas.focus()
    # its id, then the node itself
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(drawing.nodes).to_have_count(0)
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    expect(drawing.node("first")).to_contain_text("Press a stamp")

    drawing.select("first")
    form = drawing.panel.get_by_role("group", name="Press a stamp")
    expect(drawing.panel.get_by_text("Presses a stamp on a document.")).to_be_visible()
    form.get_by_role("combobox", name="ink", exact=True).select_option("blue")
    form.get_by_role("spinbutton", name="copies").fill("2")
    form.get_by_role("textbox", name="reason").fill("Checked")
    expect(page.get_by_role("button", name="No problems found")).to_be_visible()
    assert_accessible(page)

    drawing.canvas.focus()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(drawing.nodes).to_have_count(2)
    page.keyboard.press("Delete")
    expect(drawing.nodes).to_have_count(1)
    drawing.select("first")
    drawing.canvas.focus()
    page.keyboard.press("a")
    page.get_by_role("dialog", name="Add a node").get_by_role("combobox").fill("Press")
    page.keyboard.press("Enter")
    expect(drawing.node("press-a-stamp")).to_be_visible()
    # its ink is missing still
    expect(page.get_by_role("button", name="1 problem")).to_be_visible()
    drawing.panel.get_by_role("combobox", name="ink", exact=True).select_option("red")
    expect(page.get_by_role("button", name="No problems found")).to_be_visible()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    page.reload()
    expect(drawing.nodes).to_have_count(2)
    drawing.select("first")
    expect(drawing.panel.get_by_role("spinbutton", name="copies")).to_have_value("2")
    drawing.publish("Drawn with stamps")
    first = stored(site, "stamping")["first"]
    assert (first["type"], first["ink"], first["copies"], first["reason"]) == ("stamps.press", "blue", 2, "Checked")
    assert first["expansion"]["input"] == {"ink": "blue", "copies": 2, "reason": "Checked"}
    ran = site.start("stamping", wait=30, input={})
    assert ran["status"] == "completed"

    page.goto(f"/executions/{ran['id']}")
    expect(page.locator('.svelte-flow__node[data-id="first"]')).to_contain_text("Press a stamp")
    assert_accessible(page)


def test_what_a_plugin_says_of_its_nodes_is_said_in_the_persons_language(site: Site, open_page: OpenPage) -> None:
    node = {"id": "stempel", "type": "stamps.press", "ink": "blue"}
    site.call("/workflows", {"id": "stempeln", "nodes": [node]})
    page = open_page(site, "/workflows/stempeln", viewport=LARGE, locale="de-DE")
    card = page.locator('.svelte-flow__node[data-id="stempel"]')
    expect(card).to_contain_text("Stempeln")
    card.click(position={"x": 60, "y": 12})
    expect(page.get_by_role("complementary").get_by_text("Stempelt ein Dokument.")).to_be_visible()
    assert_accessible(page)


def test_a_node_whose_plugin_is_not_there_is_shown_kept_and_told(site: Site, open_page: OpenPage) -> None:
    press = {"id": "press", "name": "Press it", "type": "stamps.press", "ink": "red", "copies": 3, "next": "last"}
    last = {"id": "last", "name": "Last", "type": "set", "values": {"done": True}}
    press["ui"], last["ui"] = {"position": {"x": 100, "y": 100}}, {"position": {"x": 500, "y": 100}}
    site.call("/workflows", {"id": "orphaned", "name": "Orphaned", "nodes": [press, last]})
    before = stored(site, "orphaned")["press"]
    site.call("/plugins/stamps/disable", method="POST")
    try:
        drawing = Drawing(open_page(site, "/workflows/orphaned", viewport=LARGE))
        page = drawing.page
        expect(drawing.node("press")).to_contain_text("stamps.press")
        drawing.expect_links("From Press it to Last")
        expect(drawing.palette.get_by_role("button", name="Press a stamp")).to_have_count(0)
        drawing.select("press")
        expect(drawing.panel.get_by_text("The plugin “stamps” is not here")).to_be_visible()
        assert_accessible(page)
        # what is done to others, and where it stands, leaves it as it is
        drawing.select("last")
        with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
            drawing.panel.get_by_role("textbox", name="Name", exact=True).fill("The last")
        page.reload()
        expect(drawing.node("last")).to_contain_text("The last")
        expect(drawing.node("press")).to_contain_text("stamps.press")
        # it cannot be published anew without the plugin, and says so
        expect(page.get_by_role("button", name="1 problem")).to_be_visible()
        assert stored(site, "orphaned")["press"] == before
    finally:
        site.call("/plugins/stamps/enable", method="POST")
    page.reload()
    expect(drawing.node("press")).to_contain_text("Press a stamp")
    expect(page.get_by_role("button", name="No problems found")).to_be_visible()
    drawing.publish("With the plugin again")
    after = stored(site, "orphaned")
    assert after["last"]["name"] == "The last"
    assert {name: value for name, value in after["press"].items() if name != "ui"} == {
        name: value for name, value in before.items() if name != "ui"
    }
