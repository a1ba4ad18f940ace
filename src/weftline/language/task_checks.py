"""What can be wrong with a human task whose shape is right."""

from __future__ import annotations

from typing import Any

from weftline.language.durations import parse_duration
from weftline.language.fields import is_template
from weftline.language.hints import nearest
from weftline.language.json_schema import CompiledSchema, InvalidSchema
from weftline.language.problems import Problems
from weftline.language.task_nodes import Approvals, Escalation, HumanTaskNode, known_outcomes


def check_human_task(node: HumanTaskNode, place: str, problems: Problems) -> None:
    """Adds what is wrong with ``node``, which stands at ``place``."""
    if isinstance(node.form, dict):
        check_schema(node.form, f"{place}/form", problems)
    if node.notify is not None and node.assign_to is None:
        message = "`notify` tells those in `assignTo`, and there is none"
        problems.add("conflicting_fields", f"{place}/notify", message, "add `assignTo`")
    if node.approvals is not None:
        _check_approvals(node, node.approvals, f"{place}/approvals", problems)
    if node.escalation is not None:
        _check_escalation(node, node.escalation, f"{place}/escalation", problems)
    limit = None if node.timeout is None else _known_seconds(node.timeout.duration)
    due = _known_seconds(node.due_in)
    if limit is not None and due is not None and due > limit:
        message = "the task is taken back by its `timeout` before it is due"
        problems.add("invalid_value", f"{place}/dueIn", message)


def check_schema(schema: dict[str, Any], place: str, problems: Problems) -> None:
    """Adds a problem where ``schema`` is not a JSON Schema, or refers to a document of the network or the disk."""
    try:
        CompiledSchema(schema)
    except InvalidSchema as error:
        problems.add("invalid_schema", place, f"not a JSON Schema: {error.message}")


def _check_approvals(node: HumanTaskNode, approvals: Approvals, place: str, problems: Problems) -> None:
    known = known_outcomes(node)
    if not known:
        message = "`approvals` needs a node with `outcomes`, or of type `approval`"
        problems.add("no_outcomes", place, message)
        return
    for index, outcome in enumerate(approvals.outcomes or ()):
        if outcome not in known:
            near = nearest(outcome, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{name}`' for name in known)}"
            problems.add("unknown_outcome", f"{place}/outcomes/{index}", f"the node has no outcome `{outcome}`", hint)


def _check_escalation(node: HumanTaskNode, escalation: Escalation, place: str, problems: Problems) -> None:
    if not escalation.assign_to and not escalation.notify:
        problems.add("missing_field", place, "an escalation needs `assignTo` or `notify`")
    if escalation.after is None and node.due_in is None:
        problems.add("missing_field", place, "an escalation needs `after`, or a node with `dueIn`")
    limit = None if node.timeout is None else _known_seconds(node.timeout.duration)
    after = _known_seconds(node.due_in if escalation.after is None else escalation.after)
    if limit is not None and after is not None and after >= limit:
        message = "the task is taken back by its `timeout` before it escalates"
        problems.add("invalid_value", place, message)


def _known_seconds(duration: str | int | float | None) -> float | None:
    """The duration, unless it is only computed when the node is entered."""
    if duration is None or is_template(duration):
        return None
    return parse_duration(duration)
