"""Typing over what is selected in an editor; the content security policy has nothing to complain of."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.e2e.browser import OpenPage
from tests.e2e.drawing import Drawing
from tests.e2e.site import Site

ASKS: dict[str, Any] = {
    "id": "asks",
    "nodes": [
        {
            "id": "large",
            "type": "decision",
            "condition": "input.amount > 100 && input.note == 'x'",
            "true": "end",
            "false": "end",
        },
        {"id": "end", "type": "end"},
    ],
}


def test_an_expression_is_typed_over_without_a_complaint(site: Site, open_page: OpenPage):
    site.call("/workflows", ASKS)
    page = open_page(site, "/workflows/asks")
    drawing = Drawing(page)
    drawing.select("large")
    editor = drawing.panel.get_by_role("textbox", name="Condition")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("true || ")
    # of what has a colour
    page.keyboard.type("false")
    page.keyboard.press("Control+Shift+ArrowLeft")
    page.keyboard.type("'y' == 'y'")
    expect(editor).to_have_text("true || 'y' == 'y'")
    page.keyboard.press("Control+z")
    expect(editor).not_to_have_text("true || 'y' == 'y'")


def test_what_is_selected_is_put_in_brackets(site: Site, open_page: OpenPage):
    site.call("/workflows", {**ASKS, "id": "brackets"})
    page = open_page(site, "/workflows/brackets")
    drawing = Drawing(page)
    drawing.select("large")
    editor = drawing.panel.get_by_role("textbox", name="Condition")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("(")
    expect(editor).to_have_text("(input.amount > 100 && input.note == 'x')")
