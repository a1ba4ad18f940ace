"""What all operations have in common, looked up in the API's description of itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.api.client import V1
from weftline.api.document import api_document
from weftline.api.sharing import operations_in, resolved

IN_AN_ORDER_OF_ITS_OWN = "its own order is the only one in which it can be read page by page"
BEFORE_SIGNING_IN = "says who somebody is, or is proved by what works once"
OF_A_WORKER = "a job's token sees to it that no answer counts twice"

WHOLE = {
    "GET /permissions": "as many as this release has",
    "GET /statistics": "figures, of which `limit` says how many groups to tell apart",
    "GET /platform/statistics/executions": "the same",
}
"""Lists that have no pages, with why."""

EVENTS = "GET /executions/{execution_id}/events"
"""A log: `after` is the number of an event."""

WITHOUT_SORT = {
    EVENTS: IN_AN_ORDER_OF_ITS_OWN,
    "GET /executions/{execution_id}/steps": IN_AN_ORDER_OF_ITS_OWN,
    "GET /step-executions": IN_AN_ORDER_OF_ITS_OWN,
}

WITHOUT_KEY = {
    **dict.fromkeys(
        (
            "POST /auth/leave",
            "POST /auth/login",
            "POST /auth/logout",
            "POST /auth/refresh",
            "POST /auth/register",
            "POST /auth/verify-email",
            "POST /auth/verify-email/resend",
            "POST /auth/invitations/accept",
            "POST /auth/password/change",
            "POST /auth/password/forgot",
            "POST /auth/password/reset",
            "POST /auth/email/change",
            "POST /auth/mfa/verify",
            "POST /auth/mfa/totp",
            "POST /auth/mfa/totp/confirm",
            "POST /auth/mfa/recovery-codes",
            "POST /auth/mfa/disable",
            "POST /task-links/{token}",
        ),
        BEFORE_SIGNING_IN,
    ),
    **dict.fromkeys(
        (
            "POST /task-queues/{queue}/fetch",
            "POST /jobs/complete",
            "POST /jobs/{job_id}/complete",
            "POST /jobs/{job_id}/extend",
            "POST /jobs/{job_id}/fail",
        ),
        OF_A_WORKER,
    ),
    "POST /connections/{connection_id}/authorize": "it gives a way in, which works once",
    "POST /audit/verify": "only reads",
    "POST /workflows/scope": "only reads",
    "POST /expressions/check": "only reads",
    "POST /workflows/trial": "only reads",
}
"""POSTs that take no ``Idempotency-Key``, with why."""

UNCONDITIONAL = {
    **dict.fromkeys(
        (f"{method} /plugins/{{plugin_id}}/routes/{{path}}" for method in ("PUT", "PATCH", "DELETE")),
        "what a plugin keeps has states of its own, which its routes may ask for",
    ),
    "DELETE /auth/sessions": "ends what there is",
    "DELETE /auth/sessions/{session_id}": "a session has no state but that it has ended",
    "PUT /groups/{group_id}/members/{user_id}": "somebody belongs to a group, or does not",
    "DELETE /groups/{group_id}/members/{user_id}": "somebody belongs to a group, or does not",
    "DELETE /integrations/{integration_name}": "what a document says is imported again",
    "PATCH /executions/{execution_id}/data": "sent to the execution, which goes on by itself meanwhile",
}
"""Changes that take no ``If-Match``, with why."""


class Operation(NamedTuple):
    """An operation, and the schema of what it answers."""

    name: str
    method: str
    path: str
    parameters: dict[str, Any]
    schema: dict[str, Any]

    @property
    def is_list(self) -> bool:
        """Whether it answers items."""
        return self.method == "GET" and ("items" in self.schema.get("properties", {}) or "items" in self.schema)


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(_operations(api_document()))


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for method, full, operation in operations_in(document):
        path = full.removeprefix(V1)
        parameters = {each["name"].lower(): each for each in operation.get("parameters", ())}
        answer = next(body for status, body in operation["responses"].items() if status.startswith("2"))
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        yield Operation(f"{method.upper()} {path}", method.upper(), path, parameters, resolved(document, schema))


def lacking(parameter: str, *, of: Iterator[Operation]) -> set[str]:
    return {operation.name for operation in of if parameter not in operation.parameters}


def lists() -> Iterator[Operation]:
    return (operation for operation in operations() if operation.is_list)


def test_every_list_is_read_page_by_page() -> None:
    assert len(list(lists())) > 35
    assert lacking("limit", of=lists()) == {"GET /permissions"}
    assert lacking("cursor", of=lists()) == {*WHOLE, EVENTS}
    # decision 13: GET /tenants answers an array, and names its next page in the header Link
    untold = {operation.name for operation in lists() if "nextCursor" not in operation.schema.get("properties", {})}
    # whoever reads this one as all others finds that there is no next page
    assert untold == {"GET /tenants", *WHOLE} - {"GET /permissions"}


def test_every_list_says_what_it_can_be_sorted_by() -> None:
    assert lacking("sort", of=lists()) == {*WITHOUT_SORT, *WHOLE}
    sortable = (operation for operation in lists() if "sort" in operation.parameters)
    assert all("Where absent: `" in operation.parameters["sort"]["description"] for operation in sortable)


def test_every_act_can_be_repeated_with_its_key() -> None:
    assert lacking("idempotency-key", of=(each for each in operations() if each.method == "POST")) == set(WITHOUT_KEY)


def test_every_change_can_be_made_on_condition() -> None:
    changes = (each for each in operations() if each.method in ("PUT", "PATCH", "DELETE"))
    assert lacking("if-match", of=changes) == set(UNCONDITIONAL)


def test_what_is_changed_on_condition_can_be_read_with_its_state() -> None:
    read = {each.path for each in operations() if each.method == "GET" and "if-none-match" in each.parameters}
    conditional = {
        each.path
        for each in operations()
        if "if-match" in each.parameters and each.method in ("PUT", "PATCH", "DELETE")
    }
    assert conditional <= read


@pytest.mark.parametrize(
    "path", ["/tasks/bulk", "/users/bulk", "/variables/bulk", "/workflows/{workflow_id}/variables/bulk"]
)
def test_acts_on_many_things_tell_of_each(path: str) -> None:
    (operation,) = (each for each in operations() if each.name == f"POST {path}")
    assert operation.schema["title"] == "BulkOut"
