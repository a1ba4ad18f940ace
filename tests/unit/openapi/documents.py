"""Documents for the tests."""

from __future__ import annotations

from typing import Any

from weftline.openapi import ConvertedAction, ConvertedIntegration, convert


def document(paths: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A document of OpenAPI 3.0 with these paths."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pet store", "version": "1"},
        "servers": [{"url": "https://pets.example.com/v1"}],
        "paths": paths or {},
        **more,
    }


def operation(**more: Any) -> dict[str, Any]:
    """An operation that answers with JSON."""
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {}}}}}, **more}


def converted(paths: dict[str, Any] | None = None, **more: Any) -> ConvertedIntegration:
    """What such a document comes to."""
    return convert(document(paths, **more))


def only_action(operation_: dict[str, Any], path: str = "/pets", method: str = "get", **more: Any) -> ConvertedAction:
    """The action that one operation comes to."""
    (action,) = converted({path: {method: operation_}}, **more).actions
    return action


def schema_of(schema: Any, **more: Any) -> Any:
    """What a schema comes to, with the definitions that it reaches; of the body of a request."""
    given = operation(requestBody={"content": {"application/json": {"schema": schema}}})
    found = converted({"/pets": {"post": given}}, **more)
    return found.whole(found.actions[0].input["properties"]["body"])


def left_out(found: ConvertedIntegration) -> dict[str, str]:
    """What is left out, by its place."""
    return {each.pointer: each.why for each in found.left_out}
