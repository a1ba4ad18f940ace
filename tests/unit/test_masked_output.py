"""What a worker's process prints, and what actions log."""

from __future__ import annotations

import sys

import pytest
import structlog

from weftline.engine.secrets import MaskingLogger, Secrets, masked_output

SECRET = "tok-4f9c7b2e81"


def test_what_is_printed_while_an_attempt_knows_a_secret_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    secrets = Secrets()
    secrets.add(SECRET)
    with masked_output():
        print(f"out {SECRET}")
        sys.stderr.writelines(["err ", f"{SECRET}\n"])
        secrets.close()
        print(f"later {SECRET}")
    said = capsys.readouterr()
    assert said.out == f"out ***\nlater {SECRET}\n"
    assert said.err == "err ***\n"


def test_a_logger_hides_secrets_in_whatever_it_is_given() -> None:
    secrets: list[Secrets] = []
    with structlog.testing.capture_logs() as entries:
        log = MaskingLogger(structlog.get_logger(), lambda: secrets[0] if secrets else None)
        log.info(SECRET)
        secrets.append(Secrets())
        secrets[0].add(SECRET)
        log.bind(token=SECRET).warning(f"with {SECRET}", error=ValueError(SECRET), count=3, nested=[{"a": SECRET}])
    assert entries[0]["event"] == SECRET
    assert entries[1] == {
        "token": "***",
        "event": "with ***",
        "error": "***",
        "count": 3,
        "nested": [{"a": "***"}],
        "log_level": "warning",
    }
