"""``files``: contents of files read and written as values. Nothing here touches a file system."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import zlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

import orjson

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, Integration
from weftline.connectors.contents import CONTENT, content_json, read_content
from weftline.connectors.hosts import MAX_ANSWER_BYTES, invalid, too_large
from weftline.connectors.schema import anything, choice, flag, listing, record, text
from weftline.connectors.xml_text import read_xml, write_xml

T = TypeVar("T")

MAX_ROWS = 100_000

_LARGE = 100_000
"""Characters above which a content is read in a thread, for others to go on meanwhile."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")

files = Integration(
    "files",
    title="Files",
    description="CSV, JSON, XML and compressed contents, read into values and written from them.",
    category="files",
    icon="file-spreadsheet",
    needs_connection=False,
)

_TEXT_OUT = record({"content": text("The text.")}, ["content"])
_CELL = {"type": ["string", "number", "boolean", "null"]}
_DELIMITER = text("Between cells.", minLength=1, maxLength=1, default=",")


@files.action(
    "parseCsv",
    title="Read CSV",
    input=record(
        {
            "content": text("The CSV text.", **{"x-lines": 6}),
            "delimiter": _DELIMITER,
            "header": flag("The first line names the columns, and rows become objects; else lists.", default=True),
        },
        ["content"],
    ),
    output=record(
        {
            "rows": listing("Objects by column, or lists of texts.", {"type": ["object", "array"]}),
            "columns": listing("Names of the columns, where the first line has them.", {"type": "string"}),
        },
        ["rows", "columns"],
    ),
    example={"content": "name,amount\nAda,10\n"},
)
async def parse_csv(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read CSV (RFC 4180) into rows. Every cell is text; empty lines are left out."""
    wanted = ctx.input
    return await _aside(
        wanted["content"],
        lambda: _csv_rows(wanted["content"], wanted.get("delimiter", ","), wanted.get("header", True)),
    )


@files.action(
    "writeCsv",
    title="Write CSV",
    input=record(
        {
            "rows": listing(
                "Objects by column, or lists of cells.",
                {"anyOf": [{"type": "object", "additionalProperties": _CELL}, {"type": "array", "items": _CELL}]},
                maxItems=MAX_ROWS,
            ),
            "columns": listing("The columns in their order; absent: those of the first row.", {"type": "string"}),
            "delimiter": _DELIMITER,
            "header": flag("Write the names of the columns first.", default=True),
            "escapeFormulas": flag(
                "Put a `'` before texts that spreadsheets would run as formulas. Switch it off only for what no"
                " spreadsheet opens.",
                default=True,
            ),
        },
        ["rows"],
    ),
    output=_TEXT_OUT,
    example={"rows": [{"name": "Ada", "amount": 10}]},
)
async def write_csv(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Write rows as CSV (RFC 4180), safe to open in a spreadsheet."""
    wanted = ctx.input
    return {"content": await asyncio.to_thread(_csv_text, wanted)}


@files.action(
    "parseJson",
    title="Read JSON",
    input=record({"content": text("The JSON text.", **{"x-lines": 6})}, ["content"]),
    output=record({"value": anything("What it says.")}, ["value"]),
    example={"content": '{"approved": true}'},
)
async def parse_json(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read JSON into a value."""
    content = ctx.input["content"]
    try:
        return {"value": await _aside(content, lambda: orjson.loads(content))}
    except orjson.JSONDecodeError as error:
        raise invalid(f"this is no JSON: {error}") from None


@files.action(
    "writeJson",
    title="Write JSON",
    input=record(
        {"value": anything("Any value."), "indented": flag("Spread over lines, to be read.", default=False)}, ["value"]
    ),
    output=_TEXT_OUT,
    example={"value": {"approved": True}},
)
async def write_json(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Write a value as JSON."""
    wanted = ctx.input
    return {
        "content": orjson.dumps(wanted["value"], option=orjson.OPT_INDENT_2 * wanted.get("indented", False)).decode()
    }


@files.action(
    "parseXml",
    title="Read XML",
    input=record(
        {
            "content": text("The XML text.", **{"x-lines": 6}),
            "lists": listing("Names of elements that are lists even where there is one.", {"type": "string"}),
        },
        ["content"],
    ),
    output=record({"value": {"type": "object", "description": "The root by its name."}}, ["value"]),
    example={"content": '<order id="7"><item>Pen</item></order>', "lists": ["item"]},
)
async def parse_xml(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read XML into a value: attributes as `@name`, text beside them as `#text`, repeated elements as lists.

    Prefixes of namespaces stay as they are written. Documents with a document type are refused.
    """
    wanted = ctx.input
    content = wanted["content"]
    return {"value": await _aside(content, lambda: read_xml(content, wanted.get("lists", ())))}


@files.action(
    "writeXml",
    title="Write XML",
    input=record(
        {
            "value": {
                "type": "object",
                "description": "The root by its name, as Read XML gives it.",
                "minProperties": 1,
            },
            "indented": flag("Spread over lines, to be read.", default=False),
        },
        ["value"],
    ),
    output=_TEXT_OUT,
    example={"value": {"order": {"@id": "7", "item": ["Pen", "Paper"]}}},
)
async def write_xml_text(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Write a value as XML, the reverse of Read XML."""
    wanted = ctx.input
    return {"content": write_xml(wanted["value"], indent="  " if wanted.get("indented", False) else "")}


_FORMAT = choice("Of what is compressed.", "gzip", "deflate", default="gzip")


@files.action(
    "compress",
    title="Compress",
    input=record({**CONTENT, "format": _FORMAT}, ["content"]),
    output=record(CONTENT, ["content", "encoding"]),
    example={"content": "A long text"},
)
async def compress(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Compress a content by gzip or deflate; the result is base64."""
    content = read_content(ctx.input)
    bits = _window_bits(ctx.input)

    def run() -> bytes:
        deflate = zlib.compressobj(wbits=bits)
        return deflate.compress(content) + deflate.flush()

    return content_json(await _aside(content, run))


@files.action(
    "decompress",
    title="Decompress",
    input=record(
        {
            "content": text("The compressed content, base64."),
            "encoding": choice("How `content` is written.", "base64", default="base64"),
            "format": _FORMAT,
        },
        ["content"],
    ),
    output=record(CONTENT, ["content", "encoding"]),
    example={"content": "H4sIAAAAAAAC//NIzcnJBwCCidH3BQAAAA=="},
)
async def decompress(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Decompress what gzip or deflate has compressed, up to 5 MB."""
    content = read_content({"encoding": "base64", **ctx.input})
    bits = _window_bits(ctx.input)
    return content_json(await _aside(content, lambda: _inflated(content, bits)))


def _window_bits(wanted: dict[str, Any]) -> int:
    return zlib.MAX_WBITS + 16 if wanted.get("format", "gzip") == "gzip" else zlib.MAX_WBITS


def _inflated(content: bytes, bits: int) -> bytes:
    """Stops at the limit, however much more there would be."""
    parts: list[bytes] = []
    room = MAX_ANSWER_BYTES + 1
    try:
        while content:
            inflate = zlib.decompressobj(wbits=bits)
            part = inflate.decompress(content, room)
            parts.append(part)
            room -= len(part)
            if room <= 0:
                raise too_large("the decompressed content")
            if not inflate.eof:
                raise invalid("the compressed content ends in the middle")
            content = inflate.unused_data
    except zlib.error as error:
        raise invalid(f"this is not compressed like that: {error}") from None
    return b"".join(parts)


async def _aside(content: str | bytes, run: Callable[[], T]) -> T:
    """Run at once what is small, and in a thread what is not."""
    if len(content) > MAX_ANSWER_BYTES:
        raise too_large("the content")
    return run() if len(content) < _LARGE else await asyncio.to_thread(run)


def _csv_rows(content: str, delimiter: str, has_header: bool) -> dict[str, Any]:
    csv.field_size_limit(MAX_ANSWER_BYTES)
    columns: list[str] | None = None
    rows: list[Any] = []
    try:
        reader = csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
        for cells in reader:
            if not cells:
                continue
            if has_header and columns is None:
                columns = cells
                if len(set(columns)) < len(columns):
                    raise invalid("two columns have one name; read it with `header` false")
                continue
            if columns is not None and len(cells) > len(columns):
                message = f"line {reader.line_num} has {len(cells)} cells, and there are {len(columns)} columns"
                raise invalid(message, line=reader.line_num)
            if len(rows) == MAX_ROWS:
                raise too_large(f"a file of more than {MAX_ROWS} rows")
            rows.append(cells if columns is None else dict(zip(columns, cells, strict=False)))
    except (csv.Error, TypeError, ValueError) as error:
        raise invalid(f"this is no CSV: {error}") from None
    return {"rows": rows, "columns": columns or []}


def _csv_text(wanted: dict[str, Any]) -> str:
    rows = cast("list[dict[str, Any] | list[Any]]", wanted["rows"])
    escapes = wanted.get("escapeFormulas", True)
    columns: list[str] | None = wanted.get("columns")
    if columns is None and rows and isinstance(rows[0], dict):
        columns = list(rows[0])
    out = io.StringIO()
    try:
        writer = csv.writer(out, delimiter=wanted.get("delimiter", ","))
        if columns is not None and wanted.get("header", True):
            writer.writerow([_cell(column, escapes) for column in columns])
        for number, row in enumerate(rows):
            writer.writerow([_cell(cell, escapes) for cell in _cells(row, columns, number)])
    except (csv.Error, TypeError, ValueError) as error:
        raise invalid(f"this cannot be written as CSV: {error}") from None
    return out.getvalue()


def _cells(row: dict[str, Any] | list[Any], columns: list[str] | None, number: int) -> list[Any]:
    if isinstance(row, list):
        return row
    if columns is None:
        raise invalid(f"row {number} is an object, and those before it are lists")
    unknown = [name for name in row if name not in columns]
    if unknown:
        raise invalid(f"row {number} has '{unknown[0]}', which is none of the columns", row=number)
    return [row.get(column) for column in columns]


def _cell(value: Any, escapes: bool) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if escapes and isinstance(value, str) and value.startswith(_FORMULA) and _NUMBER.fullmatch(value) is None:
        return f"'{value}"
    return value
