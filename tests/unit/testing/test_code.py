"""Workflows that are written as code, in the test kit."""

from __future__ import annotations

from typing import Any

from examples.loan_application.workflow import loan

from weftline.authoring import ActionError, Context, Result, TenantWorkflow, step
from weftline.testing import WorkflowTest, raises, returns


class TrialAccount(TenantWorkflow):
    """Opens an account for a while."""

    id = "trial-account"

    @step(retry=1)
    async def open(self, ctx: Context) -> Result:
        """Open it."""
        if ctx.input["plan"] == "none":
            return Result.failure(code="no_plan", message="there is no such plan")
        return Result.ok({"account": f"{ctx.tenant_slug}/{ctx.input['plan']}"})

    @step(after=open)
    async def tell(self, ctx: Context) -> Result:
        """Tell whoever asked for it."""
        ctx.audit("account.opened", "account", resource_id=ctx.data["account"])
        ctx.metrics.increment("mails")
        return Result.ok({"told": ctx.user_id, "limit": (await ctx.tenant_config())["limits"]["users"]})


def test_the_steps_of_a_class_are_run() -> None:
    test = WorkflowTest(
        TrialAccount,
        tenant="acme",
        context={"user": {"id": "ada"}},
        tenant_configuration={"limits": {"users": 3}},
    )
    run = test.run({"plan": "small"})
    run.assert_completed().assert_path("open", "tell").assert_data(account="acme/small", told="ada", limit=3)
    assert [(note.action, note.resource_id) for note in run.audits] == [("account.opened", "acme/small")]
    assert '"report":{"metrics":{"mails":1}}' in run.log()
    test.run({"plan": "none"}).assert_failed("no_plan").assert_not_visited("tell")
    mocked = test.mock("trial-account.open", raises=ActionError("closed", code="closed")).run({"plan": "small"})
    mocked.assert_failed("closed").assert_called("trial-account.open", 1)


def loan_test() -> WorkflowTest:
    def score(ctx: Context) -> dict[str, Any]:
        return {"points": {"north": 640, "south": 710}[ctx.input["agency"]]}

    test = WorkflowTest(loan).mock("loan.score", does=score).mock("loan.reserve", returns={"reservation": "R"})
    return test.mock("loan.release").mock("loan.payOut", returns={"paid": 500})


def test_a_durable_function_runs_on_virtual_time() -> None:
    run = loan_test().run({"amount": 500, "account": "a"})
    run.assert_completed({"approved": True, "points": 640, "paid": 500}).assert_called("loan.score", 2).assert_took(1)
    loan_test().assert_deterministic({"amount": 500, "account": "a"})


def test_a_durable_function_is_undone_and_survives_its_worker() -> None:
    closed = raises(ActionError("closed", code="account_closed", retryable=False))
    test = loan_test().mock("loan.payOut", sequence=[closed, returns({"paid": 500})])
    test.when("time-to-think", after="500ms").lose_worker()
    run = test.run({"amount": 500, "account": "a"})
    run.assert_failed("account_closed").assert_called("loan.release", 1, input={"reservation": "R"})
    run.assert_called("loan.reserve", 1)
