"""Templates read and written as a whole; steps and triggers have files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.language.dialects.base import Document, Fate, Path, Reading, Writing, objects_of
from weftline.language.dialects.designer.shapes import MEANT, NAME, WorkflowTemplate, WorkflowVariable
from weftline.language.dialects.designer.step_reading import read_steps
from weftline.language.dialects.designer.step_writing import write_steps
from weftline.language.dialects.designer.triggers import read_triggers, write_triggers
from weftline.language.dialects.ids import NodeIds, workflow_slug
from weftline.language.dialects.reading import Reader
from weftline.language.dialects.records import put_back, take_out
from weftline.language.dialects.writing import Writer

_WRAPPERS = ("workflowData", "templateData")


class DesignerDialect:
    """Templates of steps that integrations carry out."""

    name = NAME
    description = "Workflow templates with ACTION, CONDITION, LOOP and DELAY steps over integrations, and triggers."

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether it holds a template, or a step that only a template has."""
        if any(isinstance(document.get(name), dict) for name in _WRAPPERS):
            return True
        steps = objects_of(document.get("steps"))
        return any(step.get("type") in list(MEANT) or "integrationActionId" in step for step in steps)

    def read(self, document: Document) -> Reading:
        """The definition of a template, wherever in the document it is."""
        reader = Reader(NAME)
        inner, root, record = take_out(document, _WRAPPERS, reader)
        template = reader.shape(WorkflowTemplate, inner, root)
        steps: Path = (*root, "steps")
        ids = NodeIds(((step.id, (*steps, index)) for index, step in enumerate(template.steps)), reader.problems)
        kept = record | reader.rest(template, root)
        fields = _read_heading(template, root, kept, reader)
        if not reader.problems:
            read_steps(template.steps, steps, ids, reader)
        fields["triggers"] = read_triggers(template.triggers, (*root, "triggers"), kept, reader)
        return reader.finish(fields, template, kept)

    def write(self, definition: Document) -> Writing:
        """The template of a workflow of actions, conditions, loops and delays."""
        writer = Writer(NAME, definition)
        found = writer.definition
        writer.refuse_rest(found, (), "description", "version", "nodes", "startNode", "triggers")
        template = writer.element(
            {
                "templateId": writer.workflow_id("templateId"),
                "name": found.get("name"),
                "description": found.get("description"),
                "version": found.get("version"),
                "steps": write_steps(writer),
            },
            found,
            (),
        )
        kept = template.pop("triggers", None), template.pop("unsupportedTriggers", None)
        if triggers := write_triggers(found.get("triggers", []), *kept):
            template["triggers"] = triggers
        return writer.finish(put_back(template))


def _read_heading(template: WorkflowTemplate, root: Path, kept: Document, reader: Reader) -> Document:
    reader.keep(
        root,
        kept,
        status=template.status,
        isActive=template.is_active,
        isPublic=template.is_public,
        metadata=template.metadata,
    )
    message = "who may use a workflow is no part of its definition: grant it to them"
    for name, given in (
        ("permissionUserIds", template.permission_user_ids),
        ("permissionRoleIds", template.permission_role_ids),
    ):
        if given:
            kept[name] = given
            reader.note(Fate.KEPT, (*root, name), name, message)
    if template.variables:
        kept["variables"] = [
            _read_variable(variable, (*root, "variables", index), reader)
            for index, variable in enumerate(template.variables)
        ]
    given_id = template.template_id or template.id
    id_ = workflow_slug(given_id or template.name or "template")
    if id_ != given_id:
        reader.note(Fate.CHANGED, (*root, "templateId"), "templateId", f"the workflow's id is `{id_}`")
    if template.template_id is not None and template.template_id != id_:
        kept["templateId"] = template.template_id
    if template.id is not None and template.id != id_:
        reader.keep(root, kept, id=template.id)
    return {"id": id_, "name": template.name, "description": template.description, "version": template.version}


def _read_variable(variable: WorkflowVariable, path: Path, reader: Reader) -> Document:
    """What is kept of a variable: never the value of a secret."""
    kept = variable.model_dump(by_alias=True, exclude_unset=True)
    message = "a variable is no part of a definition: set it for the workflow"
    if variable.is_encrypted or (variable.type or "").upper() == "SECRET":
        kept.pop("value", None)
        message += "; the secret itself was left behind"
    reader.note(Fate.KEPT, path, variable.key, message)
    return kept
