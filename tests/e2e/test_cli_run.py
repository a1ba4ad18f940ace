"""``weft run``, and the commands that need no execution."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.weft import environment, lines_until, running, weft

WAITING = {"id": "waiting", "nodes": [{"id": "rest", "type": "wait", "event": "never"}]}


def write(folder: Path, definition: Any) -> Path:
    file = folder / "definition.json"
    file.write_text(json.dumps(definition))
    return file


@pytest.fixture
def env(database: str, tmp_path: Path) -> dict[str, str]:
    return environment(database_url=database, home=tmp_path)


def test_a_run_that_completes_prints_its_output_and_exits_with_0(env: dict[str, str], tmp_path: Path):
    (tmp_path / "my_actions.py").write_text(
        "from weftline.authoring import action\n\n"
        "@action('double')\n"
        "def double(ctx):\n"
        "    return {'value': ctx.input['value'] * 2}\n"
    )
    node = {"id": "twice", "type": "action", "action": "double"}
    file = write(tmp_path, {"id": "doubling", "nodes": [node]})
    command = ("run", file, "--actions", "my_actions", "--input", '{"value": 21}')
    ran = weft(*command, env=env, cwd=tmp_path)
    assert (ran.code, ran.json) == (0, {"value": 42})
    assert "✓ twice completed" in ran.err
    again = weft(*command, "--json", env=env, cwd=tmp_path)
    assert (again.json["status"], again.json["output"]) == ("completed", {"value": 42})
    assert again.json["versionNumber"] == 1, "a definition that did not change is not published again"


def test_a_run_that_fails_says_why_and_exits_with_1(env: dict[str, str], tmp_path: Path):
    node = {"id": "speak", "type": "action", "action": "log", "input": {"message": 1}}
    ran = weft("run", write(tmp_path, {"id": "failing", "nodes": [node]}), env=env)
    assert (ran.code, ran.out) == (1, "")
    assert "The execution is failed: log: 'message' must be a string" in ran.err


def test_a_definition_or_an_input_that_is_not_valid_exits_with_2(env: dict[str, str], tmp_path: Path):
    nodes = [{"id": "a", "type": "action", "action": "ecko", "next": "b"}]
    ran = weft("run", write(tmp_path, {"id": "wrong", "nodes": nodes}), env=env)
    assert ran.code == 2
    assert "The definition has 2 problems." in ran.err
    assert "/nodes/0/action" in ran.err
    assert "did you mean `echo`?" in ran.err

    schema = {"type": "object", "required": ["name"]}
    strict = {"id": "strict", "input": schema, "nodes": [{"id": "a", "type": "action", "action": "echo"}]}
    ran = weft("run", write(tmp_path, strict), "--input", '{"nam": 1}', env=env)
    assert ran.code == 2
    assert '"name" is a required property' in ran.err


def test_an_interrupted_run_leaves_the_execution_to_the_next_worker(env: dict[str, str], tmp_path: Path):
    with running("run", write(tmp_path, WAITING), env=env) as process:
        execution_id = lines_until(process, "waiting")[0].split()[-1]
        lines_until(process, "rest waiting")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Execution {execution_id} is left as it is" in said
    assert weft("show", execution_id, "--json", env=env).json["status"] == "waiting"
