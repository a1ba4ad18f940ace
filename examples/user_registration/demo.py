"""Starts the application, registers over HTTP, and shows what is answered."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from examples.local.web import PATIENCE, serving_app

ADA = {"email": "Ada@Example.com", "firstName": "Ada", "lastName": "Lovelace", "password": "a long enough passphrase"}


def main() -> int:
    """Register Ada twice, and somebody without an address, and print the answers as JSON lines."""
    with serving() as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        for person in (ADA, ADA, {**ADA, "email": "nowhere"}, {**ADA, "password": "short"}):
            show(http.post("/api/v1/auth/register", json=person))
        show(http.get("/api/v1/statistics"))
    return 0


def show(answer: httpx.Response) -> None:
    """Print an answer as one line of JSON."""
    body: dict[str, Any] = answer.json()
    body.pop("correlationId", None)
    print(json.dumps({"status": answer.status_code, **body}), flush=True)


@contextmanager
def serving() -> Iterator[str]:
    """The application with a home of its own; gives its address."""
    with tempfile.TemporaryDirectory(prefix="weft-") as home:
        level = os.environ.get("WEFT_LOG_LEVEL", "error")
        with serving_app("examples.user_registration.app:app", WEFT_HOME=home, WEFT_LOG_LEVEL=level) as url:
            yield url


if __name__ == "__main__":
    sys.exit(main())
