"""Definitions that several tests use."""

from __future__ import annotations

from typing import Any

ONBOARDING_ACTIONS = frozenset({"createCustomer", "sendReminderEmail", "createUserAccount", "activateCustomerAccount"})


def onboarding() -> dict[str, Any]:
    """A wait with a timeout that loops back, a decision, a human task."""
    return {
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


def workflow(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A definition of ``nodes``; one that gives no type is an action of no further interest."""
    typed = [node if "type" in node else {"type": "action", "action": "act", **node} for node in nodes]
    return {"id": "test", "nodes": typed, **fields}
