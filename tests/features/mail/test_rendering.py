"""Messages from templates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from weftline.features.mail.rendering import MAX_PROSE, MAX_TEXT, Choice, Prose, TemplateName, render

LINK = "https://weftline.example/do?token=abc&next=1"
MOMENT = datetime(2026, 3, 1, 9, 10, tzinfo=UTC)

TASK = {"name": "Ada", "task": "Approve", "workflow": "purchase", "due_at": MOMENT}
VALUES: dict[str, dict[str, Any]] = {
    "verify_email": {"name": "Ada", "link": LINK, "valid_for": timedelta(hours=24)},
    "account_exists": {"name": "Ada", "occurred_at": MOMENT, "address": "192.0.2.1"},
    "email_changed": {"name": "Ada", "new_email": "ada@new.test", "occurred_at": MOMENT, "address": "192.0.2.1"},
    "second_factor": {"name": "Ada", "change": "It was removed", "occurred_at": MOMENT, "address": "192.0.2.1"},
    "reset_password": {"name": "Ada", "link": LINK, "valid_for": timedelta(hours=1)},
    "password_changed": {"name": "Ada", "occurred_at": MOMENT, "address": "192.0.2.1"},
    "invitation": {"tenant": "Acme", "inviter": "Grace", "link": LINK, "valid_for": timedelta(days=7)},
    "new_sign_in": {"name": "Ada", "occurred_at": MOMENT, "address": "192.0.2.1", "user_agent": "Firefox"},
    "account_locked": {"name": "Ada", "occurred_at": MOMENT, "address": "192.0.2.1"},
    "task_assigned": {**TASK, "link": LINK},
    "task_escalated": {**TASK, "link": LINK},
    "task_overdue": {**TASK, "link": LINK},
    "task_link": {**TASK, "choices": [Choice("Approve", LINK)], "valid_for": timedelta(days=7)},
    "notification": {"subject": "Shipped", "message": Prose("It is on its way.")},
    "webhook_disabled": {
        "name": "Ada",
        "webhook": "orders",
        "tenant": "Acme",
        "reason": "it has not answered for a day",
        "error": "HTTP 500",
        "link": LINK,
    },
    "connection_refused": {
        "name": "Ada",
        "connection": "team-chat",
        "integration": "slack",
        "tenant": "Acme",
        "reason": "token_revoked",
        "link": LINK,
    },
    "execution_failed": {"subject": "It failed", "message": Prose("It is over."), "link": LINK},
}

TEMPLATES: tuple[TemplateName, ...] = get_args(TemplateName)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_shows_its_values_in_text_and_html(template: TemplateName):
    content = render(template, VALUES[template])
    assert content.subject and "\n" not in content.subject
    for body in (content.text, content.html):
        assert "$" not in body
        for value in VALUES[template].values():
            if isinstance(value, str) and value != LINK:
                assert value in body
        if MOMENT in VALUES[template].values():
            assert "2026-03-01 09:10 UTC" in body
    if "link" in VALUES[template] or "choices" in VALUES[template]:
        assert f"\n{LINK}\n" in content.text
        assert 'href="https://weftline.example/do?token=abc&amp;next=1"' in content.html


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_value_of_the_table_is_needed(template: TemplateName):
    for missing in VALUES[template]:
        rest = {name: value for name, value in VALUES[template].items() if name != missing}
        with pytest.raises(KeyError, match=missing):
            render(template, rest)


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_value_carries_markup(template: TemplateName):
    hostile = '"><script>alert(1)</script>'
    values = {
        name: hostile if isinstance(value, str) and name != "link" else value
        for name, value in VALUES[template].items()
    }
    if "choices" in values:
        values["choices"] = [Choice(hostile, f'{LINK}"><script>')]
    markup = render(template, values).html
    assert "<script" not in markup
    assert "&lt;script&gt;" in markup


def test_no_value_breaks_a_line():
    hostile = "Approve\r\nBcc: eve@example.com\u2028\x00\x1b[31m\ud800 now"
    content = render("task_assigned", {**VALUES["task_assigned"], "task": hostile})
    assert content.subject == "Task for you: Approve Bcc: eve@example.com [31m now"
    assert f"Task: {content.subject.removeprefix('Task for you: ')}\n" in content.text


def test_a_long_value_is_cut():
    content = render("task_assigned", {**VALUES["task_assigned"], "task": "x" * 10_000})
    assert content.subject == f"Task for you: {'x' * (MAX_TEXT - 1)}…"


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is():
    assert "Task: $link ${name}\n" in render("task_assigned", {**VALUES["task_assigned"], "task": "$link ${name}"}).text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "/relative", "https://a b", "https://a\nb", None])
def test_a_link_leads_to_the_web(link: Any):
    with pytest.raises(ValueError, match="http"):
        render("verify_email", {**VALUES["verify_email"], "link": link})
    with pytest.raises(ValueError, match="http"):
        render("task_link", {**VALUES["task_link"], "choices": [Choice("Approve", link)]})


def test_each_choice_has_a_button_and_a_line_of_its_own():
    choices = [Choice(label, f"https://weftline.example/{label}") for label in ("approved", "rejected", "postponed")]
    content = render("task_link", {**VALUES["task_link"], "choices": choices})
    for choice in choices:
        assert f"{choice.label}:\n{choice.link}\n" in content.text
        assert f'href="{choice.link}"' in content.html


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=7), "7 days"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=61), "61 seconds"),
    ],
)
def test_a_duration_is_told_in_the_largest_unit_that_fits(duration: timedelta, words: str):
    assert f"within {words}." in render("verify_email", {**VALUES["verify_email"], "valid_for": duration}).text


def test_what_is_not_known_is_a_dash():
    assert "Due: –\n" in render("task_assigned", {**VALUES["task_assigned"], "due_at": None}).text


def test_a_moment_is_told_in_utc():
    moment = datetime.fromisoformat("2026-03-01T23:30:00-05:00")
    assert "Due: 2026-03-02 04:30 UTC" in render("task_assigned", {**VALUES["task_assigned"], "due_at": moment}).text


def test_prose_keeps_its_lines_and_carries_no_markup_or_control_character():
    prose = Prose("Dear <b>Ada</b>,\r\n\r\nyour order\0\x1b[31m is here.\u2028Yours")
    content = render("notification", {"subject": "Order\r\nBcc: eve@example.com", "message": prose})
    assert content.subject == "Order Bcc: eve@example.com"
    assert "Dear <b>Ada</b>,\n\nyour order  [31m is here.\nYours" in content.text
    assert "Dear &lt;b&gt;Ada&lt;/b&gt;,<br>\n<br>\nyour order" in content.html


def test_prose_that_is_too_long_ends_in_an_ellipsis():
    content = render("notification", {"subject": "S", "message": Prose("x" * (MAX_PROSE + 1))})
    assert "x" * (MAX_PROSE - 1) + "…" in content.text
