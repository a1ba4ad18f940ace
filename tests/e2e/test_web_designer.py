"""The designer in the web app: a process is drawn by mouse from an empty canvas, kept over a reload, and published."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.drawing import Drawing, draw_customer_onboarding
from tests.e2e.site import Site, up
from tests.e2e.weft import ROOT

LARGE = {"width": 1920, "height": 1080}
ONBOARDING = ("--actions", "examples.customer_onboarding.actions")


@pytest.fixture(scope="module")
def onboarding_site() -> Iterator[Site]:
    """Weftline with the actions of the customer onboarding."""
    with throwaway_home(memory_disk()) as home, up(home, *ONBOARDING, cwd=ROOT) as site:
        yield site


def test_the_customer_onboarding_is_drawn_by_mouse_survives_a_reload_and_is_published(
    onboarding_site: Site, open_page: OpenPage
) -> None:
    page = open_page(onboarding_site, "/workflows", viewport=LARGE)
    drawing = Drawing(page)
    draw_customer_onboarding(drawing)
    expect(page.get_by_role("button", name="No problems found")).to_be_visible()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert_accessible(page)

    page.reload()
    expect(drawing.nodes).to_have_count(8)
    expect(drawing.edges).to_have_count(9)

    drawing.publish("Drawn for the first time")

    found = onboarding_site.call("/workflows/customer-onboarding")
    assert (found["status"], found["publishedVersion"]) == ("PUBLISHED", 1)
    nodes = {node["id"]: node for node in found["definition"]["nodes"]}
    assert nodes["verify-email"]["timeout"]["next"] == "send-reminder"
    assert nodes["decision-kyc"]["condition"] == "customer.requiresKYC"
    assert (nodes["decision-kyc"]["true"], nodes["decision-kyc"]["false"]) == ("perform-kyc", "activate-account")
    assert nodes["activate-account"]["next"] == "end"
    assert onboarding_site.call("/working-copies")["items"] == []


def test_nodes_are_added_walked_to_copied_and_deleted_by_keyboard(onboarding_site: Site, open_page: OpenPage) -> None:
    page = open_page(onboarding_site, "/workflows", viewport=LARGE)
    drawing = Drawing(page)
    drawing.begin("By keyboard", "by-keyboard")
    drawing.canvas.focus()
    for name in ("Start", "Set data", "End"):
        page.keyboard.press("a")
        page.get_by_role("dialog", name="Add a node").get_by_role("combobox").fill(name)
        page.keyboard.press("Enter")
        expect(page.locator(".svelte-flow__node:focus")).to_contain_text(name)
    expect(drawing.edges).to_have_count(2)
    page.keyboard.press("ArrowLeft")
    expect(drawing.node("set-data")).to_be_focused()
    page.keyboard.press("Control+d")
    expect(drawing.node("set-data-2")).to_be_focused()
    page.keyboard.press("Delete")
    expect(drawing.node("set-data-2")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(drawing.nodes).to_have_count(4)
    page.keyboard.press("Control+y")
    expect(drawing.nodes).to_have_count(3)


def opened(site: Site, open_page: OpenPage, workflow_id: str) -> Drawing:
    """Two steps that lead to each other, and one that stands alone, in the designer."""
    first = {"id": "first", "name": "First", "type": "set", "values": {"first": 1}, "next": "second"}
    second = {"id": "second", "name": "Second", "type": "set", "values": {"second": 2}}
    first["ui"], second["ui"] = {"position": {"x": 80, "y": 80}}, {"position": {"x": 1000, "y": 160}}
    site.call("/workflows", {"id": workflow_id, "name": workflow_id, "nodes": [first, second]})
    drawing = Drawing(open_page(site, f"/workflows/{workflow_id}", viewport=LARGE))
    drawing.expect_links("From First to Second")
    drawing.put("Set data", "alone", 200, 700)
    drawing.panel.get_by_role("textbox", name="Name", exact=True).fill("Alone")
    return drawing


def test_a_node_goes_into_the_middle_of_a_link_from_the_palette_and_by_dragging_one_that_stands_alone(
    onboarding_site: Site, open_page: OpenPage
) -> None:
    drawing = opened(onboarding_site, open_page, "insertion")
    before = ["From First to Second"]

    drawing.drag("alone", drawing.place_on_link())
    with_alone = ["From First to Alone", "From Alone to Second"]
    drawing.undo_and_redo(lambda: drawing.expect_links(*with_alone), lambda: drawing.expect_links(*before))

    canvas = drawing.canvas.bounding_box()
    assert canvas is not None
    x, y = drawing.place_on_link(0)
    source = drawing.palette.get_by_role("button", name="Delay", exact=True)
    source.drag_to(drawing.canvas, target_position={"x": x - canvas["x"], "y": y - canvas["y"]})
    expect(drawing.nodes).to_have_count(4)
    drawing.undo_and_redo(
        lambda: drawing.expect_links("From First to delay", "From delay to Alone", "From Alone to Second"),
        lambda: drawing.expect_links(*with_alone),
    )


def test_a_link_is_led_elsewhere_by_dragging_its_end(onboarding_site: Site, open_page: OpenPage) -> None:
    drawing = opened(onboarding_site, open_page, "reconnection")
    # in its middle there is the button that puts a node there
    drawing.page.mouse.click(*drawing.place_on_link(share=0.25))
    end = drawing.page.locator(".svelte-flow__edgeupdater-target").bounding_box()
    way_in = drawing.node("alone").locator('[data-handleid="in"]').bounding_box()
    assert end is not None
    assert way_in is not None
    drawing.drag_from(
        (end["x"] + end["width"] / 2, end["y"] + end["height"] / 2),
        (way_in["x"] + way_in["width"] / 2, way_in["y"] + way_in["height"] / 2),
    )
    drawing.undo_and_redo(
        lambda: drawing.expect_links("From First to Alone"), lambda: drawing.expect_links("From First to Second")
    )


def test_comments_are_written_and_nodes_are_aligned_and_laid_out_and_each_can_be_undone(
    onboarding_site: Site, open_page: OpenPage
) -> None:
    drawing = opened(onboarding_site, open_page, "arrangement")
    page = drawing.page
    comment = page.get_by_role("textbox", name="Write a comment")

    drawing.canvas.focus()
    page.keyboard.press("n")
    comment.fill("Ask the bank first")
    drawing.undo_and_redo(
        lambda: expect(comment).to_have_value("Ask the bank first"), lambda: expect(comment).to_have_value("")
    )

    drawing.select("first")
    drawing.node("second").click(position={"x": 60, "y": 12}, modifiers=["Shift"])
    tops = lambda: drawing.box("first")["y"] == drawing.box("second")["y"]  # noqa: E731
    assert not tops()
    page.get_by_role("button", name="Align", exact=True).click()
    page.get_by_role("menuitem", name="Tops").click()
    first = drawing.node("first")
    where = first.get_attribute("style")
    assert tops()
    drawing.canvas.focus()
    page.keyboard.press("Control+z")
    assert not tops()

    page.keyboard.press("l")
    expect(first).not_to_have_attribute("style", where or "")
    laid_out = first.get_attribute("style")
    drawing.undo_and_redo(
        lambda: expect(first).to_have_attribute("style", laid_out or ""),
        lambda: expect(first).to_have_attribute("style", where or ""),
    )


def test_nodes_are_copied_from_one_workflow_into_another(onboarding_site: Site, open_page: OpenPage) -> None:
    source = opened(onboarding_site, open_page, "copied-from")
    page = source.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    source.select("first")
    source.node("second").click(position={"x": 60, "y": 12}, modifiers=["Shift"])
    source.canvas.focus()
    page.keyboard.press("Control+c")

    page.goto("/workflows")
    target = Drawing(page)
    target.begin("Copied to", "copied-to")
    target.canvas.focus()
    page.keyboard.press("Control+v")
    target.undo_and_redo(
        lambda: target.expect_links("From First to Second"), lambda: expect(target.nodes).to_have_count(0)
    )
    expect(target.nodes).to_have_count(2)


def test_a_long_workflow_opens_where_it_begins_at_a_scale_that_can_be_read(
    onboarding_site: Site, open_page: OpenPage
) -> None:
    nodes = [
        {
            "id": f"n{at}",
            "type": "set",
            "values": {"at": at},
            "ui": {"position": {"x": at % 20 * 300, "y": at // 20 * 110}},
        }
        for at in range(80)
    ]
    for node, following in itertools.pairwise(nodes):
        node["next"] = following["id"]
    onboarding_site.call("/workflows", {"id": "long", "name": "Long", "nodes": nodes})
    drawing = Drawing(open_page(onboarding_site, "/workflows/long"))
    expect(drawing.node("n0")).to_be_in_viewport()
    assert drawing.box("n0")["width"] >= 0.6 * 224
    drawing.canvas.focus()
    drawing.page.keyboard.press("0")
    expect(drawing.node("n79")).to_be_in_viewport()
    assert drawing.box("n79")["width"] < 0.2 * 224
