"""The guide to plugins, done word for word beside a server that runs all the while."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.weft import PATIENCE, ROOT, WEFT, environment, lines_until, running
from weftline.client import Client

GUIDE = ROOT / "docs/guides/write-a-plugin.md"
EXAMPLE = ROOT / "examples/plugins/acme-seals"
EMAIL, PASSWORD = "ada@example.com", "a password of the first administrator"

BLOCK = re.compile(r"(?:`([\w./]+\.py)`\n\n)?^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A block, and the file that the line above says it is."""


def blocks() -> Iterator[tuple[str | None, str, str]]:
    """The page's blocks in order: file, language, text."""
    for file, language, text in BLOCK.findall(GUIDE.read_text("utf-8")):
        yield file or None, language, text


@pytest.fixture
def shell(server_home: Path, tmp_path: Path) -> Callable[[str], str]:
    """Runs commands one after the other, as in one shell; what one exports the next has."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, command in (("weft", WEFT), ("python", (sys.executable,))):
        program = tools / name
        program.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
        program.chmod(0o755)
    place = tmp_path / "work"
    place.mkdir()
    kept = {
        **environment(home=server_home),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    state = {"place": str(place)}

    def run(commands: str) -> str:
        script = f"set -euo pipefail\n{commands}\necho; echo; pwd; env -0 >{tmp_path / 'env'}\n"
        ended = subprocess.run(
            ["bash", "-c", script], env=kept, cwd=state["place"], capture_output=True, text=True, timeout=3 * PATIENCE
        )
        assert ended.returncode == 0, f"{commands}\n{ended.stdout}\n{ended.stderr}"
        out, _, where = ended.stdout.rstrip("\n").rpartition("\n\n")
        state["place"] = where.strip()
        pairs = (each.partition("=") for each in (tmp_path / "env").read_text().split("\0") if each)
        kept.clear()
        kept.update({name: value for name, _, value in pairs})
        return out

    return run


@pytest.fixture
def site(server_home: Path) -> Iterator[Client]:
    """A server and a worker in the home into which the guide installs."""
    env = environment(home=server_home, admin_email=EMAIL, admin_password=PASSWORD)
    with running("up", "--port", "0", env=env, cwd=server_home) as process:
        printed = "".join(lines_until(process, "Stop"))
        found = re.search(r"API +(http://\S+)", printed)
        assert found is not None, printed
        with Client(found[1], email=EMAIL, password=PASSWORD) as client:
            yield client


def until(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What a look finds once it is what is wanted."""
    deadline = time.monotonic() + PATIENCE
    while not wanted(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def states(site: Client) -> dict[str, str]:
    return {each.id: each.state for each in site.plugins.list()}


def test_the_page_builds_signs_and_installs_the_example_beside_a_running_server(
    site: Client, shell: Callable[[str], str]
) -> None:
    said: list[str] = []
    is_installed = False
    for file, language, text in blocks():
        if file is not None:
            shell(f"cat > {file} <<'END OF FILE'\n{text}END OF FILE")
        elif language == "sh":
            said.append(shell(text))
            if "weft plugin install" in text:
                is_installed = True
                until(lambda: states(site), lambda found: found.get("acme-seals") == "STARTED")
    assert is_installed
    everything = "\n".join(said)
    assert "4 passed" in everything
    assert "Asks for   secrets" in everything
    assert re.search(r"^acme-seals +0\.1\.0 +started +yes", everything, re.MULTILINE), everything
    assert re.search(r"^acme-seals +0\.1\.0 +secrets +Seals documents", everything, re.MULTILINE), everything

    definition: dict[str, Any] = {
        "id": "sealing",
        "nodes": [
            {
                "id": "seal",
                "type": "action",
                "action": "acme-seals.seal",
                "input": {"document": {"contract": "C-17"}},
            }
        ],
    }
    site.workflows.publish(site.workflows.create(definition).id)
    execution = site.executions.start("sealing", {}, wait=30)
    assert execution.status == "completed", execution
    [output] = [each.output for each in site.executions.steps(execution.id) if each.output is not None]
    assert output["stamp"] == "Acme" and re.fullmatch("[0-9a-f]{64}", output["seal"])

    shell("weft plugin remove acme-seals")
    until(lambda: states(site), lambda found: "acme-seals" not in found)


def test_the_page_shows_the_example_as_it_is() -> None:
    shown = {file: text for file, _, text in blocks() if file is not None}
    assert shown == {file: (EXAMPLE / file).read_text("utf-8") for file in shown} and len(shown) == 2


def test_every_piece_of_code_on_the_page_can_be_read() -> None:
    for _, language, text in blocks():
        if language == "python":
            # what a page shows of an async function stands alone
            body = "".join(f"    {line}" for line in text.splitlines(keepends=True))
            top = [line for line in text.splitlines() if line.startswith(("from __future__", "from ", "import "))]
            code = text if any("__future__" in line for line in top) else f"async def shown():\n{body}    pass\n"
            compile(code, str(GUIDE), "exec")
