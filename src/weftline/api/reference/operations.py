"""The pages of the operations, one for each tag of the OpenAPI document."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from weftline.api.catalogue import catalogue
from weftline.api.failing import ANY_CALL, codes_of, example_of, filled_path
from weftline.api.reference.words import (
    GENERATED,
    code_block,
    meaning_words,
    models_in,
    table,
    type_words,
)
from weftline.api.sharing import operations_in

Document = Mapping[str, Any]

SERVER = "http://127.0.0.1:8080"
SOURCE = GENERATED.format("the routes in `src/weftline/features`")


def page_name(tag: str) -> str:
    """The file of a tag's page."""
    return f"{tag.lower().replace(' ', '-')}.md"


def operation_pages(document: Document) -> dict[str, str]:
    """The pages by file name, and an index of them all in ``README.md``."""
    groups: dict[str, list[tuple[str, str, Any]]] = {}
    for method, path, operation in operations_in(document):
        groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    pages = {page_name(tag): _page(document, tag, group) for tag, group in groups.items()}
    return {"README.md": _index(document, groups), **pages}


def _index(document: Document, groups: Mapping[str, list[tuple[str, str, Any]]]) -> str:
    parts = [
        "# The HTTP API",
        SOURCE,
        document["info"]["description"],
        "For programs there is [openapi.json](openapi.json), which a server has at `/api/v1/openapi.json`. Errors are "
        "told one by one under [errors](../errors.md); what may change is said under [versioning](../versioning.md).",
        "## What any call can be answered",
        "Beside the errors that stand at each call: what concerns the request as such, whoever sends it, and whether "
        "it may be sent again.",
        table(("error", "status", "meaning"), map(_any_call_row, ANY_CALL)),
    ]
    for tag, group in groups.items():
        rows = (
            (f"`{method} {path}`", f"[{operation['summary']}]({page_name(tag)}#{_anchor(operation['summary'])})")
            for method, path, operation in group
        )
        parts += [f"## {tag}", table(("call", ""), rows)]
    return "\n\n".join(parts) + "\n"


def _any_call_row(code: str) -> tuple[str, str, str]:
    kind = catalogue()[code]
    return f"[`{code}`](../errors/{code}.md)", str(kind.status), kind.meaning


def _page(document: Document, tag: str, group: list[tuple[str, str, Any]]) -> str:
    parts = [f"# {tag}", SOURCE]
    for method, path, operation in group:
        parts += _operation(method, path, operation)
    models = _all_models(document, [operation for _, _, operation in group])
    if models:
        schemas = document["components"]["schemas"]
        parts += ["## Types", *(part for name in models for part in _model(name, schemas[name]))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _operation(method: str, path: str, operation: Any) -> Iterator[str]:
    yield f"## {operation['summary']}"
    yield f"`{method} {path}`"
    yield " ".join(operation["description"].split())
    if permission := operation.get("x-permission"):
        yield f"Needs the permission `{permission}`."
    parameters = operation.get("parameters", ())
    rows = (
        (
            f"`{each['name']}`" + (" (required)" if each.get("required") and each["in"] != "path" else ""),
            each["in"],
            type_words(each["schema"]),
            meaning_words(each, each["schema"]),
        )
        for each in parameters
    )
    yield table(("parameter", "in", "type", "meaning"), rows)
    body = operation.get("requestBody")
    if body is not None:
        for kind, media in body["content"].items():
            yield f"**Body** ({kind}{'' if body.get('required') else ', may be absent'}): {_shape(media)}"
            yield from _fields(media.get("schema", {}))
    yield code_block(_curl(method, path, parameters, body)).replace("```text", "```sh", 1)
    for status, answer in operation["responses"].items():
        if status[0] in "23":
            yield f"**{status}**: {answer['description']}"
            for media in answer.get("content", {}).values():
                if "example" in media:
                    yield code_block(media["example"])
    yield from _errors(operation)


def _shape(media: Any) -> str:
    schema = media.get("schema", {})
    return "the fields below." if schema.get("properties") else f"{type_words(schema)}."


def _fields(schema: Any) -> Iterator[str]:
    """The fields of what has no name of its own."""
    required = schema.get("required", ())
    rows = (
        (f"`{name}`" + (" (required)" if name in required else ""), type_words(field), meaning_words(field, field))
        for name, field in schema.get("properties", {}).items()
    )
    yield table(("field", "type", "meaning"), rows)


def _model(name: str, schema: Any) -> Iterator[str]:
    yield f"### {name}"
    yield " ".join(schema.get("description", "").split())
    if "properties" in schema:
        yield from _fields(schema)
    else:
        yield f"One of: {type_words(schema)}."


def _all_models(document: Document, operations: Any) -> list[str]:
    """Every schema that operations speak of, and what these speak of in turn."""
    found: set[str] = set()
    open = {name for operation in operations for part in _told(operation) for name in models_in(part)}
    while open:
        found |= open
        open = {each for name in open for each in models_in(document["components"]["schemas"][name])} - found
    return sorted(found)


def _told(operation: Any) -> Iterator[Any]:
    """The parts of an operation that speak of schemas, but for its errors."""
    yield operation.get("requestBody")
    yield operation.get("parameters")
    yield [answer for status, answer in operation["responses"].items() if status[0] == "2"]


def _errors(operation: Any) -> Iterator[str]:
    """Links to what an operation fails by, besides what any call can."""
    kinds = [catalogue()[code] for code in codes_of(operation) if code not in ANY_CALL]
    if kinds:
        links = (f"{kind.status} [`{kind.code}`](../errors/{kind.code}.md)" for kind in kinds)
        yield f"**Errors**: {', '.join(links)}, and [what any call can](README.md#what-any-call-can-be-answered)."


def _curl(method: str, path: str, parameters: Any, body: Any) -> str:
    url = SERVER + filled_path(path, parameters)
    needed = [each for each in parameters if each["in"] == "query" and each.get("required")]
    if needed:
        url += "?" + "&".join(f"{each['name']}={example_of(each) or '…'}" for each in needed)
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}{shlex.quote(url)}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if body is not None:
        kind, media = next(iter(body["content"].items()))
        example = media.get("example")
        for each in media.get("examples", {}).values():
            example = each["value"]
            break
        text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
        lines += [f"-H 'Content-Type: {kind}'", f"--data-binary {shlex.quote(text)}"]
    return " \\\n  ".join(lines)


def _anchor(heading: str) -> str:
    """How Markdown's readers name the place of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
