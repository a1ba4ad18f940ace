"""Pages for people: where to begin, and the API's reference, rendered here and without outside assets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

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
nav ul { columns: 2; padding: 0; list-style: none; font-size: .92rem } nav li { break-inside: avoid; padding: .1rem 0 }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; scroll-margin-top: 1rem }
summary { cursor: pointer; padding: .6rem .9rem } details > div { padding: 0 .9rem .9rem }
.method { display: inline-block; min-width: 4.2rem; font: 600 .8rem ui-monospace, monospace }
.get { color: #1a7f4b } .post { color: var(--accent) } .put { color: #b26a00 } .delete { color: #c0352b }
code, pre { font: .86rem/1.5 ui-monospace, monospace } pre { background: var(--code); border-radius: .4rem;
  padding: .7rem .9rem; overflow-x: auto; margin: .3rem 0 1rem }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin-bottom: 1rem }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top }
h3 { font-size: .8rem; margin: 1rem 0 .3rem; color: var(--soft); text-transform: uppercase; letter-spacing: .05em }
@media (max-width: 40rem) { nav ul { columns: 1 } }
"""

METHODS = ("get", "post", "put", "patch", "delete")


def landing_page(version: str) -> str:
    """Where somebody lands who opens the server's address."""
    return _page(
        "Weftline",
        f"""<h1>Weftline</h1><p class="soft">Durable business workflows, version {escape(version)}.</p>
<ul><li><a href="/docs">API reference</a></li>
<li><a href="/api/v1/openapi.json">OpenAPI document</a></li>
<li><a href="/health/ready">Health</a></li></ul>""",
    )


def reference_page(document: dict[str, Any]) -> str:
    """The reference of an API.

    Args:
        document: its OpenAPI document.
    """
    info = document["info"]
    groups: dict[str, list[str]] = {}
    index: list[str] = []
    for path, method, operation in _operations(document):
        anchor = escape(operation["operationId"])
        groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation, anchor))
        index.append(f'<li><a href="#{anchor}">{escape(operation["summary"])}</a></li>')
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in groups.items())
    return _page(
        f"{info['title']} API",
        f"""<h1>{escape(info["title"])} API</h1><p class="soft">Version {escape(info["version"])} ·
<a href="/api/v1/openapi.json">OpenAPI document</a></p><p>{escape(info["description"])}</p>
<nav><ul>{"".join(index)}</ul></nav>{sections}""",
    )


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _operation(path: str, method: str, operation: dict[str, Any], anchor: str) -> str:
    parts = [f"<p>{escape(operation.get('description', ''))}</p>"]
    if parameters := operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
            f"<td>{escape(each.get('description') or each['schema'].get('description', ''))}</td></tr>"
            for each in parameters
        )
        parts.append(f"<h3>Parameters</h3><table>{rows}</table>")
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<h3>Body · {escape(kind)}</h3>{_example(media)}")
    for status, response in operation["responses"].items():
        parts += [
            f"<h3>{escape(status)} · {escape(response['description'])}</h3>{_example(media)}"
            for kind, media in response.get("content", {}).items()
            if kind == "application/json"
        ]
    return (
        f'<details id="{anchor}"><summary><span class="method {method}">{method.upper()}</span> '
        f"<code>{escape(path)}</code> <span class='soft'>{escape(operation['summary'])}</span></summary>"
        f"<div>{''.join(parts)}</div></details>"
    )


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
