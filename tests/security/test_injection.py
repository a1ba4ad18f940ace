"""Texts that are more than text to whoever puts them into a statement, a line or a page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.client import Client
from tests.security.conftest import House
from weftline.api.sharing import operations_in

HOSTILE = ("' OR '1'='1", "'; DROP TABLE users; --", '" OR 1=1 --', "%", "_", "\\", "$1", "${input}", "*")

NOT_FILTERS = {"reason"}

LOG = """
import sys, structlog
from weftline.telemetry.logging import configure_logging
configure_logging("info", sys.argv[1])
forged = "/nowhere\\n2026-01-01T00:00:00Z [info] signed in actor=admin\\r\\x1b[2Kgone"
structlog.get_logger().info("request", path=forged)
"""


def text_parameters(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every list and its query parameters that take any text."""
    for method, path, operation in operations_in(document):
        if method != "get" or path.endswith("/live"):
            # live updates have no end
            continue
        for parameter in operation.get("parameters", ()):
            schemas = [parameter["schema"], *parameter["schema"].get("anyOf", ())]
            takes_text = any(each.get("type") == "string" and "format" not in each for each in schemas)
            is_filter = parameter["in"] == "query" and parameter["name"] not in NOT_FILTERS
            if "{" not in path and is_filter and takes_text:
                yield path, parameter["name"]


async def test_what_is_searched_for_is_data_and_never_a_part_of_a_statement(
    houses: tuple[House, House], subtests: pytest.Subtests
) -> None:
    admin: Client = houses[0].admin
    parameters = list(text_parameters((await admin.get("/openapi.json")).json()))
    assert len(parameters) > 10
    for path, name in parameters:
        with subtests.test(f"{path}?{name}"):
            for text in HOSTILE:
                answer = await admin.http.get(path, params={name: text})
                assert answer.status_code < 500
                if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
                    found = answer.json()
                    items = found["items"] if isinstance(found, dict) else found
                    # variables that the platform gives have a `_` in their names, and connectors in their texts
                    assert not [item for item in items if text not in json.dumps(item)], text


@pytest.mark.parametrize("format", ["json", "console"])
def test_what_is_logged_cannot_begin_a_line_of_its_own(format: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOG, format], capture_output=True, check=True)
    assert done.stderr.count(b"\n") == 1
    assert b"\x1b[2K" not in done.stderr and b"\r" not in done.stderr
