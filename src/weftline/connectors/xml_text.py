"""XML as JSON and back: attributes as ``@name``, text beside them as ``#text``, repeated elements as lists.

Documents with a document type are refused: none that systems exchange needs one, and entities are what makes XML
dangerous (they expand without bound, and fetch files).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from weftline.connectors.hosts import invalid

MAX_DEPTH = 100

_NAME = re.compile(r"[A-Za-z_][\w.\-]*(:[A-Za-z_][\w.\-]*)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot say at all."""


def read_xml(content: str | bytes, lists: Collection[str] = ()) -> dict[str, Any]:
    """A document as ``{root: …}``.

    Args:
        content: the document; bytes in the encoding that it declares.
        lists: names of elements that are lists even where there is one.

    Raises:
        ActionError: code ``invalid_input``: it is no XML, or has a document type, or is too deep.
    """
    from xml.parsers import expat

    builder = _Builder(lists)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise invalid(f"this is no XML: {error}") from None
    return builder.document


def write_xml(document: Mapping[str, Any], *, indent: str = "") -> str:
    """The document that :func:`read_xml` reads as this.

    Raises:
        ActionError: code ``invalid_input``: a name or a text cannot stand in XML, or there is not one root.
    """
    if len(document) != 1:
        raise invalid("an XML document has one root")
    ((name, value),) = document.items()
    if isinstance(value, list):
        raise invalid("an XML document has one root")
    parts = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(name, value, parts, indent, 0)
    return ("\n" if indent else "").join(parts) + ("\n" if indent else "")


class _Builder:
    def __init__(self, lists: Collection[str]) -> None:
        self.document: dict[str, Any] = {}
        self._lists = frozenset(lists)
        self._open: list[tuple[str, dict[str, Any], list[str]]] = [("", self.document, [])]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise invalid(f"the document is deeper than {MAX_DEPTH} elements")
        self._open.append((name, {f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _: str) -> None:
        name, content, texts = self._open.pop()
        text = "".join(texts)
        if content:
            text = text.strip()
        value: Any = content
        if not content:
            value = text if text.strip() else None
        elif text:
            content["#text"] = text
        siblings = self._open[-1][1]
        if name in siblings:
            known = siblings[name]
            if isinstance(known, list):
                cast("list[Any]", known).append(value)
            else:
                siblings[name] = [known, value]
        else:
            siblings[name] = [value] if name in self._lists else value


def _refuse_doctype(*_: Any) -> None:
    raise invalid("the XML has a document type, which is refused: its entities could expand without bound")


def _write(name: str, value: Any, parts: list[str], indent: str, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise invalid(f"the document is deeper than {MAX_DEPTH} elements")
    if _NAME.fullmatch(name) is None:
        raise invalid(f"no XML element can be called {name!r}")
    before = indent * depth
    if not isinstance(value, Mapping):
        text = _text(value, name)
        parts.append(f"{before}<{name}>{_escaped(text)}</{name}>" if text else f"{before}<{name}/>")
        return
    content = cast("Mapping[str, Any]", value)
    attributes = "".join(_attribute(key, item) for key, item in content.items() if key.startswith("@"))
    children = [(key, item) for key, item in content.items() if not key.startswith(("@", "#"))]
    text = _escaped(_text(content.get("#text"), name))
    if not children:
        parts.append(f"{before}<{name}{attributes}>{text}</{name}>" if text else f"{before}<{name}{attributes}/>")
        return
    parts.append(f"{before}<{name}{attributes}>{text}")
    for key, item in children:
        for each in cast("list[Any]", item) if isinstance(item, list) else [item]:
            _write(key, each, parts, indent, depth + 1)
    parts.append(f"{before}</{name}>")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(key: str, value: Any) -> str:
    if _NAME.fullmatch(key[1:]) is None:
        raise invalid(f"no XML attribute can be called {key[1:]!r}")
    text = _escaped(_text(value, key)).replace('"', "&quot;")
    # white space would be read as blanks
    text = text.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    return f' {key[1:]}="{text}"'


def _text(value: Any, name: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            text = str(value)
        case _:
            raise invalid(f"'{name}' holds a list within a list, or in an attribute, which XML cannot say")
    if _FORBIDDEN.search(text):
        raise invalid(f"'{name}' holds a control character, which XML cannot say")
    return text
