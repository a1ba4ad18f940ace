"""From a valid definition to the program that the machine runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from weftline.language.compile_nodes import NodeCompiler
from weftline.language.durations import parse_duration
from weftline.language.errors import DefinitionError
from weftline.language.graph import read_graph
from weftline.language.json_schema import CompiledSchema
from weftline.language.model import Workflow
from weftline.language.program import (
    FALLBACK_NODE,
    ConcurrencyRule,
    ErrorHandling,
    FailureNotice,
    FunctionReference,
    Kind,
    Node,
    Program,
    Review,
    Strategy,
)
from weftline.language.settings import Concurrency
from weftline.language.settings import ErrorHandling as ErrorHandlingSettings
from weftline.language.settings import FailureNotice as FailureNoticeSettings
from weftline.language.settings import Review as ReviewSettings
from weftline.language.templates import compile_template
from weftline.language.validate import validate
from weftline.language.variables import reads_variables
from weftline.model.retry import NO_RETRY

_STRATEGIES = {
    "fail": Strategy.FAIL,
    "retry": Strategy.RETRY,
    "compensate": Strategy.COMPENSATE,
    "fallback": Strategy.FALLBACK,
}
_MAX_RETRIES = 3
_RETRY_DELAY = 30.0


def load(document: Mapping[str, Any], actions: Collection[str] | None = None) -> tuple[Workflow, Program]:
    """The workflow that ``document`` describes, and its program.

    Parameters:
        document, actions: as for :func:`weftline.language.validate.validate`.

    Raises:
        DefinitionError: the document is not a valid workflow; it carries every problem.
    """
    validation = validate(document, actions)
    if validation.workflow is None:
        raise DefinitionError(validation.problems)
    return validation.workflow, compile_workflow(validation.workflow)


def compile_workflow(workflow: Workflow) -> Program:
    """The program of a ``workflow`` that :func:`weftline.language.validate.validate` found nothing wrong with."""
    graph = read_graph(workflow.model_dump(mode="json", by_alias=True))
    settings = workflow.settings
    compiler = NodeCompiler(graph.nodes, settings.retry)
    nodes = {node.id: node for written in workflow.nodes for node in compiler.nodes(written)}
    if settings.error_handling is not None and settings.error_handling.fallback_workflow is not None:
        nodes[FALLBACK_NODE] = _fallback(workflow.id, settings.error_handling.fallback_workflow)
    dependents: dict[str, list[str]] = {}
    for node in nodes.values():
        for dependency in node.dependencies:
            dependents.setdefault(dependency, []).append(node.id)
    program = Program(
        id=workflow.id,
        name=workflow.name or workflow.id,
        nodes=nodes,
        start=() if workflow.function is not None else graph.starts(workflow.start_node),
        dependents={node: tuple(waiting) for node, waiting in dependents.items()},
        output=compiler.template(workflow.output),
        timeout=None if settings.timeout is None else parse_duration(settings.timeout),
        on_failure=_error_handling(settings.error_handling, compiler),
        review=_review(settings.review),
        input_schema=None if workflow.input is None else CompiledSchema(workflow.input),
        concurrency=_concurrency(settings.concurrency, compiler),
        search_attributes=compiler.templates(settings.search_attributes),
        priority=settings.priority,
        encrypts=bool(settings.encrypt),
        function=None
        if workflow.function is None
        else FunctionReference(workflow.function.name, workflow.function.version),
    )
    return replace(program, reads_variables=True) if reads_variables(program) else program


def _fallback(workflow_id: str, fallback: str) -> Node:
    handed = {
        "error": "${error}",
        "input": "${input}",
        "data": "${data}",
        "workflowId": workflow_id,
        "executionId": "${execution.id}",
    }
    return Node(
        id=FALLBACK_NODE,
        kind=Kind.SUBWORKFLOW,
        name=fallback,
        workflow=fallback,
        input=compile_template(handed),
        retry=NO_RETRY,
    )


def _error_handling(handling: ErrorHandlingSettings | None, compiler: NodeCompiler) -> ErrorHandling:
    if handling is None:
        return ErrorHandling()
    retries = handling.strategy == "retry"
    delay = _RETRY_DELAY if handling.retry_delay is None else parse_duration(handling.retry_delay)
    return ErrorHandling(
        strategy=_STRATEGIES[handling.strategy],
        max_retries=(handling.max_retries or _MAX_RETRIES) if retries else 0,
        retry_delay=delay if retries else 0.0,
        notices=tuple(_notice(notice, compiler) for notice in handling.notifications),
    )


def _notice(notice: FailureNoticeSettings, compiler: NodeCompiler) -> FailureNotice:
    recipients = compiler.template(notice.recipients)
    # a notice without recipients has no valid shape
    assert recipients is not None
    return FailureNotice(
        channel=notice.type,
        recipients=recipients,
        template=notice.template,
        subject=compiler.template(notice.subject),
        message=compiler.template(notice.message),
    )


def _review(review: ReviewSettings | None) -> Review | None:
    return None if review is None else Review(starts_as_draft=review.draft, four_eyes=review.four_eyes)


def _concurrency(concurrency: Concurrency | None, compiler: NodeCompiler) -> ConcurrencyRule | None:
    if concurrency is None:
        return None
    return ConcurrencyRule(compiler.template(concurrency.key), concurrency.limit, concurrency.policy)
