"""YAML as OpenAPI documents are written: with anchors, aliases and merge keys, but without dates and other types.

Like :mod:`weftline.language.yaml_reader`, the parser's events are folded by hand. An alias becomes the very object that
its anchor is at, so it costs no memory; what it would come to, written out, is counted and bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import yaml

from weftline.language.json_values import storable_text
from weftline.openapi.bounds import MAX_NESTING, MAX_VALUES
from weftline.openapi.errors import DocumentError
from weftline.openapi.scalars import clean_scalar

_LOADER = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
_CONSTANTS = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}
_INT = re.compile(r"[-+]?\d{1,400}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_MERGE = "<<"


def read_yaml_with_aliases(text: str) -> Any:
    """The first document in ``text``, as plain JSON values; of equal keys the last counts.

    Raises:
        DocumentError: it is malformed, or nests too deep, or its aliases come to too much.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
            if builder.is_done:
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else ()
        raise DocumentError(f"This is neither JSON nor YAML: {error.problem or error.context}.", *place) from None
    except yaml.YAMLError as error:
        raise DocumentError(f"This is neither JSON nor YAML: {str(error).splitlines()[0]}.") from None
    return builder.root


@dataclass(slots=True)
class _Open:
    """A container whose end has not come yet.

    Attributes:
        value: what is in it so far.
        anchor: under which name it is known afterwards.
        key: the key whose value comes next; None where a key comes.
        size, height: how many values it comes to, and how many levels.
        merged: what merge keys add, where it says nothing itself.
    """

    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    size: int = 1
    height: int = 1
    merged: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What an anchor is at; see :class:`_Open`."""

    value: Any
    size: int
    height: int


class _Builder:
    """Folds events into values, with a stack of its own."""

    def __init__(self) -> None:
        self.root: Any = None
        self.is_done = False
        self._open: list[_Open] = []
        self._known: dict[str, _Known] = {}
        self._total = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if len(self._open) >= MAX_NESTING:
                    _refuse(event, f"values nest deeper than {MAX_NESTING} levels")
                if self._awaits_key():
                    _refuse(event, "a key must be text")
                container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
                self._open.append(_Open(container, event.anchor))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                ended = self._open.pop()
                if ended.merged:
                    _merge(cast("dict[str, Any]", ended.value), ended.merged)
                if ended.anchor:
                    self._known[ended.anchor] = _Known(ended.value, ended.size, ended.height)
                self._add(event, ended.value, ended.size, ended.height)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentEndEvent():
                self.is_done = True
            case _:
                pass

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._awaits_key():
            if event.anchor:
                self._known[event.anchor] = _Known(storable_text(event.value), 1, 0)
            # keys are text whatever they look like: status codes are
            self._open[-1].key = storable_text(event.value)
            return
        is_text = not event.implicit[0] or (event.tag or "").endswith(":str")
        value = clean_scalar(event.value if is_text else _plain_value(event.value))
        if event.anchor:
            self._known[event.anchor] = _Known(value, 1, 0)
        self._add(event, value, 1, 0)

    def _alias(self, event: yaml.AliasEvent) -> None:
        known = self._known.get(event.anchor or "")
        if known is None:
            _refuse(event, f"there is no anchor '{event.anchor}' before this alias, or it holds itself")
        if self._awaits_key():
            if not isinstance(known.value, str):
                _refuse(event, "a key must be text")
            self._open[-1].key = known.value
            return
        if len(self._open) + known.height > MAX_NESTING:
            _refuse(event, f"values nest deeper than {MAX_NESTING} levels")
        self._add(event, known.value, known.size, known.height)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _add(self, event: yaml.Event, value: Any, size: int, height: int) -> None:
        if not self._open:
            self.root = value
            return
        parent = self._open[-1]
        parent.size += size
        parent.height = max(parent.height, height + 1)
        if parent.size > MAX_VALUES:
            _refuse(event, f"with what aliases repeat, the document holds more than {MAX_VALUES:,} values")
        if isinstance(parent.value, list):
            parent.value.append(value)
            return
        assert parent.key is not None
        if parent.key == _MERGE and isinstance(value, dict | list):
            sources = cast("list[Any]", value if isinstance(value, list) else [value])
            objects = [cast("dict[str, Any]", each) for each in sources if isinstance(each, dict)]
            parent.merged = [*(parent.merged or []), *objects]
        else:
            parent.value[parent.key] = value
        parent.key = None


def _merge(into: dict[str, Any], sources: list[dict[str, Any]]) -> None:
    for source in sources:
        for key, value in source.items():
            into.setdefault(key, value)


def _plain_value(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _refuse(event: yaml.Event, message: str) -> NoReturn:
    mark = event.start_mark
    place = (mark.line + 1, mark.column + 1) if mark is not None else ()
    raise DocumentError(f"The document cannot be read: {message}.", *place)
