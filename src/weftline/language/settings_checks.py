"""What can be wrong with a workflow's settings, and what this version does not run yet."""

from __future__ import annotations

from weftline.language.control_nodes import ParallelNode, SubworkflowNode
from weftline.language.model import Workflow
from weftline.language.node_base import FlowNode
from weftline.language.node_checks import check_retry
from weftline.language.problems import Problems
from weftline.language.settings import ErrorHandling
from weftline.language.task_nodes import HumanTaskNode

_HANDLING = "/settings/errorHandling"


def check_settings(workflow: Workflow, problems: Problems) -> None:
    """Adds what is wrong with the settings of ``workflow``."""
    settings = workflow.settings
    check_retry(settings.retry, "/settings", problems)
    if settings.error_handling is not None:
        _check_error_handling(settings.error_handling, workflow, problems)
    if settings.review is not None and workflow.function is not None:
        problems.add("unsupported", "/settings/review", "a durable function has no review: let it ask people itself")
    elif settings.review is not None and not any(isinstance(node, HumanTaskNode) for node in workflow.nodes):
        message = "a review looks at what people entered, and there is no human task"
        problems.add("nothing_to_review", "/settings/review", message, "add a `form`, or remove `review`")
    if settings.encrypt == []:
        message = "the list names nothing to encrypt"
        problems.add("missing_field", "/settings/encrypt", message, "use `true`, or remove `encrypt`")


def _check_error_handling(handling: ErrorHandling, workflow: Workflow, problems: Problems) -> None:
    strategy = handling.strategy
    for name, value, owner in (
        ("maxRetries", handling.max_retries, "retry"),
        ("retryDelay", handling.retry_delay, "retry"),
        ("fallbackWorkflow", handling.fallback_workflow, "fallback"),
    ):
        if value is not None and strategy != owner:
            message = f"`{name}` goes with the strategy `{owner}`, not with `{strategy}`"
            problems.add("conflicting_fields", f"{_HANDLING}/{name}", message)
    if strategy == "fallback" and handling.fallback_workflow is None:
        problems.add("missing_field", _HANDLING, "the strategy `fallback` needs a `fallbackWorkflow`")
    if strategy == "fallback" and handling.fallback_workflow == workflow.id:
        message = "a workflow cannot be its own fallback: it would fail in the same way, for ever"
        problems.add("self_reference", f"{_HANDLING}/fallbackWorkflow", message)
    # what a function compensates may show only when it runs
    if strategy == "compensate" and workflow.function is None and not _can_be_undone(workflow):
        message = "the strategy `compensate` has nothing to undo: no step has a `compensate`"
        problems.add(
            "nothing_to_compensate", _HANDLING, message, "add `compensate` to the steps to undo, or use `fail`"
        )
    for index, notice in enumerate(handling.notifications):
        if not notice.recipients:
            place = f"{_HANDLING}/notifications/{index}/recipients"
            problems.add("missing_field", place, "a notification needs somebody to go to")
        if notice.template is not None and notice.message is not None:
            message = "a notification has a `template` or a `message`, not both"
            problems.add("conflicting_fields", f"{_HANDLING}/notifications/{index}", message)


def _can_be_undone(workflow: Workflow) -> bool:
    """Whether any step or branch has a compensation, or stands for a workflow that may have some."""
    return any(
        (isinstance(node, FlowNode) and node.compensate is not None)
        or (isinstance(node, ParallelNode) and any(branch.compensate is not None for branch in node.branches))
        or (isinstance(node, SubworkflowNode) and node.wait)
        for node in workflow.nodes
    )
