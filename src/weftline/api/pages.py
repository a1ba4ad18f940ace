"""Pages for people: where to begin, and the API's reference, rendered here and without outside assets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from weftline.api.catalogue import ProblemKind, catalogue, problem_type
from weftline.api.failing import codes_of
from weftline.api.sharing import operations_in

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dfe4ea; --ground: #fff; --code: #f5f7f9;
  --accent: #2f5fd0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #2b333f; --ground: #12161c; --code: #1a2029; --accent: #84a7ff } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.25rem 5rem; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif }
h1 { margin: 0 0 .25rem; font-size: 1.9rem } h2 { margin: 3rem 0 1rem; font-size: 1.3rem }
p { margin: .25rem 0 1rem } a { color: var(--accent) } .soft { color: var(--soft) }
nav { columns: 14rem; column-gap: 2rem; font-size: .92rem } nav div { break-inside: avoid }
nav ul { margin: 0; padding: 0; list-style: none } nav li { padding: .1rem 0 }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0 }
summary { cursor: pointer; padding: .6rem .9rem } summary .soft { margin-left: .6rem }
details > div { padding: 0 .9rem .9rem; scroll-margin-top: 4rem }
.method { display: inline-block; min-width: 4.2rem; font: 600 .8rem ui-monospace, monospace }
.get { color: #1a7f4b } .post { color: var(--accent) } .put, .patch { color: #b26a00 } .delete { color: #c0352b }
code, pre { font: .86rem/1.5 ui-monospace, monospace } pre { background: var(--code); border-radius: .4rem;
  padding: .7rem .9rem; overflow-x: auto; margin: .3rem 0 1rem }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin-bottom: 1rem }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top }
h3 { font-size: .85rem; margin: 1rem 0 .3rem } h3 .soft { font-weight: normal; margin-left: .4rem }
"""

LINKS = (
    ("/docs", "API reference", "Every call, with examples."),
    ("/errors", "Errors", "What each code means, and what to do."),
    ("/api/v1/openapi.json", "OpenAPI document", "The API for programs."),
    ("/health/ready", "Health", "Whether the server and its database are ready."),
)

COMMANDS = (
    ("weft login URL", "Sign in to this server; what follows is then done as you."),
    ("weft validate FILE", "Everything that is wrong with a definition, at once."),
    ("weft run FILE", "Run a definition, and watch its steps."),
    ("weft list", "The executions."),
    ("weft task list", "What waits for people."),
)


def landing_page(version: str) -> str:
    """Where somebody lands who opens the server's address."""
    return _page(
        "Weftline",
        f"""<h1>Weftline</h1><p class="soft">Durable business workflows, version {escape(version)}.</p>
<h2>Here</h2>{_table((f'<a href="{path}">{name}</a>', text) for path, name, text in LINKS)}
<h2>On the command line</h2>{_table((f"<code>{command}</code>", text) for command, text in COMMANDS)}
<p class="soft"><code>weft --help</code> lists all commands.</p>""",
    )


def reference_page(document: dict[str, Any]) -> str:
    """The reference of an API.

    Args:
        document: its OpenAPI document.
    """
    info = document["info"]
    types = document["components"]["schemas"]
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for method, path, operation in operations_in(document):
        anchor = escape(operation["operationId"])
        links, details = groups.setdefault(operation["tags"][0], ([], []))
        links.append(f'<li><a href="#{anchor}">{escape(operation["summary"])}</a></li>')
        details.append(_operation(path, method, operation, anchor, types))
    index = "".join(f"<div><h3>{escape(tag)}</h3><ul>{''.join(links)}</ul></div>" for tag, (links, _) in groups.items())
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(details)}" for tag, (_, details) in groups.items())
    return _page(
        f"{info['title']} API",
        f"""<h1>{escape(info["title"])} API</h1><p class="soft">Version {escape(info["version"])} ·
<a href="/api/v1/openapi.json">OpenAPI document</a> · <a href="/errors">Errors</a></p>
<p>{_prose(info["description"])}</p>
<nav>{index}</nav>{sections}""",
    )


def errors_page() -> str:
    """Every code, area by area."""
    areas: dict[str, list[ProblemKind]] = {}
    for kind in catalogue().values():
        areas.setdefault(kind.area, []).append(kind)
    sections = "".join(
        f"<h2>{escape(area.capitalize())}</h2>"
        + _table((_error_link(kind.code), _prose(kind.meaning)) for kind in sorted(kinds, key=_by_code))
        for area, kinds in areas.items()
    )
    return _page("Errors", f'<h1>Errors</h1><p class="soft">Codes of the API\'s problem documents.</p>{sections}')


def error_page(kind: ProblemKind) -> str:
    """What a code means, why it comes and what to do.

    Args:
        kind: the code's entry.
    """
    told = (("What it means", kind.meaning), ("Why it comes", kind.cause), ("What to do", kind.remedy))
    sections = "".join(f"<h2>{title}</h2><p>{_prose(text)}</p>" for title, text in told)
    example = escape(json.dumps(kind.example(), indent=2, ensure_ascii=False))
    return _page(
        f"{kind.title}: {kind.code}",
        f"""<p class="soft"><a href="/errors">Errors</a></p><h1>{escape(kind.title)}</h1>
<p class="soft"><code>{kind.code}</code> · status {kind.status} ({escape(kind.phrase)})</p>{sections}
<h2>Example</h2><pre>{example}</pre>""",
    )


def _operation(path: str, method: str, operation: dict[str, Any], anchor: str, types: dict[str, Any]) -> str:
    parts = [f"<p>{_prose(operation.get('description', ''))}</p>"]
    if permission := operation.get("x-permission"):
        parts.append(f"<p>Needs the permission <code>{escape(permission)}</code>.</p>")
    if parameters := operation.get("parameters"):
        rows = ((f"<code>{escape(each['name'])}</code>", each["in"], _meaning(each, types)) for each in parameters)
        parts.append(f"<h3>Parameters</h3>{_table(rows)}")
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"{_heading('Body', kind)}{_example(media)}")
    for status, response in operation["responses"].items():
        if status[0] in "45":
            continue
        parts.append(_heading(f"Answer {status}", response["description"]))
        parts += [_example(media) for media in response.get("content", {}).values() if "example" in media]
    parts.append(f"<h3>Errors</h3><p>{' '.join(_error_link(code) for code in codes_of(operation))}</p>")
    deprecated = ' <span class="soft">deprecated</span>' if operation.get("deprecated") else ""
    # the anchor is inside, since browsers open what is closed around a link's target
    return (
        f'<details><summary><span class="method {method}">{method.upper()}</span> '
        f"<code>{escape(path)}</code> <span class='soft'>{escape(operation['summary'])}</span>{deprecated}</summary>"
        f'<div id="{anchor}">{"".join(parts)}</div></details>'
    )


def _by_code(kind: ProblemKind) -> str:
    return kind.code


def _error_link(code: str) -> str:
    return f'<a href="{problem_type(code)}"><code>{code}</code></a>&nbsp;{catalogue()[code].status}'


def _meaning(parameter: dict[str, Any], types: dict[str, Any]) -> str:
    schema = parameter["schema"]
    meaning = _prose(parameter.get("description") or schema.get("description", ""))
    return f"{meaning} {', '.join(f'<code>{escape(value)}</code>' for value in _values(schema, types))}"


def _values(schema: dict[str, Any], types: dict[str, Any]) -> list[str]:
    """What a parameter may be, where that is one of a few."""
    if "$ref" in schema:
        return _values(types[schema["$ref"].rpartition("/")[2]], types)
    parts = [*schema.get("anyOf", ()), schema.get("items", {})]
    return schema.get("enum") or [value for part in parts if part for value in _values(part, types)]


def _heading(title: str, note: str) -> str:
    return f'<h3>{escape(title)}<span class="soft">{escape(note)}</span></h3>'


def _prose(text: str) -> str:
    """Text whose `quoted` parts are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = (f"<tr><td>{'</td><td>'.join(cells)}</td></tr>" for cells in rows)
    return f"<table>{''.join(lines)}</table>"


def _example(media: dict[str, Any]) -> str:
    example = media.get("example")
    for each in media.get("examples", {}).values():
        example = each["value"]
    text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
    return f"<pre>{escape(text)}</pre>"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )
