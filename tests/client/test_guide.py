"""What the guide to integrating says, run word for word against a server of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.weft import PATIENCE, ROOT, environment, lines_until, running
from weftline.client import Client

GUIDE = (ROOT / "docs/guides/integrate.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EMAIL, PASSWORD = "ada@example.com", "a password of the first administrator"


def section(title: str) -> str:
    return GUIDE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return [block for name, block in BLOCK.findall(text) if name == language]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with the guide's workflow."""
    directory = tmp_path_factory.mktemp("guide")
    [definition] = blocks(GUIDE.partition("\n## ")[0], "json")
    (directory / "leave.json").write_text(definition)
    return directory


@pytest.fixture
def surroundings(server_home: Path) -> Iterator[dict[str, str]]:
    """The environment that the guide asks for: a server and a key."""
    env = environment(home=server_home, admin_email=EMAIL, admin_password=PASSWORD)
    with running("up", "--port", "0", env=env, cwd=server_home) as process:
        printed = "".join(lines_until(process, "Stop"))
        found = re.search(r"API +(http://\S+)", printed)
        assert found is not None, printed
        with Client(found[1], email=EMAIL, password=PASSWORD) as client:
            key = client.api_keys.create("guide").key
        yield environment() | {"WEFT_URL": found[1].removesuffix("/api/v1"), "WEFT_TOKEN": key}


def run(command: list[str], program: str, env: dict[str, str], place: Path) -> str:
    ended = subprocess.run(
        [*command, program],
        env={**env, "PATH": os.environ["PATH"]},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_same_task_is_done_three_ways(surroundings: dict[str, str], place: Path) -> None:
    shell = ["bash", "-euo", "pipefail", "-c"]
    said = run(shell, "\n".join(blocks(section("curl"), "bash")), surroundings, place)
    assert "leave is a DRAFT" in said and "version 1 is PUBLISHED" in said
    assert "Decide on a leave: approved" in said
    assert '{"granted":true}' in said and said.splitlines()[-1].endswith("WORKFLOW_COMPLETED ")

    whole, asynchronous = blocks(section("The Python client"), "python")
    said = run([sys.executable, "-c"], whole, surroundings, place)
    assert said.startswith(
        "leave version 1\nDecide on a leave approved\ncompleted {'granted': True}\n1 WORKFLOW_STARTED"
    )
    assert said.splitlines()[-1].strip().endswith("WORKFLOW_COMPLETED")
    said = run([sys.executable, "-c"], asynchronous, surroundings, place)
    assert [line.split()[-1] for line in said.splitlines()[:2]] == ["completed", "completed"]
    assert "days" in said.splitlines()[2]

    said = run(shell, "\n".join(blocks(section("GraphQL"), "bash")), surroundings, place)
    assert '{"granted":true}' in said and '"approved"' in said
    assert '"WORKFLOW_COMPLETED"' in said.splitlines()[-1]
