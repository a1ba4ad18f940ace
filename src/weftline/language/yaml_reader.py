"""YAML's JSON-like core: no tags, aliases, merge keys or dates; ``yes`` and ``on`` are text.

The parser's events are folded by hand, because a safe loader still expands aliases, recurses as deep as the
text nests, keeps the last of two equal keys and turns ``true:`` (a field of a decision) into a boolean key.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn, cast

import yaml

from weftline.language.errors import ParseError
from weftline.language.json_values import MAX_DEPTH, pointer

_LOADER = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
_CONSTANTS = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}
_INT = re.compile(r"[-+]?\d+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


Places = dict[str, tuple[int, int]]
"""Where each value of a document stands in its text: line and column, from 1, by JSON pointer."""


def read_yaml(text: str) -> object:
    """The one document in ``text``, as plain JSON values.

    Raises:
        ParseError: it is malformed, holds several documents, uses what the core leaves out, or nests too
            deep.
    """
    return _built(text, _Builder()).root


def read_placed_yaml(text: str) -> tuple[object, Places]:
    """The same, and where each value stands; that of a mapping's key is where the key does.

    Raises:
        ParseError: see :func:`read_yaml`.
    """
    places: Places = {}
    return _built(text, _Builder(places)).root, places


def _built(text: str, builder: _Builder) -> _Builder:
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else ()
        raise ParseError(f"not YAML: {error.problem or error.context}", *place) from None
    except yaml.YAMLError as error:
        raise ParseError(f"not YAML: {str(error).splitlines()[0]}") from None
    return builder


class _Builder:
    """Folds events into values, with a stack of its own; ``places`` is filled where it is given."""

    def __init__(self, places: Places | None = None) -> None:
        self.root: object = None
        self._places = places
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []
        self._paths: list[tuple[str | int, ...]] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_extras(event)
                if len(self._open) >= MAX_DEPTH:
                    _refuse(event, f"values nest deeper than {MAX_DEPTH} levels")
                container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
                path = self._path()
                self._add(event, container)
                self._open.append(container)
                self._paths.append(path)
                self._keys.append(None)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
                self._keys.pop()
                self._paths.pop()
            case yaml.AliasEvent():
                _refuse(event, "aliases are not allowed")
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    _refuse(event, "a definition is one document")
            case _:
                pass

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_extras(event)
        if self._awaits_key():
            # keys are text whatever they look like: `true:` is a field of a decision
            self._keys[-1] = event.value
            if event.value in self._open[-1]:
                _refuse(event, f"the key {event.value!r} appears twice in one mapping")
            self._note_place(event)
        else:
            plain = event.implicit[0]
            self._add(event, _plain_value(event) if plain else event.value)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], dict) and self._keys[-1] is None

    def _add(self, event: yaml.Event, value: object) -> None:
        if not self._open:
            self._note_place(event)
            self.root = value
            return
        parent = self._open[-1]
        if isinstance(parent, list):
            self._note_place(event)
            parent.append(value)
            return
        key = self._keys[-1]
        if key is None:
            _refuse(event, "a key must be text")
        parent[key] = value
        self._keys[-1] = None

    def _note_place(self, event: yaml.Event) -> None:
        if self._places is not None and event.start_mark is not None:
            self._places[pointer(self._path())] = (event.start_mark.line + 1, event.start_mark.column + 1)

    def _path(self) -> tuple[str | int, ...]:
        """The place of what comes next, where places are asked for."""
        if self._places is None or not self._open:
            return ()
        parent, key = self._open[-1], self._keys[-1]
        return (*self._paths[-1], len(parent) if isinstance(parent, list) else key or "")

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            _refuse(event, "anchors are not allowed")
        if getattr(event, "tag", None):
            _refuse(event, "tags are not allowed")


def _plain_value(event: yaml.ScalarEvent) -> object:
    text = event.value
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        if _INT.fullmatch(text):
            return int(text)
    except ValueError:
        # Python itself refuses integers of more than 4,300 digits
        _refuse(event, "the integer does not fit in 64 bits")
    return float(text) if _FLOAT.fullmatch(text) else text


def _refuse(event: yaml.Event, message: str) -> NoReturn:
    mark = event.start_mark
    place = (mark.line + 1, mark.column + 1) if mark is not None else ()
    raise ParseError(message, *place)
