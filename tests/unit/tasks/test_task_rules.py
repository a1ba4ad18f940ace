"""Who may do a task, as far as no database is needed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from weftline.features.access.caller import Authority, Caller
from weftline.features.tasks.errors import FourEyes, NotAssigned, PeopleOnly, TaskClaimed, TaskClosed
from weftline.features.tasks.models import HumanTask
from weftline.features.tasks.permissions import COMPLETE, MANAGE, READ_ALL
from weftline.features.tasks.rules import can_see, check_decider, may_decide, names_of, viewpoint
from weftline.features.tasks.tokens import new_token, read_token

TENANT, GRACE, ADA = UUID(int=1), UUID(int=2), UUID(int=3)


def caller(name: str = "grace@example.com", id: UUID | None = GRACE, kind: str = "user", **authority: Any) -> Caller:
    authority = {"permissions": frozenset({COMPLETE}), **authority}
    return Caller(TENANT, kind, id, name, Authority(**authority))  # type: ignore[arg-type]


def task(**fields: Any) -> HumanTask:
    defaults = {"workflow_id": "w", "assign_to": [], "status": "open", "approvals_required": 1, "four_eyes": False}
    return HumanTask(**{**defaults, **fields})


def test_a_service_account_is_not_known_by_its_name_which_could_be_a_groups() -> None:
    service = caller("purchasing", kind="service")
    assert names_of(service) == {str(GRACE)}
    with pytest.raises(NotAssigned):
        check_decider(task(assign_to=["purchasing"]), service)


def test_nobody_is_known_by_the_name_of_the_console() -> None:
    console = caller("root", None, "console", roles=frozenset({"admin"}))
    assert names_of(console) == {"admin"}


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_there_is_nothing_to_decide_once_a_task_is_closed(status: str) -> None:
    with pytest.raises(TaskClosed):
        check_decider(task(status=status), caller())


def test_whoever_holds_a_task_keeps_others_from_it_but_not_managers() -> None:
    claimed = task(status="claimed", claimed_by="ada@example.com", claimed_by_id=ADA)
    with pytest.raises(TaskClaimed):
        check_decider(claimed, caller())
    check_decider(claimed, caller(permissions=frozenset({COMPLETE, MANAGE})))
    check_decider(claimed, caller("ada@example.com", ADA))


def test_with_four_eyes_nobody_can_say_who_started_what_nobody_started() -> None:
    manager = frozenset({COMPLETE, MANAGE})
    with pytest.raises(FourEyes):
        check_decider(task(four_eyes=True, started_by=GRACE), caller(permissions=manager))
    with pytest.raises(FourEyes):
        check_decider(task(four_eyes=True, started_by=None), caller("root", None, "console", permissions=manager))
    with pytest.raises(PeopleOnly):
        check_decider(task(four_eyes=True, started_by=GRACE), caller("bot", ADA, "service", permissions=manager))


def test_permissions_may_be_granted_on_one_workflow() -> None:
    granted = {"w": frozenset({COMPLETE, READ_ALL})}
    limited = caller(permissions=frozenset(), on_workflows=granted)
    assert may_decide(task(), limited)
    assert not may_decide(task(workflow_id="other"), limited)
    assert can_see(task(assign_to=["somebody"]), limited)
    assert not can_see(task(assign_to=["somebody"], workflow_id="other"), limited)
    assert viewpoint(limited).watched == viewpoint(limited).served == {"w"}


def test_whoever_manages_a_workflows_tasks_sees_them_all() -> None:
    manager = caller(permissions=frozenset(), on_workflows={"w": frozenset({MANAGE}), "v": frozenset({READ_ALL})})
    assert viewpoint(manager).watched == {"w", "v"}
    assert can_see(task(assign_to=["somebody"]), manager)


def test_a_token_says_whose_it_is_and_no_two_are_alike() -> None:
    tokens = [new_token(TENANT) for _ in range(100)]
    assert len({token for token, _ in tokens}) == 100
    for token, token_hash in tokens:
        assert read_token(token) == (TENANT, token_hash)


@pytest.mark.parametrize("token", ["", "x", "A" * 63, "A" * 65, "é" * 64, "=" * 64, "A" * 60 + "A===", "." * 64])
def test_what_is_no_token_says_nothing(token: str) -> None:
    assert read_token(token) is None
