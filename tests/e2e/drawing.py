"""Drawing a workflow in the designer, as people do it by mouse."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FloatRect, Locator, Page, expect

PLACE_ON_LINK = """
([at, share]) => {
  const path = document.querySelectorAll('.svelte-flow__edge-path')[at];
  const { x, y } = path.getPointAtLength(path.getTotalLength() * share).matrixTransform(path.getScreenCTM());
  return [x, y];
}
"""


class Drawing:
    """A workflow that is being drawn."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.palette = page.get_by_role("region", name="Palette")
        self.canvas = page.get_by_role("application", name="Canvas of the workflow")
        self.panel = page.get_by_role("complementary")
        self.nodes = page.locator(".svelte-flow__node")
        self.edges = page.locator(".svelte-flow__edge")

    def begin(self, name: str, workflow_id: str) -> None:
        self.page.get_by_role("button", name="New workflow").first.click()
        dialog = self.page.get_by_role("dialog", name="New workflow")
        dialog.get_by_role("textbox", name="Name").fill(name)
        dialog.get_by_role("textbox", name="Id").fill(workflow_id)
        dialog.get_by_role("button", name="Create and open").click()
        self.page.wait_for_url(f"**/workflows/{workflow_id}")

    def node(self, node_id: str) -> Locator:
        return self.page.locator(f'.svelte-flow__node[data-id="{node_id}"]')

    def put(self, item: str, node_id: str, x: int, y: int) -> None:
        """Drag something from the palette to a place of the canvas, and give it an id."""
        count = self.nodes.count()
        source = self.palette.get_by_role("button", name=item, exact=True)
        source.drag_to(self.canvas, target_position={"x": x, "y": y})
        expect(self.nodes).to_have_count(count + 1)
        field = self.panel.get_by_role("textbox", name="ID", exact=True)
        field.fill(node_id)
        field.press("Tab")
        expect(self.node(node_id)).to_be_visible()

    def join(self, source: str, port: str, target: str) -> None:
        """Drag from a way out of a node to the way in of another."""
        count = self.edges.count()
        self.node(source).hover()
        begin = self.node(source).locator(f'[data-handleid="{port}"]').bounding_box()
        end = self.node(target).locator('[data-handleid="in"]').bounding_box()
        assert begin is not None
        assert end is not None
        mouse = self.page.mouse
        mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + begin["height"] / 2)
        mouse.down()
        mouse.move(end["x"] + 40, end["y"] + 30, steps=5)
        mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)
        mouse.up()
        expect(self.edges).to_have_count(count + 1)

    def box(self, node_id: str) -> FloatRect:
        """Where a node stands on the page."""
        box = self.node(node_id).bounding_box()
        assert box is not None
        return box

    def drag(self, node_id: str, to: tuple[float, float]) -> None:
        """Drag a node by its head to a place of the page."""
        box = self.box(node_id)
        self.drag_from((box["x"] + 60, box["y"] + 12), to)

    def drag_from(self, begin: tuple[float, float], to: tuple[float, float]) -> None:
        """Drag from one place of the page to another."""
        mouse = self.page.mouse
        mouse.move(*begin)
        mouse.down()
        mouse.move(*to, steps=12)
        mouse.up()

    def place_on_link(self, edge: int = 0, share: float = 0.5) -> tuple[float, float]:
        """A place of the page that a link goes through, so far along it."""
        x, y = self.page.evaluate(PLACE_ON_LINK, [edge, share])
        return x, y

    def expect_links(self, *links: str) -> None:
        """Each as ``From … to …``, by the names of the nodes, and no others."""
        expect(self.edges).to_have_count(len(links))
        for link in links:
            expect(self.page.get_by_label(link, exact=True)).to_have_count(1)

    def undo_and_redo(self, done: Callable[[], None], undone: Callable[[], None]) -> None:
        """What is done can be undone, and done again, by keyboard."""
        done()
        self.canvas.focus()
        self.page.keyboard.press("Control+z")
        undone()
        self.page.keyboard.press("Control+y")
        done()

    def select(self, node_id: str) -> None:
        self.node(node_id).click(position={"x": 60, "y": 12})
        expect(self.panel.get_by_role("textbox", name="ID", exact=True)).to_have_value(node_id)

    def publish(self, what_changed: str, number: int = 1) -> None:
        """Publish what is drawn, as the version of this number."""
        self.page.get_by_role("button", name="Publish", exact=True).click()
        dialog = self.page.get_by_role("dialog", name="Publish")
        dialog.get_by_role("textbox", name="What has changed?").fill(what_changed)
        dialog.get_by_role("button", name="Publish", exact=True).click()
        expect(self.page.get_by_text(f"is published as version {number}")).to_be_visible()


def draw_customer_onboarding(drawing: Drawing) -> None:
    """From an empty canvas: eight nodes, nine links, a decision and a person."""
    drawing.begin("Customer Onboarding Process", "customer-onboarding")
    drawing.put("Create customer", "create-customer", 130, 80)
    drawing.put("Wait for an event", "verify-email", 420, 80)
    drawing.panel.get_by_role("textbox", name="Event", exact=True).fill("email-verified")
    drawing.join("create-customer", "next", "verify-email")
    drawing.put("Send reminder email", "send-reminder", 420, 300)
    drawing.join("verify-email", "timeout", "send-reminder")
    drawing.join("send-reminder", "next", "verify-email")
    drawing.put("Create user account", "create-account", 720, 80)
    drawing.join("verify-email", "next", "create-account")
    drawing.put("Decision", "decision-kyc", 720, 300)
    drawing.join("create-account", "next", "decision-kyc")
    drawing.put("Human task", "perform-kyc", 420, 460)
    drawing.join("decision-kyc", "true", "perform-kyc")
    drawing.put("Activate customer account", "activate-account", 720, 560)
    drawing.join("decision-kyc", "false", "activate-account")
    drawing.join("perform-kyc", "next", "activate-account")
    drawing.put("End", "end", 720, 700)
    drawing.join("activate-account", "next", "end")
    drawing.select("decision-kyc")
    drawing.panel.get_by_role("textbox", name="Condition").click()
    drawing.page.keyboard.type("customer.requiresKYC")
