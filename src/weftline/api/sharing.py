"""What operations of an OpenAPI document have in common: told once, under ``components``, and referred to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from weftline.api.failing import response_name

_METHODS = ("get", "post", "put", "patch", "delete")

_PREFIX = "#/components/"


class Operation(NamedTuple):
    """An operation of a document, with what it refers to in its place (but for schemas and examples).

    Attributes:
        method: in lower case, such as ``get``.
        path: such as ``/api/v1/tasks/{task_id}``.
        told: what the document says of it; not to be changed.
    """

    method: str
    path: str
    told: dict[str, Any]


class _Place(NamedTuple):
    """Where something stands that others may tell, too."""

    holder: Any
    key: Any
    name: str
    other_name: str


def operations_in(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation, path by path.

    Args:
        document: an OpenAPI document.

    Yields:
        Each operation, readable without the rest of the document.

    Raises:
        KeyError: something refers to what the document does not have.
    """
    for path, item in document["paths"].items():
        for method, operation in ((method, item[method]) for method in _METHODS if method in item):
            told = {**operation, "responses": _all_resolved(document, operation["responses"])}
            if "parameters" in operation:
                told["parameters"] = [resolved(document, each) for each in operation["parameters"]]
            yield Operation(method, path, told)


def resolved(document: Mapping[str, Any], part: Any) -> Any:
    """A part of a document, or what it refers to.

    Args:
        document: an OpenAPI document.
        part: a schema, parameter, response or example in it.

    Raises:
        KeyError: it refers to what the document does not have.
    """
    while reference := part.get("$ref"):
        kind, _, name = reference.removeprefix(_PREFIX).partition("/")
        part = document["components"][kind][name]
    return part


def share(document: dict[str, Any]) -> None:
    """Move each parameter and response that several operations tell alike to the document's components.

    Args:
        document: an OpenAPI document; changed in place.
    """
    for kind, places in (("parameters", _parameters(document)), ("responses", _responses(document))):
        _move(document["components"].setdefault(kind, {}), f"{_PREFIX}{kind}/", list(places))


def _all_resolved(document: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: resolved(document, part) for key, part in parts.items()}


def _parameters(document: dict[str, Any]) -> Iterator[_Place]:
    for operation in _operations(document):
        parameters = operation.get("parameters", ())
        for index, parameter in enumerate(parameters):
            name = parameter["name"]
            yield _Place(parameters, index, name, f"{name}-{operation['operationId']}")


def _responses(document: dict[str, Any]) -> Iterator[_Place]:
    for operation in _operations(document):
        responses = operation["responses"]
        for status, response in responses.items():
            name = response_name(status, response) or f"{status}-{operation['operationId']}"
            yield _Place(responses, status, name, f"{name}-{operation['operationId']}")


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from item.values()


def _move(components: dict[str, Any], prefix: str, places: list[_Place]) -> None:
    """Put a reference wherever the same is told as elsewhere.

    What is told oftenest under a name has it; whatever else has that name is called after its first operation, too.
    """
    texts = [_text(place.holder[place.key]) for place in places]
    counts = Counter(texts)
    names: dict[str, str] = {}
    # sorting keeps the order of what is told equally often
    for place, text in sorted(zip(places, texts, strict=True), key=lambda each: -counts[each[1]]):
        if counts[text] == 1:
            break
        if text not in names:
            names[text] = place.other_name if place.name in names.values() else place.name
            components[names[text]] = place.holder[place.key]
        place.holder[place.key] = {"$ref": prefix + names[text]}
    for name in sorted(components):
        components[name] = components.pop(name)


def _text(part: Any) -> str:
    return json.dumps(part, sort_keys=True)
