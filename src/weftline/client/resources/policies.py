"""Who may do what, by rules: policies, and fields that not everybody sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.access import Decision, FieldRule, Policy, PolicyValidation
from weftline.client.operations import Colour, Resource, call, given, iteration
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Policies(Resource[Colour]):
    """Rules in Cedar that permit or forbid by who asks, for what, and when."""

    @iteration
    def list(self, *, limit: int | None = None) -> Listing[Policy]:
        """Policies, page by page."""
        return self._list(Policy, "policies", limit=limit)

    @call
    def get(self, id: str) -> Plan[Policy]:
        """A policy, by its id."""
        return self._read(Policy, "GET", "policies", id)

    @call
    def create(
        self, name: str, source: str, *, description: str | None = None, is_enabled: bool = True
    ) -> Plan[Policy]:
        """Make a policy, which holds at once where it is enabled.

        Args:
            name: what people call it.
            source: in Cedar.
            description: what it is for.
            is_enabled: it is enforced.

        Raises:
            Invalid: the source is not valid; ``errors`` say where.
        """
        return self._read(Policy, "POST", "policies", body=_policy(name, source, description, is_enabled))

    @call
    def replace(
        self, id: str, name: str, source: str, *, description: str | None = None, is_enabled: bool = True
    ) -> Plan[Policy]:
        """Make a policy another; see :meth:`create`."""
        return self._read(Policy, "PUT", "policies", id, body=_policy(name, source, description, is_enabled))

    @call
    def remove(self, id: str) -> Plan[Policy]:
        """Take a policy away; returns what it was."""
        return self._read(Policy, "DELETE", "policies", id)

    @call
    def validate(self, source: str) -> Plan[PolicyValidation]:
        """Everything that is wrong with a policy. Nothing is stored."""
        return self._read(PolicyValidation, "POST", "policies", "validate", body={"source": source})

    @call
    def explain(
        self,
        action: str,
        *,
        subject: str | None = None,
        resource: Mapping[str, Any] | None = None,
        second_factor: bool = False,
    ) -> Plan[Decision]:
        """Whether somebody may do something, and why.

        Args:
            action: a permission, as ``execution:cancel``.
            subject: id of a member or service account; None for whoever asks.
            resource: to what, as ``{"type": "Workflow", "id": "greeting"}``; None for anything.
            second_factor: as if they had signed in with one.
        """
        body = {"action": action, "secondFactor": second_factor, **given(subject=subject, resource=resource)}
        return self._read(Decision, "POST", "access", "explain", body=body)


class FieldRules(Resource[Colour]):
    """Fields of workflows' data that not everybody sees."""

    @iteration
    def list(self, *, workflow: str | None = None, limit: int | None = None) -> Listing[FieldRule]:
        """Rules, page by page; only those of a workflow where one is named."""
        return self._list(FieldRule, "field-rules", limit=limit, query={"workflowId": workflow})

    @call
    def get(self, id: str) -> Plan[FieldRule]:
        """A rule, by its id."""
        return self._read(FieldRule, "GET", "field-rules", id)

    @call
    def create(
        self, field: str, effect: str, *, visible_to: Sequence[str] = (), workflow: str | None = None
    ) -> Plan[FieldRule]:
        """Hide a field, or mask its value.

        Args:
            field: a dotted path, as ``customer.iban``.
            effect: ``hide`` or ``mask``.
            visible_to: roles that see it nevertheless.
            workflow: of whose data; None for every workflow's.
        """
        body = {"field": field, "effect": effect, "visibleTo": visible_to, **given(workflowId=workflow)}
        return self._read(FieldRule, "POST", "field-rules", body=body)

    @call
    def remove(self, id: str) -> Plan[FieldRule]:
        """Show a field to everybody again; returns what the rule was."""
        return self._read(FieldRule, "DELETE", "field-rules", id)


def _policy(name: str, source: str, description: str | None, is_enabled: bool) -> dict[str, Any]:
    return {"name": name, "source": source, "description": description, "isEnabled": is_enabled}
