"""What every writer of a dialect does: look at one form of a definition only, and name what it cannot write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from weftline.language.dialects.base import Document, Fate, Path, Writing
from weftline.language.dialects.ids import workflow_slug
from weftline.language.dialects.milliseconds import to_milliseconds
from weftline.language.dialects.notes import Notes
from weftline.language.model import Workflow

UNSUPPORTED_TYPE = "unsupported"
"""The type of what stands for a node that a dialect cannot say."""

_ALIASES = {"condition": "decision", "delay": "wait"}
_ALWAYS = frozenset({"id", "type", "name", "ui"})


def normal_form(definition: Mapping[str, Any]) -> Document:
    """A valid definition without its shorthands, aliases and defaults."""
    document = Workflow.model_validate(dict(definition)).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for node in document["nodes"]:
        node["type"] = _ALIASES.get(node["type"], node["type"])
    return document


class Writer:
    """Gathers what a definition becomes.

    Args:
        dialect: the dialect's name; what was kept of its documents stands under it in ``ui``.
        definition: a valid definition.

    Attributes:
        definition: the same in its normal form.
        ids: from our ids of nodes to those in the document.
    """

    def __init__(self, dialect: str, definition: Mapping[str, Any]) -> None:
        self.definition = normal_form(definition)
        self._dialect = dialect
        self._notes = Notes()
        self._by_id = {node["id"]: node for node in self.nodes}
        self.ids: dict[str, str] = {}
        taken: set[str] = set()
        for node in self.nodes:
            known = self._kept(node).get("id")
            id_: str = known if isinstance(known, str) and known not in taken else node["id"]
            self.ids[node["id"]] = id_
            taken.add(id_)

    @property
    def nodes(self) -> list[Document]:
        """The definition's nodes."""
        return cast("list[Document]", self.definition["nodes"])

    def theirs(self, ids: list[str]) -> list[str]:
        """The document's ids for some of ours."""
        return [self.ids[id_] for id_ in ids]

    def new_id(self, like: str) -> str:
        """An id of the document that is not taken yet."""
        taken = {*self.ids.values(), *self.ids}
        while like in taken:
            like += "-1"
        return like

    def node(self, id_: str) -> Document | None:
        """The node of this id, if there is one."""
        return self._by_id.get(id_)

    def type_of(self, id_: str) -> str:
        """The type of one of our nodes."""
        return self._by_id[id_]["type"]

    def workflow_id(self, field: str) -> str:
        """The workflow's id: as it was in the document's ``field`` where ours was made from that."""
        ours: str = self.definition["id"]
        known = self._kept(self.definition).get(field)
        return known if isinstance(known, str) and workflow_slug(known) == ours else ours

    def ways(self, node: Document) -> list[str]:
        """Where a decision with a condition leads: where it is true, and where it is not."""
        return self.theirs([node[way] if way in node else node["default"] for way in ("true", "false")])

    def milliseconds(self, duration: object, path: Path) -> int | float | None:
        """The duration at ``path`` in milliseconds; one that only running it shows cannot be written."""
        milliseconds = to_milliseconds(duration)
        if milliseconds is None:
            self.refuse(path, str(path[-1]), "it is a number of milliseconds there")
        return milliseconds

    def note(self, fate: Fate, path: Path, construct: str, message: str) -> None:
        """Say what became of something."""
        self._notes.add(fate, path, construct, message)

    def refuse(self, path: Path, construct: str, message: str = "cannot be said there") -> None:
        """Say that something cannot be written."""
        self.note(Fate.UNSUPPORTED, path, construct, message)

    def refuse_rest(self, fields: Mapping[str, Any], path: Path, *said: str) -> None:
        """Name every field at ``path`` that is not among those that are ``said``."""
        for name in fields:
            if name not in _ALWAYS and name not in said:
                self.refuse((*path, name), name)

    def element(self, fields: Mapping[str, Any], source: Mapping[str, Any], path: Path) -> Document:
        """``fields`` without those that are None, and with what was kept of the element that ``source`` was read from.

        What is written goes before what was kept.
        """
        ui: Any = source.get("ui")
        if ui is not None and not isinstance(ui, dict):
            self.refuse((*path, "ui"), "ui", "only an object can be kept there")
        kept = self._kept(source)
        found = {**kept, **{name: value for name, value in fields.items() if value is not None}}
        if isinstance(kept.get("config"), dict):
            found["config"] = {**kept["config"], **found["config"]}
        others = {name: value for name, value in _object(source.get("ui")).items() if name != self._dialect}
        return {**found, "ui": others} if others else found

    def finish(self, document: Document) -> Writing:
        """The document, with every note."""
        return Writing(document, self._notes.listed())

    def _kept(self, source: Mapping[str, Any]) -> Document:
        return _object(_object(source.get("ui")).get(self._dialect))


def _object(value: object) -> Document:
    return cast("Document", value) if isinstance(value, dict) else {}
