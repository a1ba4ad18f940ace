"""Overlays: what makes a workflow of one's own out of a common one, said as changes and not as a copy.

::

    workflow:                                   # merged into the definition (RFC 7396: null takes away)
      output: {contract: "${ contractReference }"}
    steps:                                      # one after the other
      - {add: [{id: guarantee, type: form, form: {…}}], after: portfolio}
      - {add: [{id: consent, type: approval}], before: approval}
      - {remove: delivery-points}
      - {replace: create-key, with: {type: action, action: kong.createJwt, …}}
      - {change: company-info, fields: {eic: {type: string}}, required: [eic], validators: {eic: market-roles.eic}}

Added steps follow each other in their order; the last one leads to where the step before them led. Whatever led to a
step that is removed leads to what followed it. The base is never changed. Everything that is wrong is told at once,
each with its place in the overlay.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from weftline.authoring.plugin import VALIDATOR_KEYWORD
from weftline_market_roles.edges import Step
from weftline_market_roles.overlay_errors import OverlayError, OverlayProblem
from weftline_market_roles.patching import Patch, merged

StepId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Addition(_Part):
    """Steps that are added."""

    add: Annotated[list[dict[str, Any]], Field(min_length=1)]
    """The steps, in their order; what one leads to need not be said."""
    after: StepId | None = None
    """The step that they follow."""
    before: StepId | None = None
    """The step that they lead to; whatever led there leads to them."""


class Removal(_Part):
    """A step that is not done."""

    remove: StepId
    """Which."""


class Replacement(_Part):
    """A step that is done in another way."""

    replace: StepId
    """Which."""
    by: Annotated[dict[str, Any], Field(alias="with")]
    """What takes its place. Its id and what it leads to are those of the old one, where it does not say others."""


class Change(_Part):
    """A step that asks or does more, or something else."""

    change: StepId
    """Which."""
    fields: Annotated[dict[str, Any], Field(default_factory=dict[str, Any])]
    """Fields that its form has as well: a JSON Schema by name."""
    without_fields: Annotated[list[str], Field(alias="withoutFields", default_factory=list[str])]
    """Fields that its form does not have."""
    required: Annotated[list[str], Field(default_factory=list[str])]
    """Fields that have to be filled in as well."""
    validators: Annotated[dict[str, str], Field(default_factory=dict[str, str])]
    """Checks that fields have to pass as well, by field; ``points[].ean`` is the field of each item of a list."""
    set: Annotated[dict[str, Any], Field(default_factory=dict[str, Any])]
    """Anything else, merged into the step (RFC 7396)."""


AnyChange: TypeAlias = Addition | Removal | Replacement | Change

_KINDS: dict[str, type[AnyChange]] = {"add": Addition, "remove": Removal, "replace": Replacement, "change": Change}


class Overlay(_Part):
    """What is different.

    Attributes:
        workflow: merged into the definition; of its steps it says nothing.
        steps: changes of steps, made one after the other.
    """

    workflow: Annotated[dict[str, Any], Field(default_factory=dict[str, Any])]
    steps: Annotated[list[AnyChange], Field(default_factory=list[AnyChange])]


def read_overlay(document: Mapping[str, Any]) -> Overlay:
    """The overlay that a document holds.

    Raises:
        OverlayError: it holds none; all that is wrong is told at once.
    """
    problems = [
        OverlayProblem(f"/{key}", f"`{key}` is nothing that an overlay says", "it says `workflow` and `steps`")
        for key in document.keys() - {"workflow", "steps"}
    ]
    workflow, steps = document.get("workflow", {}), document.get("steps", [])
    if not isinstance(workflow, dict):
        problems.append(OverlayProblem("/workflow", "`workflow` is an object with fields of the definition"))
    elif misplaced := {"nodes", "id", "startNode"} & workflow.keys():
        name = min(misplaced)
        hint = "change steps by `steps`" if name == "nodes" else "it is the base's"
        problems.append(OverlayProblem(f"/workflow/{name}", f"an overlay does not set `{name}`", hint))
    if not isinstance(steps, list):
        problems.append(OverlayProblem("/steps", "`steps` is a list of changes"))
        steps = []
    changes = [_read_change(item, f"/steps/{index}", problems) for index, item in enumerate(cast("list[Any]", steps))]
    if problems:
        raise OverlayError(problems)
    return Overlay(workflow=cast("dict[str, Any]", workflow), steps=[each for each in changes if each is not None])


def applied(base: Mapping[str, Any], overlay: Overlay) -> dict[str, Any]:
    """The definition that a base becomes by an overlay; neither is changed.

    Args:
        base: a definition with ``nodes``.
        overlay: what is different.

    Raises:
        OverlayError: the overlay does not fit the base: it names steps or fields that are not there, or that are there
            already, or it would leave an edge leading nowhere or a step that nothing leads to.
    """
    patch = Patch(merged(copy.deepcopy(dict(base)), overlay.workflow))
    for index, change in enumerate(overlay.steps):
        patch.place = f"/steps/{index}"
        match change:
            case Addition():
                patch.add(copy.deepcopy(change.add), after=change.after, before=change.before)
            case Removal():
                patch.remove(change.remove)
            case Replacement():
                patch.replace(change.replace, copy.deepcopy(change.by))
            case Change():
                _change(patch, change)
    return patch.finished()


def _change(patch: Patch, change: Change) -> None:
    step = patch.find(change.change, "change")
    if step is None:
        return
    for name in ("id", "next"):
        if name in change.set:
            patch.tell(f"/set/{name}", f"`set` does not change `{name}`", "add, remove or replace steps instead")
            return
    _change_form(patch, step, change)
    step.update(merged({key: step[key] for key in change.set.keys() & step.keys()}, change.set))
    for key in [key for key, value in change.set.items() if value is None]:
        step.pop(key, None)


def _change_form(patch: Patch, step: Step, change: Change) -> None:
    if not (change.fields or change.without_fields or change.required or change.validators):
        return
    held = step.setdefault("form", {"type": "object"})
    if not isinstance(held, dict):
        patch.tell("", f"the form of `{change.change}` has a name and stands elsewhere: its fields cannot be changed")
        return
    form = cast("dict[str, Any]", held)
    fields, required = form.setdefault("properties", {}), form.get("required", [])
    if not (isinstance(fields, dict) and isinstance(required, list)):
        patch.tell("", f"the form of `{change.change}` is no JSON Schema of an object")
        return
    fields, required = cast("dict[str, Any]", fields), cast("list[str]", required)
    for index, name in enumerate(change.without_fields):
        if fields.pop(name, None) is None:
            patch.tell(f"/withoutFields/{index}", f"`{change.change}` has no field `{name}`", patch.near(name, fields))
    for name, schema in change.fields.items():
        if name in fields:
            hint = f"merge into it: `set: {{form: {{properties: {{{name}: …}}}}}}`"
            patch.tell(f"/fields/{name}", f"`{change.change}` has a field `{name}` already", hint)
        fields[name] = copy.deepcopy(schema)
    for index, name in enumerate(change.required):
        if name not in fields:
            patch.tell(f"/required/{index}", f"`{change.change}` has no field `{name}`", patch.near(name, fields))
    wanted = dict.fromkeys([*(name for name in required if name in fields), *change.required])
    if wanted:
        form["required"] = list(wanted)
    else:
        form.pop("required", None)
    for path, validator in change.validators.items():
        _check_field(patch, form, path, validator)


def _check_field(patch: Patch, form: dict[str, Any], path: str, validator: str) -> None:
    """Let a field be checked, whose name or path is given; one that is checked already keeps its check."""
    schema = form
    for part in path.split("."):
        name = part.removesuffix("[]")
        properties = _objects_in(schema.get("properties"))
        if name not in properties:
            patch.tell(f"/validators/{path}", f"there is no field `{name}`", patch.near(name, properties))
            return
        schema = properties[name]
        if part.endswith("[]"):
            items = schema.setdefault("items", {})
            if not isinstance(items, dict):
                patch.tell(f"/validators/{path}", f"the items of `{name}` are not described by one schema")
                return
            schema = cast("dict[str, Any]", items)
    if VALIDATOR_KEYWORD in schema:
        patch.tell(f"/validators/{path}", f"the field is checked already, by `{schema[VALIDATOR_KEYWORD]}`")
    schema[VALIDATOR_KEYWORD] = validator


def _objects_in(value: Any) -> dict[str, dict[str, Any]]:
    its = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    return {name: each for name, each in its.items() if isinstance(each, dict)}


def _read_change(item: Any, place: str, problems: list[OverlayProblem]) -> AnyChange | None:
    """A change; None, and what is wrong among the problems, where it is none."""
    kinds = sorted(_KINDS.keys() & cast("dict[str, Any]", item).keys()) if isinstance(item, dict) else []
    if len(kinds) != 1:
        message = "a change is an object with one of `add`, `remove`, `replace` and `change`"
        problems.append(OverlayProblem(place, message, f"it has {' and '.join(kinds)}" if kinds else None))
        return None
    try:
        change = _KINDS[kinds[0]].model_validate(item)
    except ValidationError as error:
        problems += [
            OverlayProblem("".join([place, *(f"/{part}" for part in each["loc"])]), each["msg"])
            for each in error.errors(include_url=False)
        ]
        return None
    if isinstance(change, Addition) and (change.after is None) == (change.before is None):
        problems.append(OverlayProblem(place, "added steps stand either `after` or `before` another one"))
        return None
    return change
