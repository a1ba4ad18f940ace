"""Tests of workflows run in memory, with mocked actions and a clock that jumps."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.testing.workflows import REMINDERS, SAGA, approval, call, definition

from weftline.authoring import ActionError, ActionRegistry, Context, Result
from weftline.testing import (
    ActRefused,
    EndlessRun,
    InvalidScript,
    NeedsDatabase,
    UnknownWorkflow,
    UnmockedAction,
    WorkflowTest,
    raises,
    returns,
)

DAY = 86_400.0


# --- mocks ------------------------------------------------------------------------------------------------------------


def test_a_mock_returns_what_the_next_step_sees() -> None:
    document = definition(call("price", "charge"), call("charge", input={"amount": "${ steps.price.output.amount }"}))
    test = WorkflowTest(document).mock("price", returns={"amount": 5}).mock("charge", returns="paid")
    run = test.run()
    run.assert_completed("paid").assert_path("price", "charge").assert_called("charge", 1, input={"amount": 5})


def test_an_action_that_the_test_says_nothing_about_stops_the_test_and_says_how_to_mock_it() -> None:
    with pytest.raises(UnmockedAction, match=r"step 'pay' calls the action 'card.charge'.*\.mock\(\"card.charge\""):
        WorkflowTest(
            definition({"id": "pay", "type": "action", "action": "card.charge", "onError": "pay2"}, call("pay2"))
        ).run()


def test_retries_wait_as_long_as_the_policy_allows_and_keep_their_idempotency_key() -> None:
    document = definition(call("pay", retry={"maxAttempts": 3, "initialInterval": "10s", "backoff": 2}))
    run = WorkflowTest(document).mock("pay", sequence=[ConnectionError("down"), raises("busy"), returns("paid")]).run()
    run.assert_completed("paid").assert_took(30)
    assert [call.attempt for call in run.calls_of("pay")] == [1, 2, 3]
    assert len({call.idempotency_key for call in run.calls}) == 1


def test_a_mock_fails_with_code_details_and_the_exceptions_class() -> None:
    document = definition(
        call("pay", onError=[{"codes": ["declined"], "next": "invoice"}, {"types": ["KeyError"], "next": "mend"}]),
        call("invoice", input={"why": "${ error.details.reason }"}),
        call("mend"),
    )
    declined = ActionError("no", code="declined", retryable=False, details={"reason": "stolen"})
    test = WorkflowTest(document).mock("pay", raises=declined).mock("invoice").mock("mend")
    test.run().assert_completed().assert_path("pay", "invoice").assert_called("invoice", input={"why": "stolen"})
    test.mock("pay", raises=KeyError).run().assert_path("pay", "mend").assert_called("pay", 3)


def test_a_function_stands_in_for_an_action_and_may_change_the_data() -> None:
    async def count(ctx: Context) -> Result:
        return Result({"seen": ctx.input["n"]}, {"total": ctx.data["total"] + ctx.input["n"]})

    document = definition(
        {"id": "each", "type": "loop", "forEach": "${ input.items }", "do": "count", "next": "done"},
        call("count", input={"n": "${ item }"}),
        {"id": "done", "type": "end"},
    )
    run = WorkflowTest(document).mock("count", does=count).run({"items": [1, 2, 3], "total": 0})
    run.assert_completed().assert_data(total=6).assert_called("count", 3)


def test_an_assertion_within_a_mock_is_the_tests_own() -> None:
    def refuse(ctx: Context) -> None:
        assert ctx.input["amount"] < 100, "too much is charged"

    with pytest.raises(AssertionError, match="too much is charged"):
        WorkflowTest(definition(call("pay"))).mock("pay", does=refuse).run({"amount": 500})


def test_nodes_that_share_an_action_are_mocked_one_by_one() -> None:
    document = definition(
        {"id": "ask", "type": "http", "url": "https://a.example/", "next": "tell"},
        {"id": "tell", "type": "http", "url": "https://b.example/"},
    )
    run = WorkflowTest(document).mock("http", returns={"status": 500}).mock_step("ask", returns={"status": 200}).run()
    assert [each["status"] for each in (run.data, run.output) if "status" in each] == [500]
    assert [(each.step, each.input["url"]) for each in run.calls] == [
        ("ask", "https://a.example/"),
        ("tell", "https://b.example/"),
    ]


def test_a_real_action_runs_where_the_test_allows_it() -> None:
    registry = ActionRegistry()

    async def add(ctx: Context) -> int:
        return ctx.input["a"] + ctx.input["b"]

    registry.register("add", add)
    WorkflowTest(definition(call("add")), real_actions=["add"], registry=registry).run(
        {"a": 1, "b": 2}
    ).assert_completed(3)


def test_a_real_action_that_needs_a_database_is_to_be_mocked() -> None:
    registry = ActionRegistry()

    async def book(ctx: Context) -> None:
        await ctx.transaction()

    registry.register("book", book)
    with pytest.raises(NeedsDatabase, match=r"the action of step 'book' .*\.mock_step"):
        WorkflowTest(definition(call("book")), real_actions=True, registry=registry).run()


def test_what_cannot_be_stored_fails_its_step_as_in_production() -> None:
    run = WorkflowTest(definition(call("pay"))).mock("pay", does=lambda ctx: object()).run()
    run.assert_failed("invalid_output").assert_called("pay", 1)


def test_secrets_reach_actions_and_nothing_else() -> None:
    document = definition(
        call("pay", "tell", input={"key": "${ vars.KEY }", "to": "${ vars.SHOP }"}),
        call("tell", input={"result": "${ steps.pay.output }", "key": "as ${ data.key }"}),
        {"id": "told", "type": "set", "values": {"shown": "${ vars.KEY }"}},
        startNode="told",
    )
    document["nodes"][2]["next"] = "pay"
    test = WorkflowTest(document, variables={"SHOP": "s1"}, secrets={"KEY": "sk_live_42"})
    run = test.mock("pay", does=lambda ctx: f"paid with {ctx.input['key']}").mock("tell").run({"key": "is"})
    run.assert_completed().assert_called("pay", input={"key": "sk_live_42", "to": "s1"})
    run.assert_called("tell", input={"result": "paid with ***", "key": "as is"}).assert_data(shown="[secret KEY]")
    assert "sk_live_42" not in run.log()


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_year_passes_at_once() -> None:
    document = definition({"id": "rest", "type": "wait", "duration": "365d", "next": "done"}, call("done"))
    WorkflowTest(document).mock("done").run().assert_completed().assert_took(365 * DAY)


def test_an_action_that_takes_longer_than_its_timeout_is_tried_again() -> None:
    document = definition(call("slow", timeout="10s", retry={"maxAttempts": 2, "initialInterval": "1s", "jitter": 0}))
    run = WorkflowTest(document).mock("slow", sequence=[returns(takes="1m"), returns("done", takes="5s")]).run()
    run.assert_completed("done").assert_took(16)


def test_the_branch_that_is_quicker_wins() -> None:
    document = definition(
        {"id": "race", "type": "parallel", "branches": ["fast", "slow"], "join": "any", "next": "done"},
        call("fast"),
        call("slow"),
        {"id": "done", "type": "end"},
    )
    run = WorkflowTest(document).mock("fast", returns=1, takes="1m").mock("slow", returns=2, takes="1h").run()
    run.assert_completed().assert_took(60)


def test_a_script_is_gone_through_in_order_by_its_times() -> None:
    test = WorkflowTest(REMINDERS).mock("remind").mock("ship")
    test.at("12h").event("confirmed", correlation="another order").at("2d 12h").event("confirmed", correlation="o1")
    run = test.run({"order": "o1"})
    run.assert_completed().assert_script_done().assert_took(2.5 * DAY)
    run.assert_path("confirm", "remind", "confirm", "remind", "confirm", "ship")


def test_an_act_may_wait_for_a_step() -> None:
    document = definition(
        call("prepare", "go"), {"id": "go", "type": "wait", "event": "go", "next": "done"}, call("done")
    )
    test = WorkflowTest(document).mock("prepare", takes="3h").mock("done")
    test.when("go", after="1h").event("go").run().assert_completed().assert_took(4 * 3_600)


def test_an_execution_that_goes_round_for_ever_is_told_from_one_that_waits() -> None:
    test = WorkflowTest(REMINDERS).mock("remind")
    with pytest.raises(EndlessRun, match=r"still goes round after 3650d, by remind, confirm"):
        test.run({"order": "o1"})
    test.run({"order": "o1"}, until="3d").assert_waiting_at("confirm").assert_called("remind", 3)


# --- people and other executions --------------------------------------------------------------------------------------


def test_a_task_is_answered_when_it_is_there() -> None:
    document = definition(
        approval(outcomes={"approved": "order", "rejected": "decline"}, timeout={"duration": "8h", "next": "decline"}),
        call("order"),
        call("decline"),
    )
    test = WorkflowTest(document).mock("order").mock("decline")
    test.run().assert_completed().assert_path("approve", "decline").assert_took(8 * 3_600)
    answered = test.answer(assignee="lead", outcome="approved", by="ann").run()
    answered.assert_path("approve", "order").assert_task("approve", assigned_to=["lead"])


def test_an_answer_that_the_platform_would_refuse_is_a_mistake_of_the_test() -> None:
    form = {"type": "object", "required": ["why"]}
    document = definition(approval(outcomes={"approved": "x", "rejected": "x"}, form=form), {"id": "x", "type": "end"})
    with pytest.raises(InvalidScript, match="has the outcomes approved, rejected, not 'yes'"):
        WorkflowTest(document).answer("approve", outcome="yes").run()
    with pytest.raises(InvalidScript, match="does not fit the form of task 'approve'"):
        WorkflowTest(document).answer("approve", outcome="approved").run()


def test_two_of_three_must_agree() -> None:
    document = definition(approval(approvals=2, next="done"), {"id": "done", "type": "end"})
    test = WorkflowTest(document).answer("approve", outcome="approved", by="ann")
    assert test.run().assert_waiting_at("approve").left == []
    test.answer("approve", outcome="approved", by="ben").run().assert_completed()


def test_a_script_that_waits_for_what_never_comes_says_so() -> None:
    document = definition(call("only", onError="approve"), approval())
    run = WorkflowTest(document).mock("only").answer("approve", outcome="approved").run()
    with pytest.raises(AssertionError, match="the script came no further than the answer to task 'approve'"):
        run.assert_script_done()


def test_children_run_in_the_test_or_are_mocked() -> None:
    parent = definition(
        {"id": "sub", "type": "subworkflow", "workflow": "child", "input": {"n": 2}, "retry": 1, "next": "done"},
        {"id": "done", "type": "end"},
    )
    child = {"id": "child", "nodes": [call("double")]}
    run = WorkflowTest(parent, children=[child]).mock("double", does=lambda ctx: ctx.input["n"] * 2).run()
    run.assert_completed(4)
    assert [each.path for each in run.children] == [["double"]]
    WorkflowTest(parent).mock_workflow("child", does=lambda input: input["n"]).run().assert_completed(2)
    WorkflowTest(parent).mock_workflow("child", raises="broken").run().assert_failed("broken")
    with pytest.raises(UnknownWorkflow, match="step 'sub' starts the workflow 'child'"):
        WorkflowTest(parent).run()


def test_an_event_that_one_execution_emits_resumes_another() -> None:
    parent = definition(
        {"id": "both", "type": "parallel", "branches": ["sub", "hear"], "next": "done"},
        {"id": "sub", "type": "subworkflow", "workflow": "child"},
        {"id": "hear", "type": "wait", "event": "ready"},
        {"id": "done", "type": "end"},
    )
    child = {"id": "child", "nodes": [{"id": "tell", "type": "emit", "event": "ready", "payload": {"n": 1}}]}
    run = WorkflowTest(parent, children=[child]).run()
    run.assert_completed().assert_emitted("ready", {"n": 1})


# --- undoing and operating --------------------------------------------------------------------------------------------


def saga() -> WorkflowTest:
    test = WorkflowTest(SAGA).mock("reserve", returns="r").mock("pay", returns="p")
    return test.mock("ship").mock("release").mock("refund")


def test_a_failure_undoes_what_completed_in_reverse_order() -> None:
    run = saga().mock("ship", raises="no_stock").run()
    run.assert_failed("no_stock").assert_undone("pay", "reserve").assert_called("refund", 1, input="p")


def test_operators_roll_back_retry_and_skip() -> None:
    saga().rollback("reserve").run().assert_completed().assert_undone("pay").assert_called("pay", 2)
    failing = saga().mock("ship", sequence=[raises("no_stock"), returns("shipped")])
    failing.retry().run().assert_completed("shipped")
    paused = WorkflowTest(REMINDERS).mock("remind").mock("ship", returns=1)
    paused.at("1h").pause().at("3d").resume().run({"order": "o"}, until="3d 1h").assert_called("remind", 1)
    paused.skip("confirm").run({"order": "o"}).assert_completed(1)


def test_what_an_execution_refuses_fails_the_test() -> None:
    with pytest.raises(ActRefused, match="rolling back to 'ship' was refused"):
        WorkflowTest(SAGA).mock("reserve", takes="1h").rollback("ship").run()


def test_a_parent_that_is_undone_undoes_its_child() -> None:
    parent = definition(
        {"id": "sub", "type": "subworkflow", "workflow": "child", "next": "ship"},
        call("ship", retry=1),
        settings={"errorHandling": {"strategy": "compensate"}},
    )
    child = {"id": "child", "nodes": [call("reserve", compensate="release")]}
    test = WorkflowTest(parent, children=[child]).mock("reserve", returns="r").mock("release")
    run = test.mock("ship", raises="no_stock").run()
    run.assert_failed("no_stock").assert_called("release", 1, input="r")


def test_a_worker_that_is_lost_costs_nothing_but_a_repeated_action() -> None:
    document = definition(
        call("slow", "rest"), {"id": "rest", "type": "wait", "duration": "1d", "next": "end"}, call("end")
    )
    test = WorkflowTest(document).mock("slow", returns=1, takes="2h").mock("end", returns=2)
    run = test.at("1h").lose_worker().at("12h").lose_worker().run()
    run.assert_completed(2).assert_called("slow", 2).assert_called("end", 1).assert_took(27 * 3_600)


# --- what is said where something is not as expected ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda run: run.assert_failed(), "the execution is completed; expected failed"),
        (lambda run: run.assert_path("pay", "reserve", "ship"), "the path is reserve, pay, ship; expected pay, "),
        (lambda run: run.assert_visited("shipp"), "the workflow has no node shipp"),
        (lambda run: run.assert_not_visited("pay"), "pay was entered"),
        (lambda run: run.assert_output(1), 'the output is "s"; expected 1'),
        (lambda run: run.assert_data(total=1), "the data have no key 'total'"),
        (lambda run: run.assert_called("pay", 2), "'pay' was called 1 times; expected 2"),
        (lambda run: run.assert_called("refund"), "'refund' was not called"),
        (lambda run: run.assert_took(60), "it took 0s; expected 1m"),
        (lambda run: run.assert_undone("pay"), "undone: nothing; expected pay"),
        (lambda run: run.assert_emitted("x"), "event 'x' was not sent"),
    ],
)
def test_what_is_not_as_expected_is_told_with_what_happened(check: Any, message: str) -> None:
    run = saga().mock("ship", returns="s").run()
    with pytest.raises(AssertionError) as failure:
        check(run)
    assert message in str(failure.value)
    assert 'STEP_COMPLETED  ship  {"output":"s"}' in str(failure.value)


def test_a_path_may_have_gaps() -> None:
    run = saga().run()
    run.assert_path("reserve", ..., "ship").assert_path(..., "pay", ...).assert_path("reserve", ..., "pay", ..., "ship")
    with pytest.raises(AssertionError):
        run.assert_path("pay", ...)


def test_an_input_that_does_not_fit_is_refused_before_anything_runs() -> None:
    schema = {"type": "object", "required": ["order"]}
    with pytest.raises(InvalidScript, match="does not fit the input schema of 'story'"):
        WorkflowTest(definition(call("pay"), input=schema)).run({})


def test_the_same_test_has_the_same_events_every_time() -> None:
    saga().mock("ship", raises="no_stock").assert_deterministic()
    seen: list[int] = []

    def count(ctx: Context) -> int:
        seen.append(1)
        return len(seen)

    with pytest.raises(AssertionError, match=r"first .* then"):
        WorkflowTest(definition(call("pay"))).mock("pay", does=count).assert_deterministic()


async def test_within_an_event_loop_it_is_awaited() -> None:
    run = await saga().run_async()
    run.assert_completed()
    with pytest.raises(RuntimeError, match="await run_async"):
        saga().run()


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (saga().mock_step("shp"), "a mock: no workflow of the test has a node 'shp'; did you mean 'ship'?"),
        (saga().answer("pays"), "the answer to task 'pays': no workflow of the test has a node 'pays'; did you mean"),
    ],
)
def test_a_node_that_is_not_there_is_a_mistake(test: WorkflowTest, message: str) -> None:
    with pytest.raises(InvalidScript) as invalid:
        test.run()
    assert message in str(invalid.value)


def test_what_a_mock_does_is_said_once() -> None:
    with pytest.raises(ValueError, match="say one of these"):
        saga().mock("pay", returns=1, raises="broken")
    with pytest.raises(ValueError, match="a mock's sequence is empty"):
        saga().mock("pay", sequence=[])
