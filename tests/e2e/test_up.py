"""``weft up``: everything on one machine, killed and started again."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

from tests.e2e.site import Site, up
from tests.e2e.weft import children, environment, eventually, is_running, running, weft
from weftline.store.embedded import EmbeddedServer

# The action stands still on its first call and returns on its second, so that what is killed in between is known.
ACTIONS = """
import asyncio
from pathlib import Path

from weftline.authoring import action

CALLS = Path(__file__).with_name("calls")


@action("first")
async def first(ctx):
    return {"said": "once"}


@action("slow")
async def slow(ctx):
    before = CALLS.read_text() if CALLS.exists() else ""
    CALLS.write_text(before + f"{ctx.idempotency_key}\\n")
    if not before:
        await asyncio.Event().wait()
    return {"calls": len(before.split()) + 1}
"""

DEFINITION = {
    "id": "crash",
    "nodes": [
        {"id": "first", "type": "action", "action": "first", "next": "slow"},
        {"id": "slow", "type": "action", "action": "slow"},
    ],
}

ECHO = {"id": "echo", "nodes": [{"id": "say", "type": "action", "action": "echo", "input": {"text": "hello"}}]}


def test_what_was_running_when_everything_was_killed_finishes_after_a_new_start(server_home: Path):
    (server_home / "crash_actions.py").write_text(ACTIONS)
    options = ("--actions", "crash_actions")
    with up(server_home, *options) as site:
        site.publish(DEFINITION)
        execution_id = site.call("/workflows/crash/executions", {})["id"]
        eventually((server_home / "calls").exists, "the action is at work")
        port, started = site.port, children(site.process.pid)
        assert set(started) == {"server", "worker"}
        site.process.kill()
        site.process.wait()
        for name, pid in started.items():
            eventually(lambda pid=pid: not is_running(pid), f"the {name} ends with its parent")

    # the same port, to prove that it is free again
    with up(server_home, "--port", str(port), *options) as site:
        eventually(lambda: site.status(execution_id) == "completed", "the execution completes")
        events = site.call(f"/executions/{execution_id}/events")["items"]
        completed = [event["stepId"] for event in events if event["type"] == "STEP_COMPLETED"]
        assert completed == ["first", "slow"], "no step's result is recorded twice"
        assert site.call(f"/executions/{execution_id}")["output"] == {"calls": 2}
        keys = (server_home / "calls").read_text().split()
        assert keys[0] == keys[1], "every attempt has the same idempotency key"


def test_one_home_has_one_owner_whose_parts_are_started_again_and_stopped_together(server_home: Path):
    with up(server_home) as site:
        second = weft("up", "--port", "0", env=environment(home=server_home))
        assert second.code == 1
        assert f"{server_home} is in use by process {site.process.pid}" in second.err

        site.publish(ECHO)
        server, worker = (children(site.process.pid)[name] for name in ("server", "worker"))
        os.kill(worker, signal.SIGKILL)
        started = site.call("/workflows/echo/executions?wait=30", {})
        assert (started["status"], started["output"]) == ("completed", {"text": "hello"})
        assert children(site.process.pid)["worker"] != worker

        postgres = EmbeddedServer(server_home).status().pid
        assert postgres is not None
        os.kill(postgres, signal.SIGKILL)
        eventually(lambda: not is_running(postgres), "PostgreSQL is gone")
        eventually(lambda: EmbeddedServer(server_home).status().running, "PostgreSQL is started again")

        parts = [server, *children(site.process.pid).values()]
        site.process.send_signal(signal.SIGTERM)
        site.process.communicate(timeout=60)
        assert site.process.returncode == 0
        assert not any(is_running(pid) for pid in parts)
        assert not EmbeddedServer(server_home).status().running


def test_the_first_administrator_is_told_once_how_to_sign_in(server_home: Path):
    env = environment(home=server_home)
    with running("up", "--port", "0", env=env, cwd=server_home) as process:
        site = Site(process, password=None)
        email, password = (re.search(rf"{label} +(\S+)", site.printed) for label in ("E-mail", "Password"))
        assert email is not None and password is not None
        site.sign_in(email[1], password[1])
        me = site.call("/auth/me")
        assert (me["email"], me["roles"], me["isPlatformOperator"]) == ("admin@example.com", ["admin"], True)
        key = server_home / "master.key"
        assert key.stat().st_mode & 0o077 == 0, "nobody else may read the master key"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    with running("up", "--port", "0", env=env, cwd=server_home) as process:
        again = Site(process, password=None)
        assert "Password" not in again.printed
        again.sign_in(email[1], password[1])
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_port_that_is_in_use_is_said_to_be(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = weft("up", "--port", str(port), env=environment(home=tmp_path))
    assert refused.code == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in refused.err


def test_a_module_of_actions_that_cannot_be_imported_stops_it_at_once(tmp_path: Path):
    refused = weft("up", "--actions", "no_such_module", env=environment(home=tmp_path))
    assert refused.code == 2
    assert "cannot import the actions module 'no_such_module'" in refused.err
