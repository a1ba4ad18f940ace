"""A mail as JSON, whatever its sender made of it."""

from __future__ import annotations

from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from weftline.connectors.contents import CONTENT, content_json
from weftline.connectors.schema import Schema, listing, optional, record, text, whole

HEADERS: dict[str, Schema] = {
    "messageId": optional(text("By which mail programs know it.")),
    "from": optional(text("The sender.")),
    "to": listing("To whom.", {"type": "string"}),
    "cc": listing("To whom as a copy.", {"type": "string"}),
    "replyTo": listing("To whom answers go.", {"type": "string"}),
    "subject": text("What it is about."),
    "date": optional(text("When it was written, ISO 8601, as its sender says.")),
    "inReplyTo": optional(text("The message that it answers.")),
}

BODY: dict[str, Schema] = {
    "text": optional(text("The message as plain text.")),
    "html": optional(text("The message as HTML.")),
    "attachments": listing(
        "Files that came along.",
        record(
            {
                "name": text("The file's name."),
                "contentType": text("Its type."),
                "size": whole("Bytes."),
                **CONTENT,
            },
            ["name", "contentType", "size"],
        ),
    ),
}


def message_json(raw: bytes, *, with_contents: bool) -> dict[str, Any]:
    """A message with its headers and what is in it.

    Args:
        raw: as it travels; it may be cut off at its end.
        with_contents: whether the contents of attachments are wanted.
    """
    return headers_json(raw) | _body(raw, with_contents)


def headers_json(raw: bytes) -> dict[str, Any]:
    """What the headers of a message say."""
    # the other policy's parser stumbles over what senders write
    headers = message_from_bytes(raw, policy=compat32)

    def value(name: str) -> str | None:
        found = headers.get(name)
        return None if found is None else _decoded(str(found))

    def addresses(name: str) -> list[str]:
        found = getaddresses([str(each) for each in headers.get_all(name, [])])
        return [_decoded(f"{title} <{address}>" if title else address) for title, address in found if address]

    date = None
    with suppress(ValueError, TypeError, OverflowError):
        date = parsedate_to_datetime(value("Date") or "").isoformat()
    return {
        "messageId": value("Message-ID"),
        "from": next(iter(addresses("From")), None),
        "to": addresses("To"),
        "cc": addresses("Cc"),
        "replyTo": addresses("Reply-To"),
        "subject": value("Subject") or "",
        "date": date,
        "inReplyTo": value("In-Reply-To"),
    }


def _body(raw: bytes, with_contents: bool) -> dict[str, Any]:
    message = message_from_bytes(raw, policy=default)
    text: str | None = None
    html: str | None = None
    attachments: list[dict[str, Any]] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        content_type, name = part.get_content_type(), _file_name(part)
        if name is None and content_type == "text/plain" and text is None:
            text = _text(part)
        elif name is None and content_type == "text/html" and html is None:
            html = _text(part)
        elif name is not None or not content_type.startswith("text/"):
            content = _bytes(part)
            attachment = {"name": name or "unnamed", "contentType": content_type, "size": len(content)}
            attachments.append(attachment | (content_json(content) if with_contents else {}))
    return {"text": text, "html": html, "attachments": attachments}


def _file_name(part: EmailMessage) -> str | None:
    try:
        name = part.get_filename()
        disposition = part.get_content_disposition()
    except Exception:  # the parser of headers raises whatever a sender provokes
        return "unnamed"
    return _clean(name) if name else ("unnamed" if disposition == "attachment" else None)


def _bytes(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: EmailMessage) -> str:
    content = _bytes(part)
    try:
        return _clean(content.decode(part.get_content_charset("utf-8"), "replace"))
    except LookupError:
        return _clean(content.decode("utf-8", "replace"))


def _decoded(header: str) -> str:
    """Words in other alphabets as they are meant (RFC 2047)."""
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return _clean(str(make_header(decode_header(header))))
    except (HeaderParseError, LookupError, ValueError):
        return _clean(header)


def _clean(text: str) -> str:
    """What the database can store, in one line where it is a header."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd").replace("\r\n", "\n")
