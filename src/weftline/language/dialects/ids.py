"""Ids of nodes, between another system's and ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, StringConstraints

from weftline.language.dialects.base import Path
from weftline.language.fields import is_node_id
from weftline.language.hints import nearest
from weftline.language.json_values import pointer
from weftline.language.problems import Problems

_MAX_LENGTH = 128
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.-]+")


def _text(value: object) -> object:
    # record ids may be numbers
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


SourceId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1_000), BeforeValidator(_text)]
"""An id in another system's document: text, or a whole number."""


def workflow_slug(text: str) -> str:
    """``text`` as the id of a workflow, as like it as can be."""
    return _FORBIDDEN.sub("-", text).strip("-._")[:_MAX_LENGTH] or "workflow"


def node_slug(text: str) -> str:
    """``text`` as the id of a node, as like it as can be."""
    plain = _FORBIDDEN.sub("-", text)
    return (plain if plain[:1].isalpha() else f"n-{plain}")[:_MAX_LENGTH]


class NodeIds:
    """The ids of a document's steps, and what ours are called for them.

    Args:
        listed: each step's id and where it stands.
        problems: gets ids that appear twice.
    """

    def __init__(self, listed: Iterable[tuple[str, Path]], problems: Problems) -> None:
        self._problems = problems
        self._ours: dict[str, str] = {}
        self._taken: set[str] = set()
        self._numbers: Counter[str] = Counter()
        renamed: dict[str, None] = {}
        for id_, path in listed:
            if id_ in self._ours or id_ in renamed:
                problems.add("duplicate_id", pointer((*path, "id")), f"another one has the id `{id_}` already")
            elif is_node_id(id_):
                self._ours[id_] = id_
                self._taken.add(id_)
            else:
                renamed[id_] = None
        # ids that can stay are given first, so that no other takes their place
        for id_ in renamed:
            self._ours[id_] = self.new(node_slug(id_))

    def ours(self, id_: str) -> str:
        """Our id for a step of the document."""
        return self._ours[id_]

    def target(self, id_: str, path: Path) -> str:
        """Our id for the step that is referred to at ``path``; a reference to none is a problem."""
        if id_ in self._ours:
            return self._ours[id_]

        def hint() -> str | None:
            near = nearest(id_, self._ours)
            return f"did you mean `{near}`?" if near else None

        self._problems.add("missing_target", pointer(path), f"there is no `{id_}`", hint)
        return id_

    def new(self, like: str) -> str:
        """An id that is not taken yet, ``like`` where that can be."""
        id_ = like[:_MAX_LENGTH]
        while id_ in self._taken:
            # counted on from the last one: thousands of ids may be alike
            self._numbers[like] += 1
            ending = f"-{self._numbers[like] + 1}"
            id_ = like[: _MAX_LENGTH - len(ending)] + ending
        self._taken.add(id_)
        return id_
