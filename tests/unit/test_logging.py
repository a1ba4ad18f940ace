"""Logs: what they look like, and what never stands in them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from weftline.telemetry.logging import MASK, mask_secrets

SCRIPT = """
import logging, sys, structlog
from weftline.telemetry.logging import configure_logging
configure_logging(sys.argv[1], sys.argv[2])
structlog.contextvars.bind_contextvars(request_id="r-1")
log = structlog.get_logger()
log.debug("too fine")
log.info("ours", count=3)
logging.getLogger("theirs").warning("hello %s", "you")
password = "hunter2"
try:
    raise ValueError("no")
except ValueError:
    log.exception("failed")
"""


def logged(level: str, format: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, level, format], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_our_lines_and_other_libraries_go_through_one_pipeline_as_json() -> None:
    ours, theirs, failed = (json.loads(line) for line in logged("info", "json"))
    assert (ours["event"], ours["count"], ours["level"], ours["request_id"]) == ("ours", 3, "info", "r-1")
    assert (theirs["event"], theirs["level"], theirs["request_id"]) == ("hello you", "warning", "r-1")
    assert ours["timestamp"].endswith("Z")
    assert "ValueError: no" in failed["exception"]


def test_text_for_people_shows_no_local_variables() -> None:
    text = "\n".join(logged("info", "console"))
    assert "ours" in text and "hello you" in text and "ValueError: no" in text
    assert "hunter2'" not in text


def test_what_is_less_severe_than_the_level_is_left_out() -> None:
    assert [json.loads(line)["event"] for line in logged("warning", "json")] == ["hello you", "failed"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"password": "x"}, {"password": MASK}),
        ({"Authorization": "Bearer x"}, {"Authorization": MASK}),
        ({"headers": {"set-cookie": "a", "accept": "b"}}, {"headers": {"set-cookie": MASK, "accept": "b"}}),
        ({"items": [{"apiKey": "x"}]}, {"items": [{"apiKey": MASK}]}),
        ({"url": "postgresql://weft:pa55@db/weft"}, {"url": f"postgresql://weft:{MASK}@db/weft"}),
        ({"event": "cannot reach https://u:p@host/"}, {"event": f"cannot reach https://u:{MASK}@host/"}),
        ({"count": 5, "path": "/a"}, {"count": 5, "path": "/a"}),
    ],
)
def test_secrets_are_masked(given: dict[str, object], wanted: dict[str, object]) -> None:
    assert mask_secrets(logging.getLogger(), "info", given) == wanted
