"""The dialect ``market``: templates of forms, approvals, calls and notifications, fitted to the roles of a market.

::

    {"id": "contract-onboarding", "name": "Contract onboarding", "marketRoles": ["BRP", "BSP"],
     "steps": [
        {"id": "company", "type": "form", "name": "Company", "config": {"assignee": "tenant_admin", "schema": {…}},
         "validators": [{"field": "vatNumber", "rule": "pattern", "value": "^BE[0-9]{10}$", "message": "…"}],
         "compensation": "contracts.discard"},
        {"id": "portfolio", "type": "form", "marketRoles": ["BRP"], "config": {"schema": {…}}},
        {"id": "approval", "type": "approval", "config": {"approvers": ["market_ops"], "onReject": "company"}},
        {"id": "register", "type": "api-call", "config": {"url": "https://…", "method": "POST", "timeout": 10000}},
        {"id": "tell", "type": "notification", "config": {"recipients": "${company.email}", "message": "…"}}]}

Executions begin at the first step, and each leads to the one after it, unless `next` says otherwise. A step or a
validator with `marketRoles` is for these alone: the execution's input says as ``marketRole`` which it is for.
Rules are `required`, `pattern`, `min`, `max`, `minLength`, `maxLength` and `expression`. Times are in milliseconds.
Workflows with forms or approvals are reviewed: validated, submitted and approved. The template may also come as the
`definition` of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field

from weftline.language.dialects.base import Document, Path, Reading, Writing, objects_of
from weftline.language.dialects.ids import NodeIds, SourceId, workflow_slug
from weftline.language.dialects.market_roles import ValidatorShape, guard, input_schema, read_validators
from weftline.language.dialects.market_writing import write_template
from weftline.language.dialects.milliseconds import from_milliseconds
from weftline.language.dialects.reading import Foreign, Reader
from weftline.language.dialects.records import take_out
from weftline.language.dialects.retries import MAX_RETRIES, read_retry
from weftline.language.dialects.writing import Writer
from weftline.language.model import MAX_NODES

NAME = "market"


class Compensation(Foreign):
    """What undoes a step."""

    handler: Annotated[str, Field(min_length=1)]
    input: Any = None


class TemplateStepConfig(Foreign):
    """What a step's type needs to know."""

    assignee: str | list[str] | None = None
    schema_: str | dict[str, Any] | None = Field(default=None, alias="schema")
    approvers: str | list[str] | None = None
    required_approvals: int | None = None
    on_reject: SourceId | None = None
    url: str | None = None
    method: str | None = None
    headers: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    body: Any = None
    timeout: int | float | None = None
    retries: Annotated[int, Field(ge=0, le=MAX_RETRIES)] | None = None
    retry_delay: int | float | None = None
    channel: str | None = None
    recipients: str | list[str] | None = None
    subject: str | None = None
    message: str | None = None
    template: str | None = None
    data: Any = None


class TemplateStep(Foreign):
    """A step."""

    id: SourceId
    type: str
    name: str | None = None
    description: str | None = None
    market_roles: list[str] | None = None
    next: SourceId | list[SourceId] | None = None
    validators: list[ValidatorShape] = Field(default_factory=list[ValidatorShape])
    compensation: str | Compensation | None = None
    config: TemplateStepConfig = Field(default_factory=TemplateStepConfig)


class MarketTemplate(Foreign):
    """A template."""

    id: SourceId | None = None
    name: str | None = None
    version: str | None = None
    description: str | None = None
    status: str | None = None
    market_roles: list[str] | None = None
    steps: Annotated[list[TemplateStep], Field(min_length=1, max_length=MAX_NODES)]


_HEADING = ("id", "name", "description")
_STEP = ("id", "type", "name", "description", "marketRoles", "next", "compensation", "config")
_MEANT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "form": ((*_STEP, "validators"), ("assignee", "schema")),
    "approval": ((*_STEP, "validators"), ("approvers", "schema", "requiredApprovals", "onReject")),
    "api-call": (_STEP, ("url", "method", "headers", "query", "body", "timeout", "retries", "retryDelay")),
    "notification": (
        _STEP,
        ("channel", "recipients", "subject", "message", "template", "data", "timeout", "retries", "retryDelay"),
    ),
}


class MarketDialect:
    """Templates of forms, approvals, calls and notifications."""

    name = NAME
    description = "Templates of form, approval, api-call and notification steps with validators, for market roles."

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether it has steps of its types, which wait for nothing and have no handler."""
        inner: object = document.get("definition", document)
        template = cast("Document", inner) if isinstance(inner, dict) else {}
        steps = objects_of(template.get("steps"))
        is_typed = any(_kind(step.get("type")) in _MEANT for step in steps)
        is_of_code = "errorHandling" in template or any("dependencies" in step or "handler" in step for step in steps)
        return is_typed and not is_of_code

    def read(self, document: Document) -> Reading:
        """The workflow that a template describes, for every role."""
        reader = Reader(NAME)
        inner, root, record = take_out(document, ("definition",), reader, _HEADING)
        heading = {name: document[name] for name in _HEADING if root and name in document}
        template = reader.shape(MarketTemplate, heading | inner, root)
        places: list[Path] = [(*root, "steps", index) for index in range(len(template.steps))]
        listed = [(step.id, place) for step, place in zip(template.steps, places, strict=True)]
        ids = NodeIds(listed, reader.problems)
        kept = reader.keep(root, record | reader.rest(template, root), status=template.status)
        given = template.id or template.name or "template"
        id_ = workflow_slug(given)
        reader.keep_id(given, id_, root, kept)
        has_people = any(_kind(step.type) in ("form", "approval") for step in template.steps)
        fields: Document = {"id": id_, "name": template.name, "version": template.version}
        fields["description"] = template.description
        fields["input"] = None if template.market_roles is None else input_schema(template.market_roles)
        fields["settings"] = {"review": {}} if has_people else None
        if not reader.problems:
            fields["startNode"] = ids.ours(template.steps[0].id)
            for index, step in enumerate(template.steps):
                after = template.steps[index + 1].id if index + 1 < len(template.steps) else None
                _read_step(step, after, places[index], ids, reader)
        return reader.finish(fields, template, kept)

    def write(self, definition: Document) -> Writing:
        """The template of a workflow of forms, approvals, calls and notifications."""
        return write_template(Writer(NAME, definition))


def _kind(type_: object) -> str:
    return type_.casefold().replace("_", "-") if isinstance(type_, str) else ""


def _read_step(step: TemplateStep, after: str | None, path: Path, ids: NodeIds, reader: Reader) -> None:
    kind, own, config = _kind(step.type), ids.ours(step.id), step.config
    meant, configured = _MEANT.get(kind, (None, None))
    kept = reader.rest(step, path, meant)
    if rest := reader.rest(config, (*path, "config"), configured):
        kept["config"] = rest
    reader.keep_id(step.id, own, path, kept)
    fields: Document = {"id": own, "type": kind, "name": step.name, "description": step.description}
    fields["next"] = _next(step, after, path, ids) or None
    fields["when"] = None if step.market_roles is None else guard(step.market_roles)
    fields["compensate"] = _compensation(step, path, reader)
    attempts: Document = {
        "timeout": None if config.timeout is None else from_milliseconds(config.timeout),
        "retry": read_retry(config.retries, config.retry_delay),
    }
    people: Document = {
        "form": config.schema_,
        "validate": read_validators(step.validators, (*path, "validators"), reader) or None,
    }
    match kind:
        case "form":
            fields |= {**people, "assignTo": config.assignee}
        case "approval":
            fields |= {**people, "assignTo": config.approvers}
            if config.required_approvals is not None:
                fields["approvals"] = {"required": config.required_approvals}
            if config.on_reject is not None:
                fields["outcomes"] = {"rejected": ids.target(config.on_reject, (*path, "config", "onReject"))}
        case "api-call":
            fields |= {"type": "http", "url": config.url, "method": config.method, "headers": config.headers}
            fields |= {"query": config.query, "body": config.body, **attempts}
        case "notification":
            fields |= {"channel": config.channel, "to": config.recipients, "subject": config.subject, **attempts}
            fields |= {"message": config.message, "template": config.template, "data": config.data}
        case _:
            reader.add_placeholder(fields, path, step.type, step, kept)
            return
    reader.add(fields, path, step, kept)


def _next(step: TemplateStep, after: str | None, path: Path, ids: NodeIds) -> list[str]:
    if step.next is None:
        return [] if after is None else [ids.ours(after)]
    if isinstance(step.next, str):
        return [ids.target(step.next, (*path, "next"))]
    return [ids.target(id_, (*path, "next", index)) for index, id_ in enumerate(step.next)]


def _compensation(step: TemplateStep, path: Path, reader: Reader) -> Document | None:
    match step.compensation:
        case None:
            return None
        case str(handler):
            return {"action": handler}
        case compensation:
            reader.rest(compensation, (*path, "compensation"))
            found: Document = {"action": compensation.handler}
            return found if compensation.input is None else {**found, "input": compensation.input}
