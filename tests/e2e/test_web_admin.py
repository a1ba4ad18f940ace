"""Members, roles, policies, the audit log and tenants, managed in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.pages import settle
from tests.e2e.site import EMAIL, MEMBER_PASSWORD, PASSWORD, Site

FOUR_EYES = (
    'forbid(principal, action == Action::"task:complete", resource)\n'
    "when { resource has startedBy && resource.startedBy == principal.id };"
)
NOBODY_PUBLISHES = 'forbid(principal, action == Action::"workflow:publish", resource);'


def test_a_viewer_sees_no_button_that_they_may_not_use_and_the_server_refuses_it_too(site: Site, open_page: OpenPage):
    viewer = site.join("vera", "author")
    page = open_page(site, "/roles", email=viewer)
    expect(page.get_by_role("link", name="Approver")).to_be_visible()
    expect(page.get_by_role("link", name="New role")).to_have_count(0)
    page.goto("/roles/new")
    expect(page.get_by_text("role:manage")).to_be_visible()
    assert_accessible(page)
    token = next(each.get("value", "") for each in page.context.cookies() if each.get("name") == "weft_csrf")
    body = {"id": "mine", "name": "Mine", "permissions": ["user:manage"]}
    answer = page.request.post("/api/v1/roles", data=body, headers={"X-CSRF-Token": token, "Origin": site.url})
    assert (answer.status, answer.json()["code"]) == (403, "permission_denied")


def test_somebody_who_is_invited_accepts_and_signs_in(site: Site, open_page: OpenPage):
    page = open_page(site, "/users")
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail address").fill("ivy@example.com")
    dialog.get_by_role("checkbox", name="Approver").check()
    assert_accessible(page)
    dialog.get_by_role("button", name="Invite").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("row", name="ivy@example.com")).to_contain_text("Invited")

    guest = open_page(site, accept_address(site, "ivy@example.com"), email=None)
    guest.get_by_label("Your name").fill("Ivy")
    guest.get_by_label("New password").or_(guest.get_by_label("Password", exact=True)).first.fill(MEMBER_PASSWORD)
    guest.get_by_role("button", name="Accept").click()
    expect(guest.get_by_text("Sign in as ivy@example.com")).to_be_visible()
    there = open_page(site, "/tasks", email="ivy@example.com")
    expect(there.get_by_role("button", name="Your account")).to_contain_text("Ivy")


def accept_address(site: Site, email: str) -> str:
    """Where the invitation in the newest message to an address leads."""
    message = site.call(f"/platform/mail?recipient={email}")["items"][0]
    text = site.call(f"/platform/mail/{message['id']}")["text"]
    found = re.search(r"/accept-invitation\S*", text)
    assert found is not None, text
    return found[0]


def test_many_people_are_invited_at_once_and_a_wrong_line_holds_nobody_up(site: Site, open_page: OpenPage):
    page = open_page(site, "/users")
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Lines").fill("email, roles\numa@example.com, viewer\nnobody, viewer\nugo@example.com, author")
    dialog.get_by_role("button", name="Invite 3 people").click()
    expect(dialog.get_by_text("2 invited, 1 refused")).to_be_visible()
    expect(dialog.get_by_role("listitem").filter(has_text="nobody")).to_contain_text("line 3")


def test_a_role_has_what_the_roles_that_it_inherits_have(site: Site, open_page: OpenPage):
    page = open_page(site, "/roles")
    page.get_by_role("link", name="New role").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Night shift")
    expect(page.get_by_role("textbox", name="ID", exact=True)).to_have_value("night-shift")
    page.get_by_role("checkbox", name="Approver").check()
    page.get_by_label("Search permissions").fill("execution:cancel")
    page.get_by_role("checkbox", name="execution:cancel").check()
    page.get_by_role("button", name="Create the role").click()
    expect(page.get_by_role("heading", name="Night shift", level=1)).to_be_visible()
    assert_accessible(page)
    made = site.call("/roles/night-shift")
    assert (made["permissions"], made["inherits"]) == (["execution:cancel"], ["approver"])
    page.get_by_label("Search permissions").fill("task:complete")
    expect(page.get_by_role("listitem").filter(has_text="task:complete")).to_contain_text("from Approver")


def test_a_decision_is_explained_with_the_policy_that_made_it(site: Site, open_page: OpenPage):
    site.call("/policies", {"name": "Freeze", "source": NOBODY_PUBLISHES})
    email = site.join("paula", "author")
    page = open_page(site, "/policies?tab=explain")
    page.get_by_label("Who").fill("paula")
    page.get_by_role("option", name="Paula").click()
    page.get_by_label("Does what").select_option("workflow:publish")
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.get_by_text(f"{email} may not do this: workflow:publish")).to_be_visible()
    expect(page.get_by_role("link", name="The policy “Freeze” forbids it")).to_be_visible()
    assert_accessible(page)
    site.call(f"/policies/{site.call('/policies')['items'][0]['id']}", method="DELETE")


def test_a_policy_is_checked_as_it_is_written(site: Site, open_page: OpenPage):
    page = open_page(site, "/policies/new")
    page.get_by_role("button", name="Four eyes").click()
    expect(page.get_by_text("Nothing is wrong with it")).to_be_visible()
    editor = page.get_by_role("textbox", name="Text in Cedar’s notation")
    editor.fill("forbid(principal, actin, resource);")
    expect(page.get_by_role("listitem").filter(has_text="Line 1")).to_be_visible()
    expect(page.get_by_role("button", name="Create the policy")).to_be_disabled()
    editor.fill(FOUR_EYES)
    page.get_by_role("button", name="Create the policy").click()
    expect(page.get_by_role("heading", name="Four eyes", level=1)).to_be_visible()
    assert_accessible(page)


def test_the_audit_log_tells_what_changed_and_that_it_is_whole(site: Site, open_page: OpenPage):
    group = site.call("/groups", {"name": "Buyers", "roles": ["viewer"]})["id"]
    site.call(f"/groups/{group}", {"name": "Purchasing", "roles": ["viewer"]}, method="PUT")
    page = open_page(site, f"/audit?resourceId={group}")
    page.get_by_role("button", name="group.changed").or_(page.get_by_role("button", name="group.updated")).click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_role("listitem").filter(has_text="name")).to_contain_text("Purchasing")
    assert_accessible(page)
    panel.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text(re.compile(r"The chain of [\d,]+ entries is whole"))).to_be_visible()


def test_an_api_key_is_shown_once_and_revoked(site: Site, open_page: OpenPage):
    page = open_page(site, "/api-keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("ci")
    dialog.get_by_label("Search permissions").fill("workflow:read")
    dialog.get_by_role("checkbox", name="workflow:read").check()
    dialog.get_by_role("button", name="Create the key").click()
    key = page.get_by_test_id("new-key").inner_text()
    who = site.call("/auth/me", headers={"Authorization": f"Bearer {key}"})
    assert who["permissions"] == ["workflow:read"]
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text(key)).to_have_count(0)
    page.get_by_role("button", name="Revoke the key ci?").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("row", name="ci")).to_have_count(0)


def give_reason(page: Page) -> None:
    page.get_by_label("Reason").fill("Ticket 4711")
    page.get_by_role("button", name="Go on").click()


def test_an_operator_makes_a_tenant_enters_it_with_a_reason_and_leaves(site: Site, open_page: OpenPage):
    page = open_page(site, "/platform/tenants")
    give_reason(page)
    page.get_by_role("button", name="New tenant").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("Acme")
    expect(dialog.get_by_label("Short name")).to_have_value("acme")
    dialog.get_by_label("Address of the first administrator").fill("adam@acme.example")
    dialog.get_by_role("button", name="Create the tenant").click()
    expect(page.get_by_role("heading", name="Acme", level=1)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Enter").click()
    question = page.get_by_role("dialog")
    question.get_by_label("Reason").fill("They asked for help")
    question.get_by_role("button", name="Enter").click()
    banner = page.get_by_role("status").filter(has_text="You are a guest in Acme")
    expect(banner).to_contain_text("They asked for help")
    expect(page.get_by_role("button", name="Switch tenant")).to_contain_text("Acme")
    banner.get_by_role("button", name="Leave").click()
    expect(banner).to_have_count(0)
    expect(page.get_by_role("button", name="Switch tenant")).to_contain_text("Default")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_an_operator_goes_from_one_tenant_to_the_next_by_the_menu_and_home_again(site: Site, open_page: OpenPage):
    for slug in ("north", "south"):
        admin = {"email": f"boss@{slug}.example", "password": MEMBER_PASSWORD}
        body = {"name": slug.capitalize(), "slug": slug, "admin": admin}
        site.call("/tenants", body, headers={"X-Reason": "a test"})
    page = open_page(site, "/workflows")
    switch = page.get_by_role("button", name="Switch tenant")
    for name in ("North", "South"):
        switch.click()
        page.get_by_role("menuitem", name="Enter a tenant as operator").click()
        dialog = page.get_by_role("dialog", name="Enter a tenant")
        expect(dialog.get_by_label("Tenant")).to_be_disabled()
        dialog.get_by_label("Reason").fill(f"Ticket 4711, {name}")
        dialog.get_by_label("Tenant").fill(name.lower())
        page.get_by_role("option", name=name).click()
        assert_accessible(page)
        dialog.get_by_role("button", name="Enter", exact=True).click()
        expect(switch).to_contain_text(name)
        expect(page.get_by_role("status").filter(has_text=f"You are a guest in {name}")).to_be_visible()
    page.get_by_role("button", name="Leave", exact=True).click()
    expect(switch).to_contain_text("Default")
    page.get_by_role("link", name="Users").click()
    expect(page.get_by_role("link", name=EMAIL)).to_be_visible()


@pytest.mark.parametrize("path", ["", "/tenants", "/people", "/operators", "/activity", "/keys", "/mail", "/settings"])
def test_a_page_of_the_platform_can_be_used_by_everybody_once_the_reason_is_given(
    site: Site, open_page: OpenPage, path: str
):
    page = open_page(site, f"/platform{path}")
    give_reason(page)
    settle(page)
    expect(page.get_by_text("Reason: Ticket 4711")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_platforms_keys_are_replaced_and_everybody_goes_on(site: Site, open_page: OpenPage):
    site.call("/variables", {"key": "SEALED", "type": "SECRET", "value": "only an example"})
    page = open_page(site, "/platform/keys")
    give_reason(page)
    rows = page.get_by_role("listitem").filter(has_text="signs from")
    expect(rows.first).to_be_visible()
    before = rows.count()
    page.get_by_role("button", name="Replace", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    expect(page.get_by_text("There is a new signing key")).to_be_visible()
    expect(rows).to_have_count(before + 1)
    expect(rows.filter(has_text="Signs soon")).to_have_count(1)
    expect(rows.filter(has_text="In use")).to_have_count(before)
    page.get_by_role("button", name="New data keys").click()
    page.get_by_role("dialog").get_by_role("button", name="New data keys").click()
    expect(page.get_by_role("status").filter(has_text="0 could not be opened")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Version 2").first).to_be_visible()
    page.get_by_role("button", name="It was stolen").click()
    page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Workflows", exact=True).click()
    expect(page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    site.sign_in(EMAIL, PASSWORD)


def test_who_may_use_a_workflow_is_said_on_its_page_and_counts(site: Site, open_page: OpenPage):
    site.publish({"id": "guarded", "name": "Guarded", "nodes": [{"id": "end", "type": "end"}]})
    site.call("/roles", {"id": "nothing", "name": "Nothing yet", "permissions": []})
    email = site.join("wanda", "nothing")
    page = open_page(site, "/workflows/guarded")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Who may use it").click()
    expect(page.get_by_role("heading", name="Who may use Guarded", level=1)).to_be_visible()
    expect(page.get_by_text("Nobody by name")).to_be_visible()
    page.get_by_label("Add somebody").fill("wanda")
    page.get_by_role("option", name="Wanda").click()
    assert_accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Wanda")).to_be_visible()
    theirs = open_page(site, "/workflows", email=email)
    expect(theirs.get_by_role("link", name="Guarded")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    with page.expect_response("**/workflows/guarded/permissions"):
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nobody by name")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert site.call("/workflows/guarded/permissions")["userIds"] == []


def test_somebody_without_rights_over_keys_makes_one_of_their_own(site: Site, open_page: OpenPage):
    page = open_page(site, "/", email=site.join("viola", "viewer"))
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_role("tab", name="Everybody")).to_have_count(0)
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("script")
    dialog.get_by_role("checkbox", name="workflow:read").check()
    dialog.get_by_role("button", name="Create the key").click()
    key = page.get_by_test_id("new-key").inner_text()
    who = site.call("/auth/me", headers={"Authorization": f"Bearer {key}"})
    assert who["permissions"] == ["workflow:read"]


def test_every_role_is_listed_and_found_however_many_there_are(site: Site, open_page: OpenPage):
    for number in range(205):
        site.call("/roles", {"id": f"team-{number:03}", "name": f"Team {number:03}", "permissions": []})
    page = open_page(site, "/roles")
    page.get_by_label("Search roles").fill("Team 204")
    expect(page.get_by_role("link", name="Team 204")).to_be_visible()
    page.goto("/users")
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Search roles").fill("Team 204")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    dialog.get_by_role("checkbox", name="Team 204").check()
    dialog.get_by_label("Search roles").fill("Team 001")
    expect(dialog.get_by_role("checkbox", name="Team 204")).to_be_checked()
    expect(dialog.get_by_role("checkbox")).to_have_count(2)


def test_whoever_belongs_to_two_tenants_switches_between_them(site: Site, open_page: OpenPage):
    email = site.join("tessa", "viewer")
    admin = {"email": "boss@second.example", "password": MEMBER_PASSWORD}
    why = {"X-Reason": "a test"}
    site.call("/tenants", {"name": "Second", "slug": "second", "admin": admin}, headers=why)
    site.call("/tenants/second/members", {"email": email, "roles": ["author"]}, headers=why)
    page = open_page(site, accept_address(site, email))
    page.get_by_role("button", name="Accept").click()
    page = open_page(site, "/users", email=email)
    expect(page.get_by_text("user:read")).to_be_visible()
    page.get_by_role("button", name="Switch tenant").click()
    page.get_by_role("menuitem", name="Second").click()
    expect(page.get_by_role("button", name="Switch tenant")).to_contain_text("Second")
    page.get_by_role("link", name="Users").click()
    expect(page.get_by_role("link", name="boss@second.example")).to_be_visible()
