"""What every reader of a dialect does: check shapes, name what is unknown, gather nodes and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from weftline.language.dialects.base import Document, Fate, Path, Reading
from weftline.language.dialects.expressions import to_cel
from weftline.language.dialects.notes import Notes
from weftline.language.errors import DefinitionError
from weftline.language.json_values import pointer
from weftline.language.problems import Problems
from weftline.language.shape import report_shape

PLACEHOLDER = "unsupported."
"""What the action of a placeholder begins with; the rest is the construct that it stands for. No action is registered
under such a name, so that nothing runs it by mistake."""

RECORD_FIELDS = frozenset(
    {"tenantId", "workflowId", "createdAt", "updatedAt", "deletedAt", "createdBy", "updatedBy", "createdById"}
)
"""Fields that say something about a record in the other system's database, and nothing about the workflow."""


class Foreign(BaseModel):
    """Base of everything in another system's document: camelCase, nothing converted, unknown fields left to look at."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow", strict=True, frozen=True)

    ui: dict[str, Any] | None = None


ForeignT = TypeVar("ForeignT", bound=Foreign)


class Reader:
    """Gathers what a document becomes.

    Args:
        dialect: its dialect's name; kept data stands under it in ``ui``.

    Attributes:
        problems: what is wrong with the document in its own terms.
    """

    def __init__(self, dialect: str) -> None:
        self.problems = Problems()
        self._dialect = dialect
        self._notes = Notes()
        self._nodes: list[Document] = []
        self._origins: dict[str, str] = {}

    def shape(self, model: type[ForeignT], document: Mapping[str, Any], path: Path = ()) -> ForeignT:
        """``document``, which stands at ``path``, as a ``model``.

        Raises:
            DefinitionError: it has another shape.
        """
        try:
            return model.model_validate(document)
        except ValidationError as error:
            report_shape(error, document, path, model, self.problems)
            raise DefinitionError(self.problems.listed()) from None

    def problem(self, code: str, path: Path, message: str, hint: str | None = None) -> None:
        """Say that the document is not well formed at ``path``."""
        self.problems.add(code, pointer(path), message, hint)

    def note(self, fate: Fate, path: Path, construct: str, message: str) -> None:
        """Say what became of something."""
        self._notes.add(fate, path, construct, message)

    def rest(self, element: Foreign, path: Path, meant: Iterable[str] | None = None) -> Document:
        """What of an element means nothing here, to be kept; each part is noted.

        Parameters:
            element: what stands at ``path``.
            path: its place.
            meant: the fields, as the document names them, that mean something in this element; None: all that are
                known.
        """
        kept: Document = {}
        unknown = element.model_extra or {}
        for name, value in unknown.items():
            kept[name] = value
            if name in RECORD_FIELDS:
                self.note(Fate.KEPT, (*path, name), name, "says nothing about the workflow itself")
            else:
                self.note(Fate.UNSUPPORTED, (*path, name), name, "is not known in this place")
        if meant is not None:
            for name, value in _given(element).items():
                if name not in meant and name != "ui":
                    kept[name] = value
                    self.note(Fate.UNSUPPORTED, (*path, name), name, "means nothing here")
        return kept

    def keep(self, path: Path, kept: Document, **fields: Any) -> Document:
        """Add ``fields`` of the element at ``path`` to what is kept of it, with a note each where they are given."""
        for name, value in fields.items():
            if value is not None:
                kept[name] = value
                self.note(Fate.KEPT, (*path, name), name, "has no meaning here")
        return kept

    def keep_id(self, source: str, ours: str, path: Path, kept: Document) -> None:
        """Keep the id of the element at ``path`` where ours is another."""
        if source != ours:
            kept["id"] = source
            self.note(Fate.CHANGED, (*path, "id"), "id", f"the id is `{ours}` here")

    def cel(self, condition: str, path: Path) -> str:
        """The condition at ``path`` in CEL."""
        written = to_cel(condition)
        if written != condition:
            self.note(Fate.CHANGED, path, "condition", "it is written in CEL")
        return written

    def origin(self, place: Path, path: Path) -> None:
        """Say that what stands at ``place`` in the definition comes from ``path``."""
        self._origins[pointer(place)] = pointer(path)

    def add(self, node: Document, path: Path, element: Foreign | None = None, kept: Document | None = None) -> None:
        """Add a node that comes from ``path``; fields that are None are left out."""
        self.origin(("nodes", len(self._nodes)), path)
        self._nodes.append(self._with_ui(node, element, kept or {}))

    def add_placeholder(self, node: Document, path: Path, construct: str, element: Foreign, kept: Document) -> None:
        """Add what stands for a step that cannot be converted, and note it.

        Parameters:
            node: its ``id``, ``name`` and where it leads.
            path: where the step stands.
            construct: what the document calls its kind.
            element: the step.
            kept: what of it is kept.
        """
        self.note(Fate.UNSUPPORTED, (*path, "type"), construct, "there is no such step here")
        placeholder = {**node, "type": "action", "action": f"{PLACEHOLDER}{construct[:200]}"}
        self.add(placeholder, path, element, {**kept, **_given(element)})

    def finish(self, fields: Document, element: Foreign, kept: Document) -> Reading:
        """The definition of everything that was added.

        Parameters:
            fields: everything but its nodes; those that are None are left out.
            element: what the whole document is.
            kept: what of that is kept.

        Raises:
            DefinitionError: the document is not well formed in its own terms.
        """
        if self.problems:
            raise DefinitionError(self.problems.listed())
        definition = self._with_ui({**fields, "nodes": self._nodes}, element, kept)
        return Reading(definition, self._notes.listed(), self._origins)

    def _with_ui(self, fields: Document, element: Foreign | None, kept: Document) -> Document:
        found = {name: value for name, value in fields.items() if value is not None}
        ui = dict((element.ui if element is not None else None) or {})
        if kept:
            ui[self._dialect] = kept
        return {**found, "ui": ui} if ui else found


def _given(element: Foreign) -> Document:
    """The fields that the document gives an element, of those that are known; not where they are empty."""
    unknown = element.model_extra or {}
    given = element.model_dump(by_alias=True, exclude_defaults=True)
    return {name: value for name, value in given.items() if name not in unknown}
