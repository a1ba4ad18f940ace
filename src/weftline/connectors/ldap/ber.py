"""The part of ASN.1's basic encoding rules that LDAP uses (X.690; RFC 4511, section 5.1)."""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, OCTETS, ENUMERATED, BOOLEAN, SEQUENCE, SET = 0x02, 0x04, 0x0A, 0x01, 0x30, 0x31


def tlv(tag: int, *contents: bytes) -> bytes:
    """An element."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A whole number that is not negative."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: str | bytes, tag: int = OCTETS) -> bytes:
    """A text, or bytes."""
    return tlv(tag, value.encode() if isinstance(value, str) else value)


def elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The tags and contents of the elements in a content.

    Raises:
        ValueError: it is cut off, or encoded in a way that LDAP forbids.
    """
    at = 0
    while at < len(content):
        head = header(content[at : at + 10])
        if head is None:
            raise ValueError("an element is cut off")
        tag, before, size = head
        start = at + before
        at = start + size
        if at > len(content):
            raise ValueError("an element is cut off")
        yield tag, content[start:at]


def header(data: bytes) -> tuple[int, int, int] | None:
    """Tag, length of the header, and length of the content; None where more bytes are needed.

    Raises:
        ValueError: it is encoded in a way that LDAP forbids.
    """
    if len(data) < 2:
        return None
    tag, first = data[0], data[1]
    if first < 0x80:
        return tag, 2, first
    count = first & 0x7F
    if not 0 < count <= 8:
        raise ValueError("an element says no length")
    if len(data) < 2 + count:
        return None
    return tag, 2 + count, int.from_bytes(data[2 : 2 + count], "big")
