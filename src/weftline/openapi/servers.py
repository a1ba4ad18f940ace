"""Where a document's system is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from weftline.openapi.bounds import MAX_HINT
from weftline.openapi.document import Document, below, line, mapping, prose, sequence

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:_{}]+(?:/[^\s?#]*)?", re.IGNORECASE)
_NO_PLAIN = re.compile(r"[^A-Za-z0-9_]+")
_BASE = "baseUrl"
_MAX_SERVERS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where the system is.

    Attributes:
        base_url: below which paths are; ``{name}`` stands for a value of the configuration.
        config: JSON Schema of the configuration.
    """

    base_url: str
    config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Server:
    url: str
    description: str
    variables: dict[str, Any]

    def example(self) -> str:
        """Its address with the variables' defaults; '' where one has none."""
        url = self.url
        for name, schema in self.variables.items():
            if "default" not in schema:
                return ""
            url = url.replace(f"{{{name}}}", schema["default"])
        return url


def find_place(document: Document, source_url: str | None) -> Place:
    """Where a document's system is.

    Args:
        document: the document.
        source_url: where the document came from, to which relative addresses belong; None where nobody knows.
    """
    raw = _of_swagger(document, source_url) if document.is_swagger else _listed(document)
    servers: list[_Server] = []
    # without servers the system is where its document is (OpenAPI 3.1, section 4.8.1), or so they say
    for place, given in raw[:_MAX_SERVERS] or [("/servers", {"url": "/"})]:
        server = _server(document, given, place, source_url)
        if server is not None and server.url not in [each.url for each in servers]:
            servers.append(server)
    if raw and len(servers) == 1:
        (server,) = servers
        required = [name for name, schema in server.variables.items() if "default" not in schema]
        return Place(server.url, _config(server.variables, required))
    addresses = [example for example in (server.example() for server in servers) if example]
    schema: dict[str, Any] = {
        "type": "string",
        "title": "Base URL",
        "description": _choices(servers) or "Where the system is, like https://api.example.com/v1.",
        "pattern": "^https?://[^\\s/?#]+(/[^\\s?#]*)?$",
    }
    if addresses:
        schema |= {"default": addresses[0], "examples": addresses}
    return Place(f"{{{_BASE}}}", _config({_BASE: schema}, [] if addresses else [_BASE]))


def fixed_place(base_url: str) -> Place:
    """A place that somebody names: an http or https address."""
    return Place(base_url.rstrip("/"), _config({}, []))


def same_origin_base(document: Document, base_url: str, servers: Any, place: str, source_url: str | None) -> str | None:
    """The address below which a single operation is that names servers of its own.

    Args:
        document: the document.
        base_url: the document's.
        servers: what the operation, or its path, says.
        place: JSON pointer to that.
        source_url: where the document came from.

    Returns:
        '' for the document's own, None where it is another system's, whom the credentials are no business of.
    """
    for number, given in enumerate(sequence(servers)):
        server = _server(document, mapping(given), below(place, number), source_url)
        if server is None:
            continue
        if server.url == base_url:
            return ""
        if "{" not in server.url and "{" not in base_url and _origin(server.url) == _origin(base_url):
            return server.url
    return None if sequence(servers) else ""


def _listed(document: Document) -> list[tuple[str, dict[str, Any]]]:
    return [(f"/servers/{number}", mapping(each)) for number, each in enumerate(sequence(document.root.get("servers")))]


def _of_swagger(document: Document, source_url: str | None) -> list[tuple[str, dict[str, Any]]]:
    root = document.root
    path = root.get("basePath")
    path = "/" + path.strip("/") if isinstance(path, str) else ""
    host = root.get("host")
    if not isinstance(host, str) or not host.strip():
        return [("/basePath", {"url": path})] if source_url else []
    host = host.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    schemes = [each for each in sequence(root.get("schemes")) if each in ("https", "http")]
    scheme = "https" if "https" in schemes or not schemes else "http"
    return [("/host", {"url": f"{scheme}://{host}{path}"})]


def _server(document: Document, given: dict[str, Any], place: str, source_url: str | None) -> _Server | None:
    url = given.get("url")
    if not isinstance(url, str):
        document.notes.add(place, "a server", "It has no address.")
        return None
    url = url.strip()
    if url.startswith("//"):
        url = f"https:{url}"
    if not url.lower().startswith(("http://", "https://")) and not url.startswith("{"):
        if source_url is None:
            # every connection says itself where the system is
            return None
        url = urljoin(source_url, url)
    url = url.partition("?")[0].partition("#")[0].rstrip("/")
    variables: dict[str, Any] = {}
    for found in _VARIABLE.findall(url):
        name = _NO_PLAIN.sub("_", found).strip("_") or "variable"
        if _PLAIN.fullmatch(name) is None:
            name = f"_{name}"
        url = url.replace(f"{{{found}}}", f"{{{name}}}")
        variables[name] = _variable(mapping(mapping(given.get("variables")).get(found)), name)
    is_begun = url.startswith("{")
    if "@" in urlsplit(url.replace("{", "").replace("}", "")).netloc or not (is_begun or _URL.fullmatch(url)):
        document.notes.add(place, "a server", f"'{url[:100]}' is no address of a system.")
        return None
    return _Server(url, prose(given.get("description"), MAX_HINT), variables)


def _variable(given: dict[str, Any], name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "title": name}
    description = prose(given.get("description"), MAX_HINT)
    if description:
        schema["description"] = description
    values = [_text(each) for each in sequence(given.get("enum")) if isinstance(each, str | int | float)][:100]
    default = given.get("default")
    if values:
        schema["enum"] = list(dict.fromkeys(values))
    if isinstance(default, str | int | float) and _text(default) and (not values or _text(default) in values):
        schema["default"] = _text(default)
    return schema


def _text(value: str | float) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _config(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    config: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if required:
        config["required"] = required
    return config


def _choices(servers: list[_Server]) -> str:
    told = [
        f"{server.example() or server.url}: {line(server.description, 100)}" for server in servers if server.description
    ]
    return "; ".join(told)[:MAX_HINT]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
