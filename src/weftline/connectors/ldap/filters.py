"""Filters and names with parameters (RFC 4515, RFC 4514): what is put in stays a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

from weftline.connectors.hosts import invalid
from weftline.connectors.ldap.ber import octets, tlv

_ITEM = re.compile(r"([A-Za-z0-9][A-Za-z0-9.;-]*)(=|>=|<=|~=)([^()]*)")
_PARAMETER = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")
_WHOLE_PARAMETER = re.compile(r"=" + _PARAMETER.pattern + r"(?=,|\+|$)")
_ESCAPED = re.compile(r"\\([0-9a-fA-F]{2})")
_TAGS = {">=": 0xA5, "<=": 0xA6, "~=": 0xA8, "=": 0xA3}
_MAX_DEPTH = 50


def filter_element(text: str, parameters: Mapping[str, str]) -> bytes:
    """A filter as it travels.

    Args:
        text: like ``(&(objectClass=person)(mail=:mail))``.
        parameters: the values; they are never read as a filter.

    Raises:
        ActionError: code ``invalid_input``: it is no filter, or a parameter is missing.
    """
    element, end = _filter(text.strip(), 0, parameters, 0)
    if end != len(text.strip()):
        raise invalid(f"the filter goes on after its end, at {end}")
    return element


def filled_name(text: str, parameters: Mapping[str, str]) -> str:
    """A distinguished name in which ``=:name`` is a parameter, escaped (RFC 4514).

    Raises:
        ActionError: code ``invalid_input``: a parameter is missing.
    """

    def value(found: re.Match[str]) -> str:
        return "=" + _escaped(_value(found[1], parameters))

    return _WHOLE_PARAMETER.sub(value, text)


def _filter(text: str, at: int, parameters: Mapping[str, str], depth: int) -> tuple[bytes, int]:
    if depth > _MAX_DEPTH or text[at : at + 1] != "(":
        raise invalid(f"the filter is none at {at}: {text[at : at + 20]!r}")
    at += 1
    mark = text[at : at + 1]
    if mark in ("&", "|", "!"):
        parts: list[bytes] = []
        at += 1
        while text[at : at + 1] == "(":
            part, at = _filter(text, at, parameters, depth + 1)
            parts.append(part)
        if text[at : at + 1] != ")" or (mark == "!" and len(parts) != 1):
            raise invalid(f"the filter is none at {at}: {text[at : at + 20]!r}")
        return tlv({"&": 0xA0, "|": 0xA1, "!": 0xA2}[mark], *parts), at + 1
    item = _ITEM.match(text, at)
    if item is None or text[item.end() : item.end() + 1] != ")":
        raise invalid(f"the filter is none at {at}: {text[at : at + 20]!r}")
    return _item(item[1], item[2], item[3], parameters), item.end() + 1


def _item(attribute: str, kind: str, text: str, parameters: Mapping[str, str]) -> bytes:
    if kind == "=" and text == "*":
        return octets(attribute, 0x87)
    pieces = [_piece(piece, parameters) for piece in text.split("*")]
    if len(pieces) == 1 or kind != "=":
        return tlv(_TAGS[kind], octets(attribute), octets(b"*".join(pieces)))
    tags = [0x80, *[0x81] * (len(pieces) - 2), 0x82]
    parts = [octets(piece, tag) for piece, tag in zip(pieces, tags, strict=True) if piece]
    if not parts:
        return octets(attribute, 0x87)
    return tlv(0xA4, octets(attribute), tlv(0x30, *parts))


def _piece(text: str, parameters: Mapping[str, str]) -> bytes:
    parameter = _PARAMETER.fullmatch(text)
    if parameter is not None:
        return _value(parameter[1], parameters).encode()
    out = b""
    at = 0
    for found in _ESCAPED.finditer(text):
        out += text[at : found.start()].encode() + bytes([int(found[1], 16)])
        at = found.end()
    return out + text[at:].encode()


def _value(name: str, parameters: Mapping[str, str]) -> str:
    if name not in parameters:
        raise invalid(f"there is ':{name}', and 'parameters' has no '{name}'")
    return parameters[name]


def _escaped(value: str) -> str:
    out = re.sub(r'([\\,+"<>;=])', r"\\\1", value).replace("\0", "\\00").replace("\r", "\\0d").replace("\n", "\\0a")
    if out.startswith((" ", "#")):
        out = f"\\{out}"
    if out.endswith(" ") and not out.endswith("\\ "):
        out = f"{out[:-1]}\\ "
    return out
