"""A customer's onboarding: an action, a wait with reminders, a decision and a human task, as they are usually drawn."""

from __future__ import annotations

from typing import Any

from weftline.language import load
from weftline.machine.command import CommandKind
from weftline.model.event import EventType

from .scenario import NOON, Scenario

DAY = 86_400

ONBOARDING: dict[str, Any] = {
    "id": "customer-onboarding",
    "name": "Customer Onboarding Process",
    "version": "1.0.0",
    "startNode": "create-customer",
    "nodes": [
        {"id": "create-customer", "type": "action", "action": "createCustomer", "next": "verify-email"},
        {
            "id": "verify-email",
            "type": "wait",
            "event": "email-verified",
            "timeout": {"duration": "24h", "next": "send-reminder"},
            "next": "create-account",
        },
        {"id": "send-reminder", "type": "action", "action": "sendReminderEmail", "next": "verify-email"},
        {"id": "create-account", "type": "action", "action": "createUserAccount", "next": "decision-kyc"},
        {
            "id": "decision-kyc",
            "type": "decision",
            "condition": "customer.requiresKYC",
            "true": "perform-kyc",
            "false": "activate-account",
        },
        {
            "id": "perform-kyc",
            "type": "human-task",
            "assignTo": "compliance-team",
            "form": "kyc-verification-form",
            "next": "activate-account",
        },
        {"id": "activate-account", "type": "action", "action": "activateCustomerAccount", "next": "end"},
        {"id": "end", "type": "end"},
    ],
}


def onboarding(requires_kyc: object = False) -> Scenario:
    _, program = load(ONBOARDING)
    return Scenario(program, {"customer": {"requiresKYC": requires_kyc}}).start()


def test_a_customer_who_verifies_at_once_and_needs_no_check_is_activated() -> None:
    story = onboarding().complete("create-customer")
    assert (story.status, story.current) == ("waiting", ["verify-email"])
    assert story.state.next_due() == NOON + DAY
    story.signal("email-verified").complete("create-account")
    assert story.current == ["activate-account"]
    assert story.complete("activate-account").status == "completed"


def test_a_customer_who_forgets_is_reminded_every_day() -> None:
    story = onboarding().complete("create-customer")
    for reminder in ("send-reminder", "send-reminder~2", "send-reminder~3"):
        assert story.tick(DAY).current == [reminder]
        story.complete(reminder)
        assert story.state.next_due() == story.now + DAY
    assert story.current == ["verify-email~4"]
    assert story.signal("email-verified").current == ["create-account"]


def test_an_email_verified_while_the_reminder_is_sent_ends_the_waiting() -> None:
    story = onboarding().complete("create-customer").tick(DAY).signal("email-verified").complete("send-reminder")
    assert story.current == ["create-account"]


def test_a_customer_who_needs_a_check_waits_for_the_compliance_team() -> None:
    story = onboarding(requires_kyc=True).complete("create-customer").signal("email-verified")
    story.complete("create-account")
    assert (story.status, story.current) == ("waiting", ["perform-kyc"])
    (task,) = (command.spec for command in story.commands if command.kind is CommandKind.OPEN_TASK)
    assert task is not None
    assert (task.assign_to, task.form) == (("compliance-team",), "kyc-verification-form")
    assert story.task("perform-kyc", data={"passed": True}).current == ["activate-account"]
    assert story.complete("activate-account").status == "completed"


def test_a_customer_without_the_fact_to_decide_on_fails_at_the_decision() -> None:
    story = onboarding(requires_kyc="perhaps").complete("create-customer").signal("email-verified")
    story.complete("create-account")
    assert (story.status, story.error) == ("failed", "type_mismatch")
    assert story.steps(EventType.STEP_FAILED) == ["decision-kyc"]
