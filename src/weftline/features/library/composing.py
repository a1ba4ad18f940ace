"""From a tenant's workflow to a template: what it needs is named, and what is the tenant's own stays there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from weftline.authoring.integrations import integrations
from weftline.features.errors import FieldError
from weftline.features.library.models import Visibility
from weftline.features.variables.errors import InvalidVariable
from weftline.features.variables.models import VariableType
from weftline.features.variables.values import check_value
from weftline.language import Problem, Workflow, compile_workflow
from weftline.language.control_nodes import SubworkflowNode
from weftline.language.json_values import pointer
from weftline.language.variables import variables_read
from weftline.library import (
    Finding,
    InvalidEntry,
    TemplateEntry,
    connections_of,
    credentials_in,
    prepared,
    private_in,
    read_entry,
)
from weftline.store.variables import SYSTEM_VARIABLES

MAX_ENTRY = 1_000_000
"""Bytes of JSON that a template may have."""

STAYS = ("permissions", "version")
"""What of a definition is left out: who may do what is the installing tenant's to say, and versions start anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedConnection:
    """How a template calls one of the workflow's connections.

    Attributes:
        placeholder: its name there; None: like the integration.
        purpose: what it is for, by language; None: it is said in general.
    """

    placeholder: str | None = None
    purpose: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """What somebody wants a template to be; the texts are by language.

    Attributes:
        category, name, description, tags: see ``weftline.library.TemplateEntry``.
        visibility: who is to see it.
        author: who it is from; None: the person who publishes it, which does for the tenant alone.
        connections: by the workflow's names.
        variables: what ``vars`` has to hold, as an entry has them.
        sample_input: something to try it with.
        change_description: what is new.
        workflow_version: of the workflow; None: the published one, else the latest.
    """

    category: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    tags: Sequence[str] = ()
    visibility: Visibility = "TENANT"
    author: str | None = None
    connections: Mapping[str, NamedConnection] = field(default_factory=dict[str, NamedConnection])
    variables: Sequence[Mapping[str, Any]] = ()
    sample_input: Mapping[str, Any] = field(default_factory=dict[str, Any])
    change_description: str | None = None
    workflow_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is known of the tenant whose workflow it is.

    Attributes:
        connections: the integration that each connection is to, by name.
        private: addresses of people and the like, which must not leave it.
    """

    connections: Mapping[str, str]
    private: Collection[str]


def integrations_of(definition: Mapping[str, Any], own: Own) -> dict[str, str]:
    """The integration of each connection that a definition names, by the connection's name."""
    found: dict[str, str] = {}
    for name, actions in sorted(connections_of(definition).items()):
        called = sorted(action.partition(".")[0] for action in actions)
        found[name] = own.connections.get(name) or next(filter(None, called), "http")
    return found


def placeholders_for(used: Mapping[str, str]) -> dict[str, str]:
    """Names for connections that say nothing of the tenant: like the integration, with a number where it takes one."""
    given: dict[str, str] = {}
    for name, integration in used.items():
        base, number = integration.lower(), 1
        while (wanted := base if number == 1 else f"{base}-{number}") in given.values():
            number += 1
        given[name] = wanted
    return given


def variables_of(workflow: Workflow) -> list[str]:
    """The names of the variables that a workflow reads, without those that every tenant has."""
    signed = {each.signature.secret.partition(".")[2] for each in workflow.triggers if each.signature is not None}
    return sorted((variables_read(compile_workflow(workflow)) | signed) - SYSTEM_VARIABLES.keys())


def compose(
    id: str, workflow: Workflow, document: Mapping[str, Any], draft: TemplateDraft, own: Own
) -> tuple[TemplateEntry | None, list[FieldError]]:
    """The template, and everything that speaks against it; None where that leaves nothing of it.

    Args:
        id: the template's.
        workflow, document: the workflow, valid, and as it is stored.
        draft: what it is to be.
        own: what is the tenant's.
    """
    used = integrations_of(document, own)
    errors = list(_connection_errors(used, draft)) + list(_variable_errors(workflow, draft))
    if draft.visibility == "PUBLIC":
        errors += _not_for_others(workflow, used, draft)
    if errors:
        return None, errors
    names = {name: _said(draft, name).placeholder or suggested for name, suggested in placeholders_for(used).items()}
    definition = prepared(document, id=id, name=draft.name.get("en", id), connections=names)
    entry: dict[str, Any] = {
        "id": id,
        "category": draft.category,
        "name": dict(draft.name),
        "description": dict(draft.description),
        "tags": list(draft.tags),
        "connections": {
            names[name]: {
                "integration": integration,
                "purpose": dict(_said(draft, name).purpose or _general(integration)),
            }
            for name, integration in used.items()
        },
        "variables": [dict(each) for each in draft.variables],
        "sampleInput": dict(draft.sample_input),
        "definition": {name: value for name, value in definition.items() if name not in STAYS},
    }
    findings = list(credentials_in(entry))
    if draft.visibility == "PUBLIC":
        findings += private_in({**entry, "author": draft.author}, own.private)
    errors = [_told(each) for each in findings]
    if len(orjson.dumps(entry)) > MAX_ENTRY:
        errors.append(FieldError("", f"the template has more than {MAX_ENTRY:,} bytes", "too_large"))
    try:
        made = read_entry(entry)
    except InvalidEntry as invalid:
        return None, [*errors, *(FieldError(place, message) for place, message in invalid.errors)]
    return made, errors


def invalid_definition(problems: Sequence[Problem]) -> list[FieldError]:
    """What is wrong with the workflow itself, as with a part of the template."""
    return [FieldError(f"/definition{each.pointer}", each.message, each.code, each.hint) for each in problems]


def _said(draft: TemplateDraft, name: str) -> NamedConnection:
    return draft.connections.get(name) or NamedConnection()


def _general(integration: str) -> dict[str, str]:
    known = integrations.get(integration)
    title = integration if known is None else known.title
    return {"en": f"Access to {title}.", "de": f"Zugang zu {title}."}


def _connection_errors(used: Mapping[str, str], draft: TemplateDraft) -> Iterator[FieldError]:
    for name in sorted(draft.connections.keys() - used.keys()):
        message = f"the workflow uses no connection '{name}'"
        yield FieldError(pointer(("connections", name)), message, "unknown_field")
    suggested, taken = placeholders_for(used), dict[str, str]()
    for name in used:
        wanted = _said(draft, name).placeholder or suggested[name]
        if wanted in taken:
            message = f"'{taken[wanted]}' is called '{wanted}' already"
            yield FieldError(pointer(("connections", name, "placeholder")), message, "duplicate")
        taken.setdefault(wanted, name)


def _variable_errors(workflow: Workflow, draft: TemplateDraft) -> Iterator[FieldError]:
    named: set[str] = set()
    for number, variable in enumerate(draft.variables):
        key = str(variable["key"])
        if key in named:
            yield FieldError(f"/variables/{number}/key", f"'{key}' is there already", "duplicate")
        if key in SYSTEM_VARIABLES:
            yield FieldError(f"/variables/{number}/key", f"every tenant has '{key}'", "system_variable")
        named.add(key)
        if variable.get("default") is not None:
            try:
                check_value(cast("VariableType", variable["type"]), variable["default"])
            except InvalidVariable as error:
                yield from (
                    FieldError(f"/variables/{number}/default", each.message, each.code) for each in error.errors
                )
    for key in variables_of(workflow):
        if key not in named:
            hint = "Say what it is: whoever installs the template has to set it."
            yield FieldError("/variables", f"the workflow reads vars.{key}", "required", hint)


def _not_for_others(workflow: Workflow, used: Mapping[str, str], draft: TemplateDraft) -> Iterator[FieldError]:
    """What other tenants cannot have."""
    if not draft.author:
        yield FieldError("/author", "a public template says who it is from", "required")
    for number, node in enumerate(workflow.nodes):
        if isinstance(node, SubworkflowNode):
            message = f"this runs your workflow '{node.workflow}', which others do not have"
            yield FieldError(f"/definition/nodes/{number}/workflow", message, "not_portable")
    handling = workflow.settings.error_handling
    if handling is not None and handling.fallback_workflow is not None:
        message = f"this falls back on your workflow '{handling.fallback_workflow}', which others do not have"
        yield FieldError("/definition/settings/errorHandling/fallbackWorkflow", message, "not_portable")
    for name, integration in used.items():
        if integrations.get(integration) is None:
            message = f"the integration '{integration}' is one that you have imported, which others do not have"
            yield FieldError(pointer(("connections", name)), message, "not_portable")


def _told(finding: Finding) -> FieldError:
    return FieldError(finding.pointer, finding.message, finding.code, finding.hint)
