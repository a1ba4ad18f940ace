"""Lists tell which workflow something is of by the name that people know."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.e2e.browser import OpenPage
from tests.e2e.site import Site


def named(workflow_id: str, name: str) -> dict[str, Any]:
    """A workflow that waits for a person."""
    return {
        "id": workflow_id,
        "name": name,
        "triggers": [{"id": "called", "type": "webhook"}],
        "nodes": [{"id": "agree", "type": "approval", "name": f"Agree to {workflow_id}"}],
    }


def test_executions_triggers_and_tasks_are_of_workflows_with_names(site: Site, open_page: OpenPage):
    site.publish(named("garden", "Garden party"))
    execution = site.start("garden")["id"]
    page = open_page(site, "/executions")
    row = page.get_by_role("row").filter(has_text=execution)
    expect(row.get_by_text("Garden party")).to_have_attribute("title", "garden")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Garden party", level=1)).to_be_visible()
    page.goto("/triggers")
    expect(page.get_by_role("row", name="called").get_by_text("Garden party").last).to_be_visible()
    page.goto("/tasks")
    expect(page.get_by_role("row", name="Agree to garden").get_by_text("Garden party")).to_be_visible()


def test_a_filter_from_the_address_shows_the_name_of_its_workflow(site: Site, open_page: OpenPage):
    site.publish(named("street", "Street party"))
    page = open_page(site, "/executions?workflow=street")
    expect(page.get_by_role("combobox", name="Workflow")).to_have_value("Street party")


def test_a_name_that_was_changed_is_shown_anew(site: Site, open_page: OpenPage):
    site.publish(named("office", "Office party"))
    site.start("office")
    page = open_page(site, "/executions?workflow=office")
    expect(page.get_by_role("row").get_by_text("Office party")).to_be_visible()
    changed = named("office", "Office summer party")
    site.call("/workflows/office", changed, method="PUT")
    page.reload()
    expect(page.get_by_role("row").get_by_text("Office summer party")).to_be_visible()


def test_who_may_not_read_the_workflow_sees_its_id(site: Site, open_page: OpenPage):
    site.publish(named("secret", "Surprise party"))
    site.start("secret")
    keeper = {"id": "keeper", "name": "Keeper", "permissions": ["task:read", "execution:read"]}
    site.call("/roles", keeper)
    page = open_page(site, "/executions?workflow=secret", email=site.join("keith", "keeper"))
    expect(page.get_by_role("row").get_by_text("secret", exact=True)).to_be_visible()
    expect(page.get_by_text("Surprise party")).to_have_count(0)
