"""The committed reference is what the code would write, and callers of the committed document do not break."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weftline.api.document import api_document
from weftline.api.reference.__main__ import OWNED
from weftline.api.reference.breaking import breaking_changes
from weftline.api.reference.files import DOCUMENT, reference_files
from weftline.api.sharing import operations_in, share

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

THING: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 10},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "parent": {"$ref": "#/components/schemas/Thing"},
    },
}


def document() -> dict[str, Any]:
    """An API of one operation, which takes a thing and answers with one."""
    thing = {"schema": {"$ref": "#/components/schemas/Thing"}}
    shown = {"schema": {"$ref": "#/components/schemas/ThingOut"}}
    operation = {
        "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}}],
        "requestBody": {"content": {"application/json": thing}},
        "responses": {"200": {"content": {"application/json": shown}}, "404": {"description": "Not found."}},
    }
    schemas = {"Thing": copy.deepcopy(THING), "ThingOut": copy.deepcopy(THING)}
    schemas["ThingOut"]["properties"]["parent"]["$ref"] += "Out"
    return {"paths": {"/things": {"post": operation}}, "components": {"schemas": schemas}}


def after(change: Callable[[dict[str, Any], Any, Any, Any], object]) -> list[str]:
    """What breaks by a change of the document, given it, its operation, and the schemas of body and answer."""
    new = document()
    schemas = new["components"]["schemas"]
    change(new, new["paths"]["/things"]["post"], schemas["Thing"], schemas["ThingOut"])
    return breaking_changes(document(), new)


def test_the_committed_reference_is_what_the_code_writes() -> None:
    written = reference_files()
    owned = {str(path.relative_to(REFERENCE)) for name in OWNED for path in (REFERENCE / name).iterdir()}
    stale = [path for path, text in written.items() if not _is(REFERENCE / path, text)]
    assert stale + sorted(owned - written.keys()) == [], "renew it: make reference"


def _is(path: Path, text: str) -> bool:
    # as bytes: an example of CSV has line ends of its own
    return path.exists() and path.read_bytes().decode() == text


def test_nobody_who_calls_by_the_committed_document_breaks() -> None:
    committed = json.loads((REFERENCE / DOCUMENT).read_text())
    assert breaking_changes(committed, api_document()) == []


def shared() -> dict[str, Any]:
    """The API of one operation, whose parameters and answers stand elsewhere in the document."""
    new = document()
    operation = new["paths"]["/things"]["post"]
    new["components"] |= {
        "parameters": {"limit": operation["parameters"][0]},
        "responses": dict(operation["responses"]),
    }
    operation["parameters"][0] = {"$ref": "#/components/parameters/limit"}
    operation["responses"] = {status: {"$ref": f"#/components/responses/{status}"} for status in ("200", "404")}
    return new


def test_it_does_not_matter_to_callers_where_something_stands() -> None:
    assert breaking_changes(document(), shared()) == breaking_changes(shared(), document()) == []
    narrower, poorer = shared(), shared()
    narrower["components"]["parameters"]["limit"]["schema"]["maximum"] = 100
    poorer["components"]["responses"]["200"]["content"].clear()
    assert breaking_changes(shared(), narrower) == ["POST /things: the query 'limit' parameter: maximum is 100 now"]
    assert breaking_changes(document(), poorer) == ["POST /things: the answer 200 cannot be application/json any more"]


def test_no_parameter_and_no_answer_is_told_twice() -> None:
    told = [
        json.dumps(part, sort_keys=True)
        for item in api_document()["paths"].values()
        for operation in item.values()
        for part in (*operation.get("parameters", ()), *operation["responses"].values())
        if "$ref" not in part
    ]
    assert len(told) > 100
    assert [part for part in told if told.count(part) > 1] == []


def test_what_is_told_otherwise_is_shared_under_another_name() -> None:
    def reading(name: str, text: str) -> dict[str, Any]:
        parameter = {"name": "q", "in": "query", "description": text, "schema": {"type": "string"}}
        return {"operationId": name, "parameters": [parameter], "responses": {"200": {"description": text}}}

    texts = {"a": "One.", "b": "Two.", "c": "Two.", "d": "Two.", "e": "One.", "f": "Three."}
    made: dict[str, Any] = {
        "paths": {f"/{name}": {"get": reading(name, text)} for name, text in texts.items()},
        "components": {},
    }
    before = {path: copy.deepcopy(item["get"]) for path, item in made["paths"].items()}
    share(made)
    assert {path: told for _, path, told in operations_in(made)} == before
    assert {name: each["description"] for name, each in made["components"]["parameters"].items()} == {
        "q": "Two.",
        "q-a": "One.",
    }
    assert made["paths"]["/f"]["get"] == before["/f"]


def test_what_stays_or_grows_breaks_nobody() -> None:
    def grow(new: dict[str, Any], operation: Any, sent: Any, answered: Any) -> None:
        new["paths"]["/others"] = {"get": {"responses": {}}}
        operation["parameters"].append({"name": "q", "in": "query", "schema": {"type": "string"}})
        operation["parameters"][0]["schema"]["maximum"] = 500
        operation["requestBody"]["content"]["application/yaml"] = {}
        operation["responses"]["409"] = {"description": "Conflict."}
        del operation["responses"]["404"]
        sent["properties"]["colour"] = {"type": "string"}
        sent["properties"]["kind"]["enum"].append("c")
        sent["properties"]["name"] = {"type": ["string", "integer"]}
        sent["required"] = []
        answered["properties"]["colour"] = {"type": "string"}
        answered["properties"]["kind"]["enum"].append("c")
        answered["required"].append("kind")

    assert after(lambda *_: None) == []
    assert after(grow) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda new, operation, sent, answered: new["paths"].clear(), "POST /things: the operation is gone"),
        (lambda new, operation, sent, answered: operation["parameters"].clear(), "'limit' parameter is gone"),
        (
            lambda new, operation, sent, answered: operation["parameters"][0].update(required=True),
            "'limit' parameter is required now",
        ),
        (
            lambda new, operation, sent, answered: operation["parameters"].append(
                {"name": "q", "in": "query", "required": True, "schema": {}}
            ),
            "'q' parameter is new and required",
        ),
        (
            lambda new, operation, sent, answered: operation["parameters"][0]["schema"].update(maximum=100),
            "maximum is 100 now",
        ),
        (lambda new, operation, sent, answered: operation.pop("requestBody"), "the body is gone"),
        (lambda new, operation, sent, answered: operation["requestBody"].update(required=True), "body is required now"),
        (
            lambda new, operation, sent, answered: operation["requestBody"]["content"].clear(),
            "the body cannot be application/json any more",
        ),
        (lambda new, operation, sent, answered: operation["responses"].pop("200"), "the answer 200 is gone"),
        (
            lambda new, operation, sent, answered: sent["required"].append("kind"),
            "Thing.kind: the field is required now",
        ),
        (lambda new, operation, sent, answered: sent["properties"].pop("kind"), "Thing.kind: the field is gone"),
        (
            lambda new, operation, sent, answered: sent["properties"]["name"].update(type="integer"),
            "Thing.name: cannot be string any more",
        ),
        (lambda new, operation, sent, answered: sent["properties"]["name"].update(maxLength=5), "maxLength is 5 now"),
        (
            lambda new, operation, sent, answered: sent["properties"]["name"].update(pattern="[a-z]+"),
            "Thing.name: must match another pattern now",
        ),
        (lambda new, operation, sent, answered: sent["properties"]["kind"]["enum"].remove("b"), "takes no more b"),
        (
            lambda new, operation, sent, answered: sent["properties"]["note"]["anyOf"].pop(),
            "Thing.note: cannot be null any more",
        ),
        (
            lambda new, operation, sent, answered: sent.update(additionalProperties=False),
            "Thing: takes no further fields any more",
        ),
        (lambda new, operation, sent, answered: answered["properties"].pop("kind"), "ThingOut.kind: the field is gone"),
        (
            lambda new, operation, sent, answered: answered.update(required=[]),
            "ThingOut.name: the field may be absent now",
        ),
        (
            lambda new, operation, sent, answered: answered["properties"]["name"].update(type=["string", "null"]),
            "ThingOut.name: can now be null",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_taken_away_or_asked_for_breaks_callers(change: Any, told: str) -> None:
    [broken] = after(change)
    assert told in broken
