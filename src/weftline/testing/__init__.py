"""The test kit: workflows run in memory, with mocked actions, scripted events and a clock that jumps.

::

    from weftline.testing import WorkflowTest

    def test_a_large_purchase_is_ordered_once_it_is_approved() -> None:
        test = WorkflowTest("workflow.json").mock("purchase.order", returns={"ordered": True})
        run = test.answer("approve", outcome="approved", by="ann").run({"item": "desk", "amount": 500})
        run.assert_completed().assert_visited("approve", "order-item")

``weft test`` runs tests that are written in YAML; see ``docs/guides/testing-workflows.md``.
"""

from weftline.testing.behaviour import does, raises, returns
from weftline.testing.coverage import Coverage
from weftline.testing.errors import (
    ActRefused,
    EndlessRun,
    InvalidScript,
    NeedsDatabase,
    TestProblem,
    UnknownWorkflow,
    UnmockedAction,
)
from weftline.testing.run import WorkflowRun
from weftline.testing.workflow_test import WorkflowTest

__all__ = [
    "ActRefused",
    "Coverage",
    "EndlessRun",
    "InvalidScript",
    "NeedsDatabase",
    "TestProblem",
    "UnknownWorkflow",
    "UnmockedAction",
    "WorkflowRun",
    "WorkflowTest",
    "does",
    "raises",
    "returns",
]
