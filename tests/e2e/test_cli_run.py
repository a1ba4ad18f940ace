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


def test_a_run_publishes_the_workflows_that_it_starts(env: dict[str, str], tmp_path: Path):
    child = tmp_path / "child.json"
    child.write_text(json.dumps({"id": "child", "nodes": [{"id": "a", "type": "action", "action": "echo"}]}))
    nodes = [{"id": "call", "type": "subworkflow", "workflow": "child", "input": {"n": "${ item }"}}]
    each = {"id": "each", "type": "loop", "forEach": [1, 2], "do": "call"}
    ran = weft("run", write(tmp_path, {"id": "main", "nodes": [each, *nodes]}), "--with", child, env=env)
    assert (ran.code, ran.json) == (0, [{"n": 1}, {"n": 2}])
    assert "call in each 2 completed" in ran.err


def test_a_run_that_rests_as_a_whole_shows_the_command_by_which_it_goes_on(env: dict[str, str], tmp_path: Path):
    reviewed = {"id": "form", "settings": {"review": True}, "nodes": [{"id": "fill", "type": "form"}]}
    with running("run", write(tmp_path, reviewed), env=env) as process:
        execution_id = lines_until(process, "form")[-1].split()[-1]
        assert lines_until(process, "draft")[-1] == f"  … draft (weft review start {execution_id})\n"
        assert weft("review", "start", execution_id, env=env).code == 0
        lines_until(process, "fill waiting")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


CLASS = """
from weftline.authoring import Context, Workflow, step


class Doubling(Workflow):
    id = "doubling"
    output = {"value": "${twice}"}

    @step
    def double(self, ctx: Context):
        from weftline.authoring import Result
        return Result.ok({"twice": ctx.data["value"] * 2})


class Base(Workflow):
    pass


nothing = 7
"""


def test_workflows_in_code_are_validated_published_and_run_by_their_names(env: dict[str, str], tmp_path: Path):
    (tmp_path / "my_workflows.py").write_text(CLASS)
    (tmp_path / "circle.py").write_text(CLASS.replace("@step", "@step(after='double')"))
    assert "my_workflows:Doubling is valid" in weft("validate", "my_workflows:Doubling", env=env, cwd=tmp_path).out
    ran = weft("run", "my_workflows:Doubling", "--input", '{"value": 21}', env=env, cwd=tmp_path)
    assert (ran.code, ran.json) == (0, {"value": 42})
    for command in ("publish", "workflow publish"):
        published = weft(*command.split(), "my_workflows:Doubling", env=env, cwd=tmp_path)
        assert published.out == "doubling version 1 is published.\n"
    for reference, problem in {
        "my_workflows:Dubling": "there is no 'Dubling' in it; did you mean 'Doubling'?",
        "my_workflows:nothing": "it is no workflow: it has no definition()",
        "my_workflows:Base": "Base has no `id`",
        "unheard_of:Doubling": "cannot import 'unheard_of'",
        "circle:Doubling": "steps wait for each other in a circle: double → double",
    }.items():
        refused = weft("validate", reference, env=env, cwd=tmp_path)
        assert refused.code == 2 and problem in refused.err, refused.err
