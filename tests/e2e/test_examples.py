"""Every example runs by the command that its README gives."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.weft import ROOT, Ended, environment
from weftline.authoring import load_actions
from weftline.language import load

EXAMPLES = ROOT / "examples"

ONE_COMMAND = re.compile(r"`\.venv/bin/python -m (examples\.\w+\.demo)`")
FIRST_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.fixture
def env(database: str) -> dict[str, str]:
    return environment(database_url=database)


def demo(name: str, env: dict[str, str]) -> Ended:
    """Run the one command of an example that needs people and events."""
    found = ONE_COMMAND.search((EXAMPLES / name / "README.md").read_text())
    assert found is not None
    ended = subprocess.run(
        [sys.executable, "-m", found[1]], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_the_order_is_prepared_in_parallel_and_shipped(env: dict[str, str]):
    block = FIRST_BLOCK.search((EXAMPLES / "order_parallel" / "README.md").read_text())
    assert block is not None
    command = block[1].replace(".venv/bin/weft", f"{sys.executable} -m weftline.cli.main")
    ended = subprocess.run(command, shell=True, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    output = json.loads(ended.stdout)
    assert (output["total"], output["tracking"]) == (139.9, "T-A-1001")
    assert "charge-card in payment retrying (attempt 1 failed: the bank is busy" in ended.stderr


def test_the_purchase_is_approved(env: dict[str, str]):
    ended = demo("approval", env)
    assert ended.code == 0, ended.err
    assert ended.json == {"ordered": True, "item": "a standing desk", "amount": 480}


def test_the_customer_is_reminded_checked_and_let_in(env: dict[str, str]):
    ended = demo("customer_onboarding", env)
    assert ended.code == 0, ended.err
    assert (ended.json["login"], ended.json["active"]) == ("ada@example.com", True)
    # a slow machine sends more than one reminder
    completed = list(dict.fromkeys(re.findall(r"✓ ([\w-]+)", ended.err)))
    assert completed == [
        "create-customer",
        "send-reminder",
        "verify-email",
        "create-account",
        "decision-kyc",
        "perform-kyc",
        "activate-account",
        "end",
    ]


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in EXAMPLES.glob("*/workflow.json")))
def test_every_example_is_listed_and_valid_with_its_own_input(folder: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    names = load_actions([f"examples.{folder}.actions"]).names()
    load(json.loads((EXAMPLES / folder / "workflow.json").read_text()), names)
    assert isinstance(json.loads((EXAMPLES / folder / "input.json").read_text()), dict)
    assert f"]({folder}/README.md)" in (EXAMPLES / "README.md").read_text()
    assert Path(os.curdir, "examples", folder, "README.md").is_file()
