from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from tests.unit.builtin_context import context

from weftline.authoring import ActionError, load_actions
from weftline.authoring.builtin import echo, log


def test_every_process_has_the_built_in_actions():
    assert {"echo", "http", "log"} <= load_actions().names()


async def test_echo_returns_its_input():
    assert await echo(context(a=1, b=[2])) == {"a": 1, "b": [2]}


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
async def test_log_writes_the_message_at_its_level(level: str):
    with capture_logs() as lines:
        await log(context(message="hello", level=level))
    assert lines == [{"event": "hello", "log_level": level, "step": "step"}]


async def test_log_writes_at_info_unless_told_otherwise():
    with capture_logs() as lines:
        await log(context(message="hello"))
    assert lines[0]["log_level"] == "info"


@pytest.mark.parametrize(
    "input", [{}, {"message": 1}, {"message": "m", "level": "loud"}, {"message": "m", "level": []}]
)
async def test_log_refuses_what_it_cannot_write(input: dict[str, object]):
    with pytest.raises(ActionError) as raised:
        await log(context(**input))
    assert (raised.value.code, raised.value.retryable) == ("invalid_input", False)
