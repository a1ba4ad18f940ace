"""What it costs to import large OpenAPI documents, and to find an action among ten thousand."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from benchmarks import http_client
from benchmarks.databases import another_database
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.site import open_server

OPERATIONS = 1_000
SCHEMAS = 400
SYSTEMS = 10
SEARCHES = 60

_PROGRAM = """
import resource, sys, time
from weftline.openapi import convert, read_document
began = time.perf_counter()
found = convert(read_document(open(sys.argv[1], "rb").read()))
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(found.actions))
"""


async def openapi(lab: Lab) -> list[Figure]:
    """Documents of 1,000 operations, whose 400 schemas refer to each other, as those of large systems do.

    - ``openapi.convert``: reading one as YAML, 2 MB, and making a definition of it, in a process of its own.
    - ``openapi.memory``: the most that this process ever held, the interpreter and its libraries included.
    - ``openapi.import``: the request that imports one as JSON over the API, until its answer is there.
    - ``openapi.search``: the 95th of sixty searches over the actions of ten such systems.
    """
    home = lab.directory / "openapi"
    home.mkdir()
    operations = lab.scaled(OPERATIONS)
    file = home / "document.yaml"
    file.write_text(await asyncio.to_thread(yaml.dump, document(0, operations), Dumper=yaml.CSafeDumper))
    seconds, megabytes = await _converted(file, operations)
    async with another_database(lab.url, "openapi") as url, open_server(home / "server", url) as site:
        token = await site.sign_in()
        connection = await http_client.connect(site.port)
        try:
            imports: list[float] = []
            for number in range(SYSTEMS):
                body = {"name": f"system{number}", "document": json.dumps(document(number, operations))}
                request = http_client.encode("POST", "/integrations/import", site.port, token=token, body=body)
                began = time.perf_counter()
                await connection.exchange(request, expected=201)
                imports.append(time.perf_counter() - began)
            searches = [await _search(connection, site.port, token, number) for number in range(SEARCHES)]
        finally:
            connection.close()
    return [
        Figure("openapi.convert", seconds, "s", 5.0, "lower"),
        Figure("openapi.memory", megabytes, "MB", 200.0, "lower"),
        Figure("openapi.import", max(imports), "s", 5.0, "lower"),
        Figure("openapi.search", percentile(searches, 0.95), "ms", 100.0, "lower"),
    ]


def document(number: int, operations: int) -> dict[str, Any]:
    """A system's document.

    Args:
        number: of the system.
        operations: how many it has.
    """
    methods = ("get", "post", "put", "delete")
    paths: dict[str, Any] = {}
    for index in range(operations):
        thing = {"$ref": f"#/components/schemas/Thing{index % SCHEMAS}"}
        content = {"content": {"application/json": {"schema": thing}}}
        given: dict[str, Any] = {
            "operationId": f"{methods[index % 4]}Thing{index // 4}OfSystem{number}",
            "summary": f"Works on thing {index // 4} of system {number}",
            "description": "What this does is told at some length, as good documents do it. " * 5,
            "tags": [f"group {index % 20}"],
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
                {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
            ],
            "responses": {"200": {"description": "", **content}, "404": {"description": "There is none."}},
        }
        if index % 4 in (1, 2):
            given["requestBody"] = {"required": True, **content}
        paths.setdefault(f"/things{index // 4}/{{id}}", {})[methods[index % 4]] = given
    return {
        "openapi": "3.0.3",
        "info": {"title": f"System {number}", "version": "1"},
        "servers": [{"url": f"https://system{number}.example.com"}],
        "paths": paths,
        "components": {"schemas": {f"Thing{index}": _thing(index) for index in range(SCHEMAS)}},
    }


def _thing(index: int) -> dict[str, Any]:
    """A schema with twenty fields, of which four refer to others."""
    fields: dict[str, Any] = {
        f"field{number}": {"type": "string", "nullable": True, "description": "What it holds.", "maxLength": 200}
        for number in range(16)
    }
    for number in range(4):
        fields[f"other{number}"] = {"$ref": f"#/components/schemas/Thing{(index * 7 + number * 31 + 1) % SCHEMAS}"}
    return {"type": "object", "required": ["field0"], "properties": fields}


async def _converted(file: Path, operations: int) -> tuple[float, float]:
    """Seconds and megabytes that it takes to make a definition of a document."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(file), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise BenchmarkFailed("the document could not be converted")
    seconds, megabytes, found = out.split()
    if int(found) != operations:
        raise BenchmarkFailed(f"{found.decode()} of {operations} operations became actions")
    return float(seconds), float(megabytes)


async def _search(connection: http_client.HttpConnection, port: int, token: str, number: int) -> float:
    """Milliseconds of one search: for one action, or for words that many have, or none."""
    texts = (f"thing{number * 4} system{number % SYSTEMS}", "works system", "no such thing anywhere")
    query = urlencode({"query": texts[number % 3], "limit": 20})
    request = http_client.encode("GET", f"/integrations/actions?{query}", port, token=token)
    began = time.perf_counter()
    await connection.exchange(request, expected=200)
    return (time.perf_counter() - began) * 1000
